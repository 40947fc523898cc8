"""Lines stood in a box at a size: what is drawn, and exactly where its ink is."""

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import skia

from generators.contracts import Box
from generators.fonts.faces import Face
from generators.typesetting.atoms import Atom, Form
from generators.typesetting.breaking import Lines
from generators.typesetting.classes import Manner
from generators.typesetting.paragraph import Paragraph
from generators.typesetting.shaping import BASELINE


class Align(StrEnum):
    START = "start"
    CENTRE = "centre"
    END = "end"


@dataclass(frozen=True, slots=True)
class Placed:
    """One glyph on the page: the pen's place in px and the size it is drawn at."""

    face: Face
    id: int
    x: float
    y: float
    size_px: float
    turned: bool


@dataclass(frozen=True, slots=True)
class Span:
    """An unbreakable piece of the text and its glyphs: `start` to `end` of the block's, on line `line`."""

    text: str
    line: int
    start: int
    end: int
    is_rtl: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A set text. `ink` is the rendered ink, in px; None when nothing is visible."""

    glyphs: tuple[Placed, ...]
    lines: tuple[Box, ...]  # ink of each line or column that has any, in reading order
    size_px: float
    spans: tuple[Span, ...] = ()  # line by line, each line from its visual start

    @property
    def ink(self) -> Box | None:
        return union(self.lines)

    def moved(self, right_px: float, down_px: float) -> "Block":
        """The same text elsewhere."""
        glyphs = tuple(
            Placed(one.face, one.id, one.x + right_px, one.y + down_px, one.size_px, one.turned)
            for one in self.glyphs
        )
        lines = tuple(
            Box(line.left + right_px, line.top + down_px, line.right + right_px, line.bottom + down_px)
            for line in self.lines
        )
        return Block(glyphs, lines, self.size_px, self.spans)


@dataclass(frozen=True, slots=True)
class Grid:
    """How lines follow each other. `pitch` is the distance of two lines in em."""

    size_px: float
    pitch: float
    is_vertical: bool = False
    align: Align = Align.START

    def depth_px(self, lines: int) -> float:
        """Space that lines take across their direction, from the first to the last edge."""
        return self.size_px * (1.0 + self.pitch * (lines - 1)) if lines else 0.0


def stand(paragraph: Paragraph, lines: Lines, grid: Grid, box: Box) -> Block:
    """Put lines in a box: rows from its top, columns from its right edge, aligned along the line."""
    placed: list[Placed] = []
    inks: list[Box] = []
    spans: list[Span] = []
    size = grid.size_px
    for number, line in enumerate(lines):
        places = _places(paragraph, line, number, grid, box)
        for atom, x, y in places:
            start = len(placed)
            placed += [
                Placed(one.face, one.id, x + one.x * size, y + one.y * size, size * one.scale, one.turned)
                for one in atom.form.glyphs
            ]
            spans.append(Span(atom.text, number, start, len(placed), atom.manner is Manner.RTL))
        ink = union(_ink(atom.form, x, y, size) for atom, x, y in places if atom.form.ink)
        if ink is not None:
            inks.append(ink)
    return Block(tuple(placed), tuple(inks), size, tuple(spans))


def _places(
    paragraph: Paragraph, line: tuple[int, int], number: int, grid: Grid, box: Box
) -> list[tuple[Atom, float, float]]:
    """Each atom of a line with the px where it starts."""
    (start, end), size = line, grid.size_px
    room = (box.bottom - box.top if grid.is_vertical else box.right - box.left) / size
    pen = _indent(grid.align, room - paragraph.width(start, end)) - paragraph.atoms[start].front
    across = (0.5 if grid.is_vertical else BASELINE) + grid.pitch * number
    found: list[tuple[Atom, float, float]] = []
    for order, index in enumerate(_visual_order(paragraph, start, end)):
        atom = paragraph.atoms[index]
        if order:
            pen += paragraph.gaps[max(index, start + 1)]
        if grid.is_vertical:
            found.append((atom, box.right - across * size, box.top + pen * size))
        else:
            found.append((atom, box.left + pen * size, box.top + across * size))
        pen += atom.form.advance
    return found


def _visual_order(paragraph: Paragraph, start: int, end: int) -> Iterable[int]:
    """Neighbouring right-to-left words swap places; everything else stays in reading order."""
    order: list[int] = []
    for is_rtl, group in itertools.groupby(
        range(start, end), key=lambda i: paragraph.atoms[i].manner is Manner.RTL
    ):
        indices = list(group)
        order += reversed(indices) if is_rtl else indices
    return order


def _indent(align: Align, free: float) -> float:
    if align is Align.START:
        return 0.0
    return free / 2 if align is Align.CENTRE else free


def _ink(form: Form, x: float, y: float, size_px: float) -> Box:
    left, top, right, bottom = form.ink or (0.0, 0.0, 0.0, 0.0)
    return Box(x + left * size_px, y + top * size_px, x + right * size_px, y + bottom * size_px)


def union(boxes: Iterable[Box]) -> Box | None:
    """The smallest box around all; None for none."""
    known = list(boxes)
    if not known:
        return None
    return Box(
        min(box.left for box in known),
        min(box.top for box in known),
        max(box.right for box in known),
        max(box.bottom for box in known),
    )


def draw(canvas: skia.Canvas, block: Block, paint: skia.Paint) -> None:
    """Draw a block; colour glyphs keep their own colours and take the paint's opacity."""
    for blob in blobs(block.glyphs):
        canvas.drawTextBlob(blob, 0, 0, paint)


def blobs(glyphs: Sequence[Placed]) -> list[skia.TextBlob]:
    """Text blobs, one a font, size and turn: a builder that mixes kinds of runs loses glyphs."""
    kinds: dict[tuple[int, float, bool], list[Placed]] = {}
    for one in glyphs:
        kinds.setdefault((id(one.face), one.size_px, one.turned), []).append(one)
    return [_blob(same) for same in kinds.values()]


def _blob(same: Sequence[Placed]) -> skia.TextBlob:
    builder, first = skia.TextBlobBuilder(), same[0]
    font, ids = first.face.font(first.size_px), [one.id for one in same]
    if first.turned:
        forms = [skia.RSXform(0.0, 1.0, one.x, one.y) for one in same]
        builder.allocRunRSXform(font, ids, forms)
    else:
        builder.allocRunPos(font, ids, [skia.Point(one.x, one.y) for one in same])
    return builder.make()


def whole_pixels(box: Box) -> Box:
    """The pixels that ink can touch, anti-aliasing included."""
    return Box(math.floor(box.left), math.floor(box.top), math.ceil(box.right), math.ceil(box.bottom))
