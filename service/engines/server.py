"""What the supervisor needs to know of an engine."""

import shutil
import signal
from abc import ABC, abstractmethod
from typing import ClassVar

from service.engines import processes
from service.engines.accounts import Runner
from service.engines.folders import EngineFolder, place_socket


class Server(ABC):
    """One engine of one data folder. Nothing here keeps state: that is in the folder and the kernel.

    token: stands in the command line of the server and of all its children.
    """

    name: ClassVar[str]
    stop_signal: ClassVar[signal.Signals]  # asks for a clean end

    def __init__(self, folder: EngineFolder, socket_name: str) -> None:
        self.home = folder.root / self.name
        self.socket_folder = place_socket(self.home, socket_name, folder.token)
        self.life_lock = folder.root / f"{self.name}.lock"
        self.log = folder.root / f"{self.name}.log"
        self.token = f"huajian-{self.name}-{folder.token}"

    @property
    @abstractmethod
    def url(self) -> str: ...

    @abstractmethod
    def prepare(self) -> Runner:
        """Make or check the files and say how to run the command; nothing of this engine runs meanwhile.

        Raises: EngineStartError.
        """

    @abstractmethod
    def command(self) -> list[str]: ...

    @abstractmethod
    def answers(self) -> bool:
        """Whether it serves requests now; never waits long, never raises for a server that is down."""

    @abstractmethod
    def is_leader(self, command_line: str) -> bool:
        """Whether this is the server itself rather than one of its children."""

    def find_leader(self) -> int | None:
        """Process id of the running server, None when it is gone or not ours to see."""
        found = processes.find(self.token)
        return next((pid for pid, line in found.items() if self.is_leader(line)), None)

    def printed(self) -> str:
        """The end of what it printed since its start, for error messages."""
        if not self.log.exists():
            return ""
        return self.log.read_text(encoding="utf-8", errors="replace")[-2000:].strip()

    def tidy(self) -> None:
        """Leave nothing outside of the data folder; the engine has ended."""
        if self.socket_folder != self.home and self.socket_folder.exists():
            shutil.rmtree(self.socket_folder)
