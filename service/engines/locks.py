"""Advisory locks on files. They belong to the open file, so the kernel frees them when a process dies."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from service.engines.errors import EngineBusyError

_RETRY_SECONDS: Final = 0.02


class FileLock:
    """One flock(2); not for sharing between threads.

    The descriptor is closed on exec, so programs we run do not hold it unless it is handed to them.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @property
    def descriptor(self) -> int:
        """The open file, to be inherited by a program that shall hold the lock as long as it lives."""
        if self._descriptor is None:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self._descriptor

    def try_exclusive(self) -> bool:
        """Take it, or turn our shared hold into an exclusive one; False when somebody else holds it.

        A failed upgrade also loses the shared hold, see flock(2).
        """
        return self._try(fcntl.LOCK_EX)

    def try_shared(self) -> bool:
        """Take it together with others; False when somebody holds it exclusively."""
        return self._try(fcntl.LOCK_SH)

    def release(self) -> None:
        """Give it back; harmless when it is not held."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _try(self, operation: int) -> bool:
        try:
            fcntl.flock(self.descriptor, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def is_held(path: Path) -> bool:
    """Whether any process holds the lock; takes it for an instant, so guard it with another lock."""
    lock = FileLock(path)
    try:
        return not lock.try_exclusive()
    finally:
        lock.release()


@contextlib.contextmanager
def exclusive(path: Path, *, timeout_seconds: float) -> Iterator[None]:
    """Hold the lock alone for the length of the block.

    Raises:
        EngineBusyError: somebody else kept it longer than `timeout_seconds`.
    """
    lock = FileLock(path)
    deadline = time.monotonic() + timeout_seconds
    try:
        while not lock.try_exclusive():
            if time.monotonic() > deadline:
                raise EngineBusyError(f"another process has held {path} for {timeout_seconds:.0f} s")
            time.sleep(_RETRY_SECONDS)
        yield
    finally:
        lock.release()
