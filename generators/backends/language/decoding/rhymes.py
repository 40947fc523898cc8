"""Which words may end the next line, so that the section keeps its scheme whatever the model likes."""

from collections.abc import Sequence
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generators.backends.language.decoding.lexicon import Mask
from generators.backends.language.decoding.line import DeadEndError
from generators.backends.language.decoding.words import Word
from generators.backends.studio.lyrics.draft import echoes
from generators.backends.studio.lyrics.rhyme import FREE
from generators.specs import Language

_SPARE: Final = 3  # ends a sound should have for each line that needs one, so that a model may choose


class Sounds:
    """How the words of a lexicon end, as numbers; made once for a model and a language."""

    def __init__(self, words: Sequence[Word], language: Language) -> None:
        self.language = language
        self.names = sorted({word.sound for word in words if word.sound})
        numbers = {name: i for i, name in enumerate(self.names)}
        heard = {name: i for i, name in enumerate(sorted({word.heard for word in words if word.heard}))}
        ends = {end: i for i, end in enumerate(dict.fromkeys(word.end for word in words))}
        self.end_names = list(ends)
        self.sound: NDArray[np.int32] = np.array([numbers.get(word.sound, -1) for word in words], np.int32)
        self.heard: NDArray[np.int32] = np.array([heard.get(word.heard, -1) for word in words], np.int32)
        self.end: NDArray[np.int32] = np.array([ends[word.end] for word in words], np.int32)

    @cached_property
    def supply(self) -> dict[int, int]:
        """How many lines each sound can end, whichever of its ends the model takes first."""
        pairs = np.unique(np.stack([self.sound, self.end]), axis=1)
        return {
            sound: self._lines_of([self.end_names[end] for end in pairs[1, pairs[0] == sound]])
            for sound in range(len(self.names))
        }

    def _lines_of(self, ends: Sequence[str]) -> int:
        """Each end taken rules out those that echo it; the worst first."""
        if self.language is Language.ZH:
            return len(ends)
        ruled_out = sorted((sum(echoes(one, other) for other in ends) for one in ends), reverse=True)
        left = len(ends) - np.cumsum([0, *ruled_out])
        return int((left > 0).sum())


class Rhymes:
    """The ends of one section, line by line. The first line of a letter chooses its sound.

    stale: sounds and ends that other sections used; avoided while there is a choice.
    """

    def __init__(self, sounds: Sounds, scheme: str, stale: "Stale") -> None:
        self._sounds = sounds
        self._scheme = scheme
        self._stale = stale
        self._chosen: dict[str, int] = {}  # letter to sound
        self._heard: dict[str, int] = {}  # letter to checked class
        self._ends: dict[str, list[int]] = {}

    def next_ends(self) -> Mask:
        """Which words may end the next line.

        Raises: DeadEndError when none may.
        """
        letter = self._scheme[self._placed]
        if letter == FREE:
            return np.ones(len(self._sounds.end), np.bool_)
        mask = self._later(letter) if letter in self._chosen else self._first(letter)
        if not mask.any():
            raise DeadEndError(f"no word rhymes where {self._scheme} asks for {letter}")
        fresh: Mask = mask & ~np.isin(self._sounds.end, list(self._stale.ends))
        return fresh if np.unique(self._sounds.end[fresh]).size > self._missing(letter) else mask

    def put(self, row: int) -> None:
        """The next line ends with this word."""
        letter = self._scheme[self._placed]
        end = int(self._sounds.end[row])
        self._ends.setdefault(letter, []).append(end)
        if letter != FREE and letter not in self._chosen:
            self._chosen[letter] = int(self._sounds.sound[row])
            self._heard[letter] = int(self._sounds.heard[row])

    def leave(self) -> "Stale":
        """What the sections after this one should avoid."""
        used = {end for ends in self._ends.values() for end in ends}
        return Stale(frozenset(self._chosen.values()), self._stale.ends | used)

    @property
    def _placed(self) -> int:
        return sum(map(len, self._ends.values()))

    def _missing(self, letter: str) -> int:
        return self._scheme.count(letter) - len(self._ends.get(letter, ()))

    def _first(self, letter: str) -> Mask:
        open_: Mask = (self._sounds.sound >= 0) & ~np.isin(self._sounds.heard, list(self._heard.values()))
        count = self._scheme.count(letter)
        if count == 1:
            return open_
        for least, avoided in ((_SPARE * count, self._stale.sounds), (count, frozenset[int]())):
            rich = [s for s, n in self._sounds.supply.items() if n >= least and s not in avoided]
            mask: Mask = open_ & np.isin(self._sounds.sound, rich)
            if mask.any():
                return mask
        return mask

    def _later(self, letter: str) -> Mask:
        names, ends = self._sounds.end_names, self._sounds.end
        mask: Mask = (self._sounds.sound == self._chosen[letter]) & ~np.isin(ends, self._ends[letter])
        if self._sounds.language is Language.EN:
            for row in np.flatnonzero(mask):
                mask[row] = not any(echoes(names[ends[row]], names[end]) for end in self._ends[letter])
        return mask


class Stale:
    """Sounds of the section before, and ends of all before."""

    def __init__(self, sounds: frozenset[int] = frozenset(), ends: frozenset[int] = frozenset()) -> None:
        self.sounds = sounds
        self.ends = ends
