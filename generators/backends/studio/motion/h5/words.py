"""Set words as SVG text that stands exactly where the card's typesetter put it."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

import regex

from generators.backends.studio.motion.h5.fonts import FontCase
from generators.fonts.faces import Face
from generators.typesetting.block import Block, Placed, Span

EMOJI_FACE: Final = "noto-color-emoji"
_BASIC: Final = regex.compile(r"[\u0000-\ud7ff\ue000-\uffff]")  # what every browser counts as one position


@dataclass(frozen=True, slots=True)
class Line:
    """One line or column as SVG elements, and the emoji on it, which are drawn apart."""

    svg: str
    emoji: tuple[Placed, ...]


def spell(block: Block, case: FontCase, *, with_emoji: bool = False) -> Iterator[Line]:
    """The lines of a block in reading order; `with_emoji` leaves emoji to the reader's own device."""
    for _, spans in itertools.groupby(block.spans, key=lambda span: span.line):
        yield _line(block, list(spans), case, with_emoji=with_emoji)


def _line(block: Block, spans: Sequence[Span], case: FontCase, *, with_emoji: bool) -> Line:
    parts: list[str] = []
    emoji: list[Placed] = []
    for is_square, group in itertools.groupby(spans, key=lambda span: _is_square(block, span)):
        shown = [(span, block.glyphs[span.start : span.end]) for span in group if span.end > span.start]
        colour = [glyphs for _, glyphs in shown if glyphs[0].face.id == EMOJI_FACE]
        emoji += [glyph for glyphs in colour for glyph in glyphs]
        if with_emoji:
            parts += [_emoji(span, glyphs) for span, glyphs in shown if glyphs[0].face.id == EMOJI_FACE]
        rest = [(span, glyphs) for span, glyphs in shown if glyphs[0].face.id != EMOJI_FACE]
        parts += _row(rest, case) if is_square else [_word(span, glyphs, case) for span, glyphs in rest]
    return Line("".join(parts), tuple(emoji))


def _is_square(block: Block, span: Span) -> bool:
    """One character with one glyph, upright and in its usual form: such ones share an element."""
    glyphs = block.glyphs[span.start : span.end]
    is_one = len(glyphs) == 1 and len(span.text) == 1 and _BASIC.fullmatch(span.text) is not None
    return is_one and not glyphs[0].turned and _is_usual(glyphs[0], span.text)


def _is_usual(glyph: Placed, char: str) -> bool:
    nominal: int | None = glyph.face.shaper.get_nominal_glyph(ord(char))
    return nominal == glyph.id


def _row(shown: Iterable[tuple[Span, Sequence[Placed]]], case: FontCase) -> Iterator[str]:
    """Single characters, each at its own place, by face and size in one element."""
    for (face, size), group in itertools.groupby(shown, key=lambda one: (one[1][0].face, one[1][0].size_px)):
        pairs = list(group)
        text = "".join(span.text for span, _ in pairs)
        family = case.family_of(face, text)
        lefts, tops = [glyphs[0].x for _, glyphs in pairs], [glyphs[0].y for _, glyphs in pairs]
        place = f'x="{_list(lefts)}" y="{_list(tops)}"'
        yield f'<text {place} font-size="{_short(size)}" font-family="{family}">{escape(text)}</text>'


def _word(span: Span, glyphs: Sequence[Placed], case: FontCase) -> str:
    """A word, which the browser shapes itself from where it starts."""
    first = min(glyphs, key=lambda glyph: glyph.y if glyph.turned else glyph.x)
    faces = list(dict.fromkeys(glyph.face for glyph in glyphs))
    family = ",".join(case.family_of(face, _covered(face, span.text)) for face in faces)
    look = f'font-size="{_short(first.size_px)}" font-family="{family}"'
    if any(not _has_usual(glyph, span.text) for glyph in glyphs) and len(span.text) <= 2 and not span.is_rtl:
        look += ' class="v"'  # the form for columns, which rows do not ask for by themselves
    if first.turned:
        place = f'transform="translate({_short(first.x)} {_short(first.y)}) rotate(90)"'
    else:
        place = f'x="{_short(first.x)}" y="{_short(first.y)}"'
    return f"<text {place} {look}>{escape(span.text)}</text>"


def _emoji(span: Span, glyphs: Sequence[Placed]) -> str:
    place = f'x="{_short(glyphs[0].x)}" y="{_short(glyphs[0].y)}" font-size="{_short(glyphs[0].size_px)}"'
    return f'<text {place} font-family="sans-serif">{escape(span.text)}</text>'


def _has_usual(glyph: Placed, text: str) -> bool:
    return any(_is_usual(glyph, char) for char in text)


def _covered(face: Face, text: str) -> str:
    """The characters of a mixed word that this face sets."""
    return "".join(char for char in text if face.covers(char))


def _list(places: Sequence[float]) -> str:
    """One number where all are the same: the browser then moves on along the other axis only."""
    return " ".join(_short(place) for place in places)


def _short(number: float) -> str:
    return f"{number:.1f}".rstrip("0").rstrip(".")
