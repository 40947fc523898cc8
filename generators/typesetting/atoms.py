"""The unbreakable pieces of a text, shaped once in em, ready to be put on lines of any size."""

from collections.abc import Iterable
from dataclasses import dataclass

from generators.fonts.faces import Extents, Face
from generators.typesetting.classes import Manner


@dataclass(frozen=True, slots=True)
class Glyph:
    """One glyph at (x, y) em from its atom's start on the line; y grows downwards.

    Across the line the origin is the baseline of horizontal text, the centre of a column.
    turned: drawn a quarter turn clockwise around its origin.
    scale: of the glyph itself, for emoji and for digits set side by side in a column.
    """

    face: Face
    id: int
    x: float
    y: float
    scale: float = 1.0
    turned: bool = False

    def ink(self) -> Extents:
        """Its ink as drawn, in em relative to the atom; all equal when it has none."""
        left, top, right, bottom = (edge * self.scale for edge in self.face.extents(self.id))
        if self.turned:
            left, top, right, bottom = -bottom, left, -top, right
        return (self.x + left, self.y + top, self.x + right, self.y + bottom)

    @property
    def is_blank(self) -> bool:
        left, _, right, _ = self.face.extents(self.id)
        return left == right


@dataclass(frozen=True, slots=True)
class Form:
    """How a piece of text stands on a line: glyphs that stay together, shared by all who write it.

    advance: em along the line.
    front, back: blank em at its two ends that may be squeezed out, for full-width punctuation.
    ink: of all its glyphs, in em from its start; None for blanks.
    """

    glyphs: tuple[Glyph, ...]
    advance: float
    front: float = 0.0
    back: float = 0.0
    ink: Extents | None = None


@dataclass(frozen=True, slots=True)
class Atom:
    """A form at its place in a text.

    space: em of explicit space before it. newline: a hard line break stands before it.
    joined: continues the word before it; a break here is allowed, a gap is not.
    """

    manner: Manner
    text: str
    form: Form
    space: float = 0.0
    newline: bool = False
    joined: bool = False

    @property
    def advance(self) -> float:
        return self.form.advance

    @property
    def front(self) -> float:
        return self.form.front

    @property
    def back(self) -> float:
        return self.form.back


def ink_of(glyphs: Iterable[Glyph]) -> Extents | None:
    """The ink of several glyphs together."""
    inks = [glyph.ink() for glyph in glyphs if not glyph.is_blank]
    if not inks:
        return None
    lefts, tops, rights, bottoms = zip(*inks, strict=True)
    return (min(lefts), min(tops), max(rights), max(bottoms))
