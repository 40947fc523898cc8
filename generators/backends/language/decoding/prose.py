"""Card words in the making: a few clauses of bounded length, with marks between them."""

from typing import Final

from generators.backends.language.decoding.line import Demand, Line
from generators.backends.language.decoding.script import Pen, Tokens
from generators.backends.language.decoding.words import Stand
from generators.backends.language.decoding.writing import Writing
from generators.specs import Language

# Characters of a clause, and the least and most of a message.
_CLAUSE: Final = {Language.ZH: (4, 14), Language.EN: (14, 34)}
_ENOUGH: Final = {Language.ZH: 24, Language.EN: 70}
_MOST: Final = {Language.ZH: 90, Language.EN: 200}
_MARKS: Final = {Language.ZH: ("，", "。"), Language.EN: (",", ".")}
_CHAR: Final = {Language.ZH: "月", Language.EN: "a"}  # what stands before a mark, for the tokenizer
_COMMA, _STOP = 0, 1


class MessageScript:
    """Implements Script for the words of a card: plain clauses, no greeting line, no signature.

    The model chooses words and marks; after _ENOUGH characters a full stop ends the message, and a clause
    that leaves no room for another has nothing but a full stop.
    """

    def __init__(self, language: Language, writing: Writing) -> None:
        self.is_done = False
        self.text = ""
        self._language, self._writing = language, writing
        self._pen = Pen()
        self._begin(Stand.FIRST)

    def next_tokens(self) -> Tokens:
        return self._pen.next_tokens()

    def feed(self, token: int) -> None:
        mark = self._pen.feed(token)
        if mark is None:
            return
        mark = _STOP if self._must_stop() else mark
        self.text += self._line.text + _MARKS[self._language][mark]
        self.is_done = mark == _STOP and len(self.text) >= _ENOUGH[self._language]
        if not self.is_done:
            self._begin(Stand.LATER if mark == _COMMA else Stand.AGAIN)

    def _begin(self, stand: Stand) -> None:
        lexicon = self._writing.lexicon
        shortest, longest = _CLAUSE[self._language]
        ends = self._writing.sounds.sound >= 0  # no "the", no "的"
        self._line = Line(lexicon, Demand(shortest, longest, lexicon.widths, ends), stand=stand)
        marks = _MARKS[self._language][_STOP:] if self._must_stop() else _MARKS[self._language]
        after = _CHAR[self._language]
        self._pen.begin(self._line, [self._writing.tongue.in_place(mark, after) for mark in marks])

    def _must_stop(self) -> bool:
        """Whether another clause of the longest would not fit after the one in hand."""
        clause = _CLAUSE[self._language][1] + 1
        return len(self.text) + 2 * clause > _MOST[self._language]
