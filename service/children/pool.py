"""Children that last, of one kind: started when somebody needs one, ended when nobody did for a while."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from service.children.lasting import ChildLostError, LastingChild

IDLE_SECONDS: Final = 60.0


class ChildPool:
    """One per process, for any thread of any loop. It bounds nothing: whoever lends takes turns."""

    def __init__(
        self, module: str, environment: Mapping[str, str], *, idle_seconds: float = IDLE_SECONDS
    ) -> None:
        """environment: all that the children see of ours."""
        self._module = module
        self._environment = dict(environment)
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._idle: list[tuple[float, LastingChild]] = []  # since when; the newest last
        self._lent: set[LastingChild] = set()
        self._sweeper: threading.Timer | None = None
        self._is_closed = False

    @contextmanager
    def lend(self, seconds: float) -> Iterator[LastingChild]:
        """A child for one question, which must be answered in this time unless it is given another.

        After any exception it is ended: nobody knows what it would say next. Raises: ChildLostError.
        """
        child = self._take()
        child.limit(seconds)
        try:
            yield child
        except BaseException:
            self._drop(child)
            raise
        child.limit(None)
        self._put_back(child)

    def close(self) -> None:
        """End all children, also those that are at work. Nothing is lent afterwards."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
            lent = list(self._lent)
            if self._sweeper is not None:
                self._sweeper.cancel()
        for child in lent:
            child.end()  # whoever has it closes it
        for _, child in idle:
            child.close()

    def _take(self) -> LastingChild:
        """The one that was used last, so that the others can go."""
        with self._lock:
            if self._is_closed:
                raise ChildLostError(self._module, is_late=False)
            while self._idle:
                _, child = self._idle.pop()
                if child.is_alive:
                    break
                child.close()
            else:
                child = LastingChild(self._module, self._environment)
            self._lent.add(child)
        return child

    def _put_back(self, child: LastingChild) -> None:
        with self._lock:
            self._lent.discard(child)
            if not self._is_closed:
                self._idle.append((time.monotonic(), child))
                self._sweep_later()
                return
        child.close()

    def _drop(self, child: LastingChild) -> None:
        child.close()
        with self._lock:
            self._lent.discard(child)

    def _sweep_later(self) -> None:
        """Called with the lock in hand."""
        if self._sweeper is None:
            self._sweeper = threading.Timer(self._idle_seconds, self._sweep)
            self._sweeper.daemon = True
            self._sweeper.start()

    def _sweep(self) -> None:
        before = time.monotonic() - self._idle_seconds
        with self._lock:
            self._sweeper = None
            gone = [child for since, child in self._idle if since <= before]
            self._idle = [(since, child) for since, child in self._idle if since > before]
            if self._idle:
                self._sweep_later()
        for child in gone:
            child.close()
