"""The folders of the embedded engines, and a short one for a socket whose path would be too long."""

import hashlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from service.engines.accounts import Runner
from service.engines.errors import EngineStartError

# sun_path holds 108 bytes on Linux, 104 on macOS, with a final NUL.
MAX_SOCKET_PATH_BYTES: Final = 103
# Not tempfile.gettempdir(): two processes with different TMPDIR must find one socket.
_SHORT_PARENT: Final = Path("/tmp")  # noqa: S108 - what is made there is ours alone and is checked


@dataclass(frozen=True, slots=True)
class EngineFolder:
    """`<data_dir>/engines`, made on first use.

    token: names this very folder on this machine; a copy of it or one made anew has another.
    """

    root: Path
    token: str

    @property
    def start_lock(self) -> Path:
        return self.root / "start.lock"

    @property
    def users_lock(self) -> Path:
        return self.root / "users.lock"


def open_engine_folder(data_dir: Path) -> EngineFolder:
    """Make it where needed; others may pass through it, for the account that Postgres runs as."""
    root = data_dir.absolute() / "engines"
    root.mkdir(mode=0o711, parents=True, exist_ok=True)
    root = root.resolve()
    status = root.stat()
    if status.st_uid != os.geteuid() and os.geteuid() != 0:
        raise EngineStartError(
            f"{root} belongs to another user; use the same user, or another HUAJIAN_DATA_DIR"
        )
    identity = f"{root}:{status.st_dev}:{status.st_ino}"
    return EngineFolder(root, hashlib.sha256(os.fsencode(identity)).hexdigest()[:16])


def make_private(folder: Path, runner: Runner) -> None:
    """Make a folder that only the runner's account (and root) may enter, or check an existing one."""
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid not in _trusted(runner):
        raise EngineStartError(
            f"{folder} is not a folder of this user (owner: {status.st_uid}); run huajian as the user who"
            " made it, or with another HUAJIAN_DATA_DIR"
        )
    runner.give(folder)
    folder.chmod(0o700)


def place_socket(preferred: Path, name: str, token: str) -> Path:
    """The folder for a socket called `name`: `preferred`, or a short one that the token makes unique.

    A comma needs the short one too: every Postgres client takes it as the end of the host.
    """
    path = os.fsencode(preferred / name)
    if len(path) <= MAX_SOCKET_PATH_BYTES and b"," not in path:
        return preferred
    return _SHORT_PARENT / f"huajian-{token}-{preferred.name}"


def _trusted(runner: Runner) -> set[int]:
    ours = {os.geteuid()}
    return ours if runner.account is None else ours | {runner.account.uid}
