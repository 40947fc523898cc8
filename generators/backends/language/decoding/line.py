"""One line in the making: which tokens may come next so that it can still end where and as it must."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from generators.backends.language.decoding.lexicon import Lexicon, Mask, Measure
from generators.backends.language.decoding.words import Stand

Tokens = NDArray[np.int64]
_NONE: Tokens = np.zeros(0, np.int64)


class DeadEndError(Exception):
    """No word fits any more: this vocabulary is too poor for what was asked."""


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """What a line has to be.

    measure: the length of each word, in whatever unit the bounds are in.
    ends: words that may be the last one.
    """

    shortest: int
    longest: int
    measure: Measure
    ends: Mask


class Line:
    """Walks words token by token. A word is only begun if the line can still be finished after it.

    opening: words that stand there already, of a length in the same unit; the caller feeds their tokens.
    """

    def __init__(
        self,
        lexicon: Lexicon,
        demand: Demand,
        *,
        opening: str = "",
        used: int = 0,
        stand: Stand = Stand.FIRST,
    ) -> None:
        self._lexicon = lexicon
        self._demand = demand
        self._stand = Stand.LATER if opening else stand
        self._text = opening
        self._used = used
        self._live: Tokens = _NONE  # rows that begin with the tokens of the word in hand and go on
        self._depth = 0
        self._whole: int | None = None  # the row that the word in hand is, as it stands
        self._last: int | None = None
        self._rows: Tokens | None = None  # words that may begin now
        later = demand.ends & lexicon.standing(Stand.LATER)
        if not later.any():
            raise DeadEndError("no word may end this line")
        self._least = int(demand.measure[later].min())

    @property
    def text(self) -> str:
        """The finished words so far, the one in hand included when it is whole."""
        return self._text + ("" if self._whole is None else self._lexicon.words[self._whole].text)

    @property
    def row(self) -> int:
        """The word the line would end with now.

        Raises: ValueError inside of a word.
        """
        if self._whole is None:
            raise ValueError(f"no word is finished after {self._text!r}")
        return self._whole

    @property
    def can_close(self) -> bool:
        row = self._whole
        return row is not None and bool(self._demand.ends[row]) and self._reach() >= self._demand.shortest

    def next_tokens(self) -> Tokens:
        """Tokens that go on with the word in hand or begin another one; some of them more than once.

        Raises: DeadEndError when there is none and the line cannot close either.
        """
        going_on = self._lexicon.tokens[self._live, self._depth] if self._live.size else _NONE
        beginning = self._lexicon.tokens[self._beginnings(), 0] if self._is_between() else _NONE
        found: Tokens = np.concatenate([going_on, beginning]).astype(np.int64)
        if not found.size and not self.can_close:
            raise DeadEndError(f"nothing may follow {self.text!r}")
        return found

    def feed(self, token: int) -> None:
        """Take one of next_tokens; where it could both go on and begin, it goes on."""
        tokens = self._lexicon.tokens
        rows = self._live[tokens[self._live, self._depth] == token] if self._live.size else _NONE
        if not rows.size:
            begun = self._beginnings()
            rows = begun[tokens[begun, 0] == token]
            self._finish_word()
        self._depth += 1
        whole = rows[self._lexicon.counts[rows] == self._depth]
        self._whole = int(whole[0]) if whole.size else None
        self._live = rows[self._lexicon.counts[rows] > self._depth]
        self._rows = None

    def _is_between(self) -> bool:
        return self._whole is not None or self._depth == 0

    def _reach(self) -> int:
        return self._used + (0 if self._whole is None else int(self._demand.measure[self._whole]))

    def _finish_word(self) -> None:
        if self._whole is not None:
            self._text, self._used, self._last = self.text, self._reach(), self._whole
            self._stand = Stand.LATER
        self._depth, self._whole = 0, None

    def _beginnings(self) -> Tokens:
        """Rows that may begin now; remembered until a token is fed."""
        if self._rows is None:
            demand, reach = self._demand, self._reach() + self._demand.measure
            stand = self._stand if self._whole is None else Stand.LATER
            inside = reach <= demand.longest - self._least
            last = demand.ends & (reach >= demand.shortest) & (reach <= demand.longest)
            rows = np.flatnonzero((inside | last) & self._lexicon.standing(stand))
            again = self._last if self._whole is None else self._whole
            self._rows = fresh if (fresh := rows[rows != again]).size else rows
        return self._rows
