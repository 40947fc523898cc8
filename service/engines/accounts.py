"""Running a program as ourselves or, because Postgres refuses root, as an account without rights."""

import contextlib
import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from service.engines.errors import EngineStartError

_CANDIDATES: Final = ("postgres", "nobody")
# All that the account gets: to pass through folders closed to it, such as /root. Docker's default set
# of capabilities has it, unlike the narrower dac_read_search.
_PASS_FOLDERS: Final = ("--clear-groups", "--inh-caps=+dac_override", "--ambient-caps=+dac_override")
_ENVIRONMENT: Final = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C"}


@dataclass(frozen=True, slots=True)
class Account:
    name: str
    uid: int
    gid: int

    def can_enter(self, folder: Path) -> bool:
        """Whether every folder on the way, and this one, lets the account pass."""
        return all(self._passes(step.stat()) for step in (folder, *folder.parents))

    def _passes(self, status: os.stat_result) -> bool:
        if status.st_uid == self.uid:
            return bool(status.st_mode & stat.S_IXUSR)
        if status.st_gid == self.gid:
            return bool(status.st_mode & stat.S_IXGRP)
        return bool(status.st_mode & stat.S_IXOTH)


@dataclass(frozen=True, slots=True)
class Runner:
    """How to run programs. `account` None means as ourselves."""

    account: Account | None = None
    prefix: tuple[str, ...] = ()

    @classmethod
    def for_home(cls, home: Path, *, programs: Path, as_root: bool) -> Self:
        """As ourselves; as the owner of `home` when we are root and it is somebody else's.

        A folder that an ordinary user has made stays that user's, even after one `sudo make run`.

        Args:
            programs: the folder of what shall run; the account must be able to enter it too.
            as_root: whether root may run it where `home` is root's own or not there yet.
        Raises:
            EngineStartError: no account to use, or the folders are closed to it and nothing helps.
        """
        if os.geteuid() != 0:
            return cls()
        owner = home.stat().st_uid if home.exists() else 0
        if owner == 0 and as_root:
            return cls()
        return cls._as(_find_account(owner), (home.parent, programs))

    @classmethod
    def _as(cls, account: Account, folders: Sequence[Path]) -> Self:
        if all(account.can_enter(folder) for folder in folders):
            return cls(account)
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise EngineStartError(_closed(account, folders))
        return cls(account, (setpriv, f"--reuid={account.uid}", f"--regid={account.gid}", *_PASS_FOLDERS))

    def run(self, command: Sequence[str], *, feed: str = "") -> None:
        """Run a program to its end, feeding it `feed`.

        Raises:
            EngineStartError: it did not succeed; the message has what it printed.
        """
        done = subprocess.run(  # noqa: S603 - a program of ours, no shell
            [*self.prefix, *command],
            input=feed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            check=False,
            **self._options(),
        )
        if done.returncode != 0:
            raise EngineStartError(f"{Path(command[0]).name} gave {done.returncode}: {done.stdout.strip()}")

    def spawn(self, command: Sequence[str], *, lock: int, log: Path) -> None:
        """Leave a program running in a session of its own, so that Ctrl-C here does not reach it.

        The shell in between ends at once: the program is the child of init, which reaps it, and not of
        ours. It keeps `lock` open, and so do its own children: the lock is free when all have ended.
        """
        if log.exists():
            log.replace(log.with_name(f"{log.name}.previous"))
        with open(log, "wb", opener=_private) as output:
            subprocess.run(  # noqa: S603 - the shell sees a fixed text; the rest are its arguments
                ["/bin/sh", "-c", '"$@" &', "sh", *self.prefix, *command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=(lock,),
                start_new_session=True,
                check=True,
                **self._options(),
            )

    def give(self, path: Path) -> None:
        """Make the account own a path of ours."""
        if self.account is not None:
            os.chown(path, self.account.uid, self.account.gid)

    def _options(self) -> dict[str, Any]:
        options: dict[str, Any] = {"cwd": "/", "env": _ENVIRONMENT}
        if self.account is not None and not self.prefix:
            options |= {"user": self.account.uid, "group": self.account.gid, "extra_groups": []}
        return options


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _find_account(owner: int) -> Account:
    """The account with this number or, for 0, one that systems keep for such purposes."""
    for entry in pwd.getpwall():
        if entry.pw_uid == owner != 0:
            return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    if owner != 0:  # of a volume from another machine
        return Account(str(owner), owner, owner)
    for name in _CANDIDATES:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise EngineStartError(
        "Postgres does not run as root, and there is neither a user 'postgres' nor 'nobody' to run it as;"
        " run huajian as an ordinary user, or set HUAJIAN_DATABASE_URL"
    )


def _closed(account: Account, folders: Sequence[Path]) -> str:
    closed = ", ".join(str(folder) for folder in folders if not account.can_enter(folder))
    return (
        f"Postgres does not run as root, and the user '{account.name}' may not enter {closed};"
        " put HUAJIAN_DATA_DIR and the virtual environment where everyone may enter (for instance under"
        " /opt), or install setpriv (Debian: util-linux), or run huajian as an ordinary user"
    )
