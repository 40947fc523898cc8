"""What one row of a batch is writing, as the decoder sees it: token by token, with no idea of the network."""

from collections import deque
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from generators.backends.language.decoding.line import Line

Tokens = NDArray[np.int64]


class Script(Protocol):
    """One answer in the making."""

    is_done: bool  # finished, or stopped because nobody wants it any more

    def next_tokens(self) -> Tokens:
        """Tokens that may come next; one when there is no choice, never none.

        Raises: DeadEndError.
        """
        ...

    def feed(self, token: int) -> None:
        """Take one of next_tokens."""
        ...


class Pen:
    """Writes texts that are settled and lines that are not, in turn.

    A line is closed by the first token of what may follow it; the rest of that then writes itself.
    """

    def __init__(self) -> None:
        self._settled: deque[int] = deque()
        self._line: Line | None = None
        self._closers: dict[int, int] = {}  # token to the number of the way it closes the line
        self._ways: Sequence[Sequence[int]] = ()

    def write(self, tokens: Sequence[int]) -> None:
        """Put a settled text before whatever comes next."""
        self._settled.extend(tokens)

    def begin(self, line: Line, ways: Sequence[Sequence[int]]) -> None:
        """Start a line; ways: the texts, of one token or more, any of which may follow it."""
        self._line, self._ways = line, ways
        self._closers = {}
        for number, way in enumerate(ways):
            self._closers.setdefault(way[0], number)

    def next_tokens(self) -> Tokens:
        if self._settled:
            return np.array([self._settled[0]], np.int64)
        assert self._line is not None  # noqa: S101 - a script begins a line before it asks
        words = self._line.next_tokens()
        if not self._line.can_close:
            return words
        return np.concatenate([words, np.fromiter(self._closers, np.int64)])

    def feed(self, token: int) -> int | None:
        """The number of the way the line was closed by this token, None while it goes on."""
        if self._settled:
            self._settled.popleft()
            return None
        assert self._line is not None  # noqa: S101
        if not (self._line.can_close and token in self._closers):
            self._line.feed(token)
            return None
        way = self._closers[token]
        self._settled.extend(self._ways[way][1:])
        return way
