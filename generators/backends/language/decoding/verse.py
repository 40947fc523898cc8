"""A song in the making: title, headings, and lines that can be sung and end on a rhyme."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from generators.backends.language.decoding.line import Demand, Line
from generators.backends.language.decoding.rhymes import Rhymes, Stale
from generators.backends.language.decoding.script import Pen, Tokens
from generators.backends.language.decoding.tongue import Tongue
from generators.backends.language.decoding.writing import Writing
from generators.backends.language.weaving import Woven, deal
from generators.backends.studio.lyrics.plan import headings
from generators.backends.studio.lyrics.syllables import count_syllables
from generators.backends.studio.lyrics.weave import written_once
from generators.specs import Language, LyricsSpec, Section

_USUAL: Final = {Language.ZH: (7, 8, 9, 9), Language.EN: (7, 8, 8, 9)}  # syllables of a line
_TITLE: Final = {Language.ZH: (2, 8), Language.EN: (2, 7)}
_AFTER_WORDS: Final = 4  # syllables a line has left at least after the asker's own words
_CHAR: Final = {Language.ZH: "月", Language.EN: "a"}  # what stands before a line's end, for the tokenizer
_GAP: Final = {Language.ZH: " ", Language.EN: ","}  # between the asker's words and the rest of a line


@dataclass(frozen=True, slots=True)
class Place:
    """A line: the index of its section in the spec, and its own in the section."""

    section: int
    line: int


class SongScript:
    """Implements Script for a song of `spec`.

    on_step: called with the lines done so far, the title counting as one; False stops the song.
    on_section: called with the index of a section and its lines, as soon as it is finished.
    """

    def __init__(
        self,
        spec: LyricsSpec,
        seed: int,
        writing: Writing,
        on_step: Callable[[int], bool],
        on_section: Callable[[int, Sequence[str]], None],
    ) -> None:
        self.is_done = False
        self.is_cancelled = False
        self.title = ""
        self.sections: dict[int, list[str]] = {}
        self._spec, self._writing, self._on_step, self._on_section = spec, writing, on_step, on_section
        self._usual = random.Random(seed).choice(_USUAL[spec.language])
        self._tune: dict[Section, list[int]] = {}  # syllables of the first section of each kind
        self._headings = headings(spec.sections, spec.language)
        self._places = [
            Place(section, line) for section in written_once(spec.sections) for line in range(len(spec.rhyme))
        ]
        self._woven = deal(spec.words, len(self._places))
        self._stale = Stale()
        self._rhymes = Rhymes(writing.sounds, spec.rhyme, self._stale)
        self._at = -1  # index of the place in hand; the title comes before the first
        self._pen = Pen()
        self._begin_title()

    def next_tokens(self) -> Tokens:
        return self._pen.next_tokens()

    def feed(self, token: int) -> None:
        if self._pen.feed(token) is not None:
            self._close()

    def _begin_title(self) -> None:
        shortest, longest = _TITLE[self._spec.language]
        ends = np.ones(len(self._writing.lexicon.words), np.bool_)
        demand = Demand(shortest, longest, self._writing.lexicon.syllables, ends)
        self._line = Line(self._writing.lexicon, demand)
        self._pen.begin(self._line, self._what_follows())

    def _close(self) -> None:
        """The line in hand is finished: keep it, tell, and begin the next one."""
        if self._at < 0:
            self.title = self._line.text
        else:
            self._keep_line()
        self._at += 1
        self.is_cancelled = not self._on_step(self._at + 1)
        self.is_done = self.is_cancelled or self._at == len(self._places)
        if not self.is_done:
            self._begin_line()

    def _keep_line(self) -> None:
        place, text = self._places[self._at], self._line.text
        self.sections.setdefault(place.section, []).append(text)
        row = self._line.row
        self._rhymes.put(row)
        if place.line == len(self._spec.rhyme) - 1:
            lines = self.sections[place.section]
            self._tune.setdefault(self._spec.sections[place.section], [count_syllables(x) for x in lines])
            self._stale = self._rhymes.leave()
            self._rhymes = Rhymes(self._writing.sounds, self._spec.rhyme, self._stale)
            self._on_section(place.section, lines)

    def _begin_line(self) -> None:
        place = self._places[self._at]
        lexicon, ends = self._writing.lexicon, self._rhymes.next_ends()
        opening = self._opening(self._woven.get(self._at))
        used = count_syllables(opening)
        tune = self._tune.get(self._spec.sections[place.section])
        middle = max(tune[place.line] if tune else self._usual, used + _AFTER_WORDS)
        demand = Demand(max(middle - 1, used + 1), middle + 1, lexicon.syllables, ends)
        self._line = Line(lexicon, demand, opening=opening, used=used)
        self._pen.write(self._writing.tongue.in_place(opening, after="\n") if opening else ())
        self._pen.begin(self._line, self._what_follows())

    def _opening(self, woven: Woven | None) -> str:
        """The asker's words that this line must hold because no line before it does; "" for none."""
        if woven is None:
            return ""
        written = "\n".join((self.title, *(line for lines in self.sections.values() for line in lines)))
        phrase = woven.phrase(self._spec.language, written)
        return phrase and phrase + _GAP[self._spec.language]

    def _what_follows(self) -> list[list[int]]:
        """The ways to leave this line: towards the next one, or out."""
        tongue: Tongue = self._writing.tongue
        after = _CHAR[self._spec.language]
        if self._at + 1 == len(self._places):
            return [tongue.in_place("\n", after), *([token] for token in tongue.ends)]
        following = self._places[self._at + 1]
        heading = "" if following.line else f"\n{self._headings[following.section]}\n"
        return [tongue.in_place(f"\n{heading}", after)]
