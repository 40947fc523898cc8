"""From text to atoms: cut, choose faces, shape, and stand the pieces across a line or down a column."""

import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from generators.fonts.faces import Extents, Face
from generators.fonts.voices import Voice
from generators.typesetting.atoms import Atom, Form, Glyph, ink_of
from generators.typesetting.classes import Manner
from generators.typesetting.pieces import Cluster, Cutter, Piece, break_words, halve
from generators.typesetting.shaping import BASELINE, shape_across, shape_down
from generators.typesetting.wording import clean

_MIDDLE: Final = -0.38  # em from the baseline up to the middle of an ideograph
_LATIN_MIDDLE: Final = -0.30  # the same for letters: between x-height and capitals
_EMOJI_EM: Final = 1.0  # what an emoji takes along the line
_BEARING: Final = 0.06  # em of air that stays beside squeezed punctuation
_SQUEEZE: Final = 0.5  # em, the blank half of full-width punctuation
_UPRIGHT: Final = 2  # digits set side by side in a column

Clusters = tuple[Cluster, ...]


@dataclass(frozen=True, slots=True)
class Composition:
    """Atoms in reading order; `replaced` are the characters that no font has, as they were given."""

    atoms: tuple[Atom, ...]
    replaced: tuple[str, ...]


def compose(
    text: str,
    voice: Voice,
    *,
    is_vertical: bool = False,
    is_latin_text: bool = False,
    longest_em: float = 1e6,
) -> Composition:
    """Shape a text for lines (or columns).

    longest_em: words longer than this are broken inside; nothing else may be longer than a line.
    """
    wanted = clean(text)
    cutter = Cutter(voice.for_text(wanted), is_latin_text)
    atoms = [
        atom
        for piece in cutter.cut(wanted)
        for part in break_words(piece)
        for atom in _within(part, longest_em, is_vertical=is_vertical)
    ]
    return Composition(tuple(atoms), tuple(cutter.replaced))


def _within(piece: Piece, longest_em: float, *, is_vertical: bool) -> Iterator[Atom]:
    """The piece as one atom, or as several when it is a word longer than a line."""
    clusters = tuple(piece.clusters)
    if is_vertical:
        form = _in_column(piece.manner, clusters, may_stand=not piece.joined)
    else:
        form = _in_row(piece.manner, clusters)
    if form.advance <= longest_em or len(clusters) == 1 or piece.manner is Manner.DASH:
        yield Atom(piece.manner, piece.text, form, piece.space, piece.newline, piece.joined)
        return
    for half in halve(piece):
        yield from _within(half, longest_em, is_vertical=is_vertical)


@functools.lru_cache(maxsize=16384)
def _in_row(manner: Manner, clusters: Clusters) -> Form:
    """Stand a piece on a baseline."""
    if manner is Manner.EMOJI:
        glyphs, advance = _emoji(clusters[0])
        middle = _middle_of_ink(glyphs)
        glyphs = tuple(_moved(glyph, 0.0, _MIDDLE - middle) for glyph in glyphs)
    else:
        glyphs, advance = _run(manner, clusters)
    ink = ink_of(glyphs)
    front, back = _blanks(manner, ink, advance, axis=0)
    return Form(glyphs, advance, front, back, ink)


@functools.lru_cache(maxsize=16384)
def _in_column(manner: Manner, clusters: Clusters, *, may_stand: bool) -> Form:
    """Stand a piece in a column: ideographs upright, words turned, short numbers side by side."""
    if manner is Manner.EMOJI:
        glyphs, advance = _emoji(clusters[0])
        middle = _middle_of_ink(glyphs)
        glyphs = tuple(_moved(glyph, -advance / 2, 0.5 - middle) for glyph in glyphs)
        return Form(glyphs, 1.0, ink=ink_of(glyphs))
    if manner is Manner.WORD and may_stand and _is_upright(clusters):
        glyphs = _side_by_side(clusters)
        return Form(glyphs, 1.0, ink=ink_of(glyphs))
    if manner in (Manner.WORD, Manner.RTL):
        glyphs, advance = _run(manner, clusters)
        glyphs = tuple(
            Glyph(glyph.face, glyph.id, _LATIN_MIDDLE - glyph.y, glyph.x, glyph.scale, turned=True)
            for glyph in glyphs
        )
        return Form(glyphs, advance, ink=ink_of(glyphs))
    glyphs, advance = _down(manner, clusters)
    ink = ink_of(glyphs)
    front, back = _blanks(manner, ink, advance, axis=1)
    return Form(glyphs, advance, front, back, ink)


def _runs(manner: Manner, clusters: Clusters) -> Iterator[tuple[Face, str]]:
    """Stretches set in one face, in visual order."""
    groups = itertools.groupby(clusters, key=lambda cluster: cluster.face)
    runs = [(face, "".join(cluster.text for cluster in group)) for face, group in groups]
    return iter(reversed(runs)) if manner is Manner.RTL else iter(runs)


def _run(manner: Manner, clusters: Clusters) -> tuple[tuple[Glyph, ...], float]:
    pen, glyphs = 0.0, []
    for face, text in _runs(manner, clusters):
        shaped = shape_across(face, text, is_rtl=manner is Manner.RTL)
        glyphs += [Glyph(face, glyph, pen + x, y) for glyph, x, y in shaped.glyphs]
        pen += shaped.advance
    return tuple(glyphs), pen


def _emoji(cluster: Cluster) -> tuple[tuple[Glyph, ...], float]:
    """Emoji fonts are drawn wider than an em; bring them to the text's size."""
    shaped = shape_across(cluster.face, cluster.text)
    count = max(1, sum(1 for glyph, _, _ in shaped.glyphs if glyph))
    scale = _EMOJI_EM * count / shaped.advance if shaped.advance else 1.0
    glyphs = tuple(Glyph(cluster.face, glyph, x * scale, y * scale, scale) for glyph, x, y in shaped.glyphs)
    return glyphs, _EMOJI_EM * count


def _down(manner: Manner, clusters: Clusters) -> tuple[tuple[Glyph, ...], float]:
    top, glyphs = 0.0, []
    for cluster in clusters:
        shaped, has_form = shape_down(cluster.face, cluster.text)
        placed = [Glyph(cluster.face, glyph, x, top + y) for glyph, x, y in shaped.glyphs]
        if not has_form:
            placed = [_without_form(manner, glyph, cluster, top) for glyph in placed]
        glyphs += placed
        top += shaped.advance
    return tuple(glyphs), top


def _without_form(manner: Manner, glyph: Glyph, cluster: Cluster, top: float) -> Glyph:
    """What a font without a vertical form needs: brackets and dashes turned, stops moved to a corner."""
    if manner is Manner.DASH or (
        manner in (Manner.OPEN, Manner.CLOSE) and cluster.text not in "，。、．；：！？"
    ):
        half = shape_across(cluster.face, cluster.text).advance / 2
        return Glyph(glyph.face, glyph.id, _MIDDLE, top + 0.5 - half, turned=True)
    if cluster.text in "，。、．":
        left, up, right, down = glyph.ink()
        return _moved(glyph, 0.25 - (left + right) / 2, top + 0.25 - (up + down) / 2)
    return glyph


def _is_upright(clusters: Clusters) -> bool:
    """One capital letter or up to two digits read upright in a column."""
    text = "".join(cluster.text for cluster in clusters)
    if not text.isascii():
        return False
    return (text.isdigit() and len(text) <= _UPRIGHT) or (len(text) == 1 and not text.islower())


def _side_by_side(clusters: Clusters) -> tuple[Glyph, ...]:
    glyphs, advance = _run(Manner.WORD, clusters)
    scale = min(1.0, 0.96 / advance) if advance else 1.0
    return tuple(
        Glyph(glyph.face, glyph.id, (glyph.x - advance / 2) * scale, BASELINE - 0.05 + glyph.y * scale, scale)
        for glyph in glyphs
    )


def _moved(glyph: Glyph, x: float, y: float) -> Glyph:
    return Glyph(glyph.face, glyph.id, glyph.x + x, glyph.y + y, glyph.scale, glyph.turned)


def _middle_of_ink(glyphs: tuple[Glyph, ...]) -> float:
    ink = ink_of(glyphs)
    return (ink[1] + ink[3]) / 2 if ink else 0.0


def _blanks(manner: Manner, ink: Extents | None, advance: float, *, axis: int) -> tuple[float, float]:
    """Em that may be squeezed out in front and behind, measured on the ink of this very font.

    Measured rather than asked of `halt`/`chws`: half of our fonts lack them, and all should space alike.
    """
    if ink is None or manner not in (Manner.OPEN, Manner.CLOSE):
        return 0.0, 0.0
    if manner is Manner.OPEN:
        return max(0.0, min(_SQUEEZE, ink[axis] - _BEARING)), 0.0
    return 0.0, max(0.0, min(_SQUEEZE, advance - ink[axis + 2] - _BEARING))
