"""The largest size at which a text fits its box, and its lines at that size."""

from dataclasses import dataclass, replace
from typing import Final

from generators.contracts import Box
from generators.typesetting.block import Align, Block, Grid, stand
from generators.typesetting.breaking import PROSE, Lines, Taste, best_fit, first_fit, torn
from generators.typesetting.paragraph import Paragraph

_STEP: Final = 0.93  # between sizes tried for the sake of better lines
_SHRINK: Final = 0.94  # below the smallest wanted size, until everything fits
_FLOOR_PX: Final = 1.0
_HAIR: Final = 0.01  # px of rounding


@dataclass(frozen=True, slots=True)
class Wish:
    """How a text should fill its box.

    largest_px, smallest_px: sizes tried; smaller ones only when nothing else keeps the words inside.
    measure_em: lines longer than this are uncomfortable and not used.
    most_lines: 0 means as many as the box takes.
    across: where the lines stand when they leave room across their direction.
    patience: down to this share of the largest possible size is given up for lines that end with clauses.
    """

    largest_px: float
    smallest_px: float
    pitch: float = 1.5
    measure_em: float = 1e6
    most_lines: int = 0
    is_vertical: bool = False
    align: Align = Align.START
    across: Align = Align.START
    taste: Taste = PROSE
    patience: float = 1.0


@dataclass(frozen=True, slots=True)
class _Room:
    along_px: float
    across_px: float

    def measure(self, size_px: float, wish: Wish) -> float:
        return min(self.along_px / size_px, wish.measure_em)

    def lines(self, size_px: float, wish: Wish) -> int:
        fitting = int((self.across_px / size_px - 1.0) / wish.pitch + 1e-6) + 1
        fitting = fitting if self.across_px >= size_px else 0
        return min(fitting, wish.most_lines) if wish.most_lines else fitting


def fit(paragraph: Paragraph, box: Box, wish: Wish) -> Block:
    """Set a paragraph in a box as large as wished and possible; its ink stays inside the box.

    Nothing is left out: what fits no line at the smallest wished size is broken where lines never end
    otherwise, and what cannot be broken at all is set smaller.
    """
    room = _room(box, wish)
    paragraph = paragraph.loosened(room.measure(wish.smallest_px, wish))
    wish = replace(wish, measure_em=max(wish.measure_em, paragraph.longest))  # or no size would fit
    size = _largest(paragraph, room, wish)
    block = _set(paragraph, box, room, wish, size)
    while not _is_inside(block, box) and size > _FLOOR_PX:
        size *= _SHRINK  # swashes and deep descenders reach out of their em
        block = _set(paragraph, box, room, wish, size)
    return block


def fit_few(paragraph: Paragraph, box: Box, wish: Wish) -> Block:
    """Like `fit`, but in as few lines as the wished sizes allow: a name on one line if at all."""
    for most in range(1, max(wish.most_lines, 1)):
        block = fit(paragraph, box, replace(wish, most_lines=most))
        if block.size_px >= wish.smallest_px:
            return block
    return fit(paragraph, box, wish)


def _set(paragraph: Paragraph, box: Box, room: _Room, wish: Wish, size_px: float) -> Block:
    size, lines = _least_torn(paragraph, room, wish, size_px)
    grid = Grid(size, wish.pitch, wish.is_vertical, wish.align)
    return _nudged(stand(paragraph, lines, grid, _inner(box, grid, len(lines), wish)), box)


def _least_torn(paragraph: Paragraph, room: _Room, wish: Wish, size_px: float) -> tuple[float, Lines]:
    """The size, within the wish's patience, at which the fewest lines end inside a clause."""
    found: list[tuple[int, float, Lines]] = []
    size, least = size_px, max(wish.patience * size_px, wish.smallest_px)
    while not found or (found[-1][0] and size >= least):
        measure, most = room.measure(size, wish), room.lines(size, wish)
        lines = best_fit(paragraph, measure, most, wish.taste) or first_fit(paragraph, measure) or []
        found.append((torn(paragraph, lines) if wish.patience < 1.0 else 0, size, lines))
        size *= _STEP
    _, size, lines = min(found, key=lambda one: (one[0], -one[1]))
    return size, lines


def _is_inside(block: Block, box: Box) -> bool:
    ink = block.ink
    return ink is None or (
        ink.left >= box.left - _HAIR
        and ink.top >= box.top - _HAIR
        and ink.right <= box.right + _HAIR
        and ink.bottom <= box.bottom + _HAIR
    )


def _nudged(block: Block, box: Box) -> Block:
    """Moved the little that brings overhanging ink back inside, where it can be."""
    ink = block.ink
    if ink is None or _is_inside(block, box):
        return block
    right = max(0.0, box.left - ink.left) - max(0.0, ink.right - box.right)
    down = max(0.0, box.top - ink.top) - max(0.0, ink.bottom - box.bottom)
    return block.moved(right, down)


def _room(box: Box, wish: Wish) -> _Room:
    width, height = box.right - box.left, box.bottom - box.top
    return _Room(height, width) if wish.is_vertical else _Room(width, height)


def _largest(paragraph: Paragraph, room: _Room, wish: Wish) -> float:
    """Bisect whole sizes between the wished ones; shrink further when even the smallest is too large."""
    low, high = int(wish.smallest_px), int(wish.largest_px)
    if _fits(paragraph, room, wish, high) is not None:
        return float(high)
    size = float(low)
    while _fits(paragraph, room, wish, size) is None and size > _FLOOR_PX:
        size *= _SHRINK
    if size < low:
        return size
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _fits(paragraph, room, wish, middle) is not None else (low, middle)
    return float(low)


def _fits(paragraph: Paragraph, room: _Room, wish: Wish, size_px: float) -> Lines | None:
    lines = first_fit(paragraph, room.measure(size_px, wish))
    return lines if lines is not None and len(lines) <= room.lines(size_px, wish) else None


def _inner(box: Box, grid: Grid, lines: int, wish: Wish) -> Box:
    """The part of the box that the lines take, at the wished side of it."""
    depth = grid.depth_px(lines)
    if grid.is_vertical:
        free = box.right - box.left - depth
        shift = {Align.START: 0.0, Align.CENTRE: free / 2, Align.END: free}[wish.across]
        return replace(box, right=box.right - shift)
    free = box.bottom - box.top - depth
    shift = {Align.START: 0.0, Align.CENTRE: free / 2, Align.END: free}[wish.across]
    return replace(box, top=box.top + shift)
