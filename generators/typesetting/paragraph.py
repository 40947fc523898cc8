"""Atoms in a row with the gaps between them, and where a line may end."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import pairwise
from typing import Final

from generators.typesetting.atoms import Atom
from generators.typesetting.classes import LATIN_NO_END, LATIN_NO_START, Manner

MIXED_GAP: Final = 0.25  # em between Chinese and Latin, the quarter space
WORD_GAP: Final = 0.5  # em that a typed space is worth between two Chinese characters
_SQUARE: Final = frozenset({Manner.IDEOGRAPH, Manner.EMOJI, Manner.DOT})
_WORDS: Final = frozenset({Manner.WORD, Manner.RTL})
_NO_START: Final = frozenset({Manner.CLOSE, Manner.DASH, Manner.DOT})


class Break(IntEnum):
    NEVER = 0
    MAY = 1
    MUST = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lengths in em. `gaps[i]` stands before atom i when it is not the first on its line.

    With all atoms on one line: `begins[i]` is where a line that starts with atom i would begin, its front
    blank squeezed out; `closes[i]` where one that ends with it would close; `end` where the last one ends.
    breaks[i]: whether a line may start at i.
    """

    atoms: tuple[Atom, ...]
    gaps: tuple[float, ...]
    begins: tuple[float, ...]
    closes: tuple[float, ...]
    end: float
    breaks: tuple[Break, ...]

    def width(self, start: int, end: int) -> float:
        """Length of the line of atoms start..end-1, its outer blanks squeezed out."""
        return self.closes[end - 1] - self.begins[start]

    @property
    def longest(self) -> float:
        """The longest run of atoms that no line may end inside: some line is at least so long."""
        starts = [start for start, kind in enumerate(self.breaks) if start == 0 or kind is not Break.NEVER]
        return max((self.width(*run) for run in pairwise([*starts, len(self.atoms)])), default=0.0)

    def loosened(self, limit_em: float) -> "Paragraph":
        """The same, where a run longer than the limit may be broken after all: no line takes forty dots.

        What clings to a word still does.
        """
        breaks, start = list(self.breaks), 0
        for index in range(1, len(breaks)):
            beside = {self.atoms[index - 1].manner, self.atoms[index].manner}
            if breaks[index] is not Break.NEVER:
                start = index
            elif self.width(start, index + 1) > limit_em and beside.isdisjoint(_WORDS):
                breaks[index], start = Break.MAY, index
        return replace(self, breaks=tuple(breaks))


def arrange(atoms: Sequence[Atom], *, tracking: float = 0.0) -> Paragraph:
    """Put gaps between atoms; `tracking` em more between all of them, as in titles."""
    gaps, breaks = [0.0], [Break.NEVER]
    for before, after in pairwise(atoms):
        gaps.append(_gap(before, after) + (0.0 if after.joined else tracking))
        breaks.append(_break(before, after))
    pen, begins, closes = 0.0, [], []
    for atom, gap in zip(atoms, gaps, strict=False):
        pen += gap
        begins.append(pen + atom.front)
        pen += atom.advance
        closes.append(pen - atom.back)
    count = len(atoms)
    return Paragraph(
        tuple(atoms), tuple(gaps[:count]), tuple(begins), tuple(closes), pen, tuple(breaks[:count])
    )


def _gap(before: Atom, after: Atom) -> float:
    if after.joined or after.newline:
        return 0.0
    squeezed = _squeezed(before, after)
    if after.space:
        is_square = before.manner is after.manner is Manner.IDEOGRAPH
        return max(after.space, WORD_GAP if is_square else 0.0) + squeezed
    mixed = (before.manner in _WORDS and after.manner in _SQUARE) or (
        before.manner in _SQUARE and after.manner in _WORDS
    )
    # Latin punctuation clings to the Chinese character before it.
    clings = after.text[0] in LATIN_NO_START or before.text[-1] in LATIN_NO_END
    return MIXED_GAP if mixed and not clings else squeezed


def _squeezed(before: Atom, after: Atom) -> float:
    """Two punctuation marks in a row keep one blank half between them, not two."""
    if before.manner is Manner.CLOSE and after.manner in (Manner.OPEN, Manner.CLOSE):
        return -before.back
    if before.manner is Manner.OPEN and after.manner is Manner.OPEN:
        return -after.front
    return 0.0


def _break(before: Atom, after: Atom) -> Break:
    if after.newline:
        return Break.MUST
    if after.joined:
        return Break.MAY
    if after.manner in _NO_START or before.manner is Manner.OPEN:
        return Break.NEVER
    if not after.space and (after.text[0] in LATIN_NO_START or before.text[-1] in LATIN_NO_END):
        return Break.NEVER
    return Break.MAY
