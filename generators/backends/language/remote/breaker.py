"""A circuit breaker: a server that failed often in a row is left alone for a while, then tried once."""

import threading
import time
from collections.abc import Callable

from generators.contracts import BackendUnavailableError


class CircuitBreaker:
    """Closed: everybody may ask. Open: nobody. Half open: one may, and how that goes decides.

    Whoever entered tells how it went, exactly once: succeed, fail or leave. Any thread.
    """

    def __init__(
        self, failures: int, open_seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._open_seconds, self._clock = failures, open_seconds, clock
        self._lock = threading.Lock()
        self._failures = 0
        self._opened_at: float | None = None
        self._is_trying = False

    def enter(self) -> None:
        """Raises: BackendUnavailableError while the circuit is open."""
        with self._lock:
            if self._opened_at is None:
                return
            if self._is_trying or self._clock() - self._opened_at < self._open_seconds:
                raise BackendUnavailableError("the text server failed too often and is left alone")
            self._is_trying = True

    def succeed(self) -> None:
        """The server is well."""
        with self._lock:
            self._failures, self._opened_at, self._is_trying = 0, None, False

    def fail(self) -> None:
        """The server is not well."""
        with self._lock:
            self._failures += 1
            if self._is_trying or self._failures >= self._most:
                self._opened_at = self._clock()
            self._is_trying = False

    def leave(self) -> None:
        """Nothing was learnt about the server."""
        with self._lock:
            self._is_trying = False
