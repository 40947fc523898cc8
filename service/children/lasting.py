"""A child process that answers one question after another, until it is let go, dies or takes too long."""

import contextlib
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from multiprocessing.connection import Connection
from typing import Final

import structlog

from service.children.messages import Message, receive, send

log = structlog.get_logger()

_UNREADABLE: Final = (EOFError, OSError, ValueError, KeyError, TypeError, RecursionError)


class ChildLostError(Exception):
    """It died, or was ended because it took too long; `is_late` tells which."""

    def __init__(self, module: str, *, is_late: bool) -> None:
        super().__init__(f"{module} {'took too long' if is_late else 'died'}")
        self.is_late = is_late


class LastingChild:
    """`python -m module FD`, where the descriptor is its end of the pipe. Used by one thread at a time.

    Whatever it does, a limit ends it; `end` may be called by any thread.
    """

    def __init__(self, module: str, environment: Mapping[str, str]) -> None:
        """Returns at once: the child loads what it needs while it is written to. Raises: ChildLostError."""
        self.module = module
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603
                    [sys.executable, "-m", module, str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    process_group=0,  # Ctrl-C in a terminal is for us
                    env=dict(environment),
                )
        except OSError as error:
            ours.close()
            raise ChildLostError(module, is_late=False) from error
        self._connection = Connection(ours.detach())
        self._limit: threading.Timer | None = None
        self._is_late = False

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def limit(self, seconds: float | None) -> None:
        """From now on it has so long, whatever it was given before; None: as long as it likes."""
        if self._limit is not None:
            self._limit.cancel()
        self._limit = None
        if seconds is not None:
            self._limit = threading.Timer(seconds, self._end_late)
            self._limit.daemon = True
            self._limit.start()

    def say(self, message: Message) -> None:
        """Raises: ChildLostError."""
        try:
            send(self._connection, message)
        except OSError as error:
            raise self._lost() from error

    def hear(self) -> Message:
        """Raises: ChildLostError: also where it talks nonsense."""
        try:
            return receive(self._connection)
        except _UNREADABLE as error:
            raise self._lost() from error

    def end(self) -> None:
        """It owns nothing that must be saved."""
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        """End it, by the thread that uses it or when none does."""
        self.limit(None)
        self.end()
        with contextlib.suppress(OSError):
            self._connection.close()

    def _end_late(self) -> None:
        self._is_late = True
        log.warning("child.timed_out", module=self.module)
        self.end()

    def _lost(self) -> ChildLostError:
        self.end()
        if not self._is_late:
            log.warning("child.died", module=self.module, status=self._process.returncode)
        return ChildLostError(self.module, is_late=self._is_late)


def inherited(*names: str) -> dict[str, str]:
    """These variables of our own environment, where they are set."""
    return {name: os.environ[name] for name in names if name in os.environ}
