"""HarfBuzz shaping of one piece of text in one face, remembered, in em."""

import functools
from dataclasses import dataclass
from typing import Final

import uharfbuzz as hb

from generators.fonts.faces import Face

BASELINE: Final = 0.88  # em from the top of an ideograph's square to its baseline
_FULL_WIDTH: Final = 0.9  # an advance above it means a full-width design


@dataclass(frozen=True, slots=True)
class Shaped:
    """Glyph ids with their offsets from the pen's start, y downwards, and the total advance, in em."""

    glyphs: tuple[tuple[int, float, float], ...]
    advance: float


@functools.lru_cache(maxsize=8192)
def shape_across(face: Face, text: str, *, is_rtl: bool = False, has_ligatures: bool = True) -> Shaped:
    """Shape a horizontal run; glyphs come in visual order, left to right."""
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.direction = "rtl" if is_rtl else "ltr"
    hb.shape(face.shaper, buffer, {"liga": has_ligatures, "clig": has_ligatures})
    unit, pen = face.units_per_em, 0.0
    glyphs = []
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        glyphs.append((info.codepoint, pen + position.x_offset / unit, -position.y_offset / unit))
        pen += position.x_advance / unit
    return Shaped(tuple(glyphs), pen)


@functools.lru_cache(maxsize=8192)
def shape_down(face: Face, cluster: str) -> tuple[Shaped, bool]:
    """Shape one character for a column; x is relative to the column's centre, y to its top.

    Full-width characters take exactly one em. Returns also whether the font gave a vertical form.
    """
    buffer = hb.Buffer()
    buffer.add_str(cluster)
    buffer.guess_segment_properties()
    buffer.direction = "ttb"
    buffer.language = "zh-Hans"
    hb.shape(face.shaper, buffer)
    across = shape_across(face, cluster)
    ids = tuple(info.codepoint for info in buffer.glyph_infos)
    has_form = ids != tuple(glyph for glyph, _, _ in across.glyphs)
    if not has_form:
        # Our own square: fonts without vertical metrics would centre every ink differently.
        glyphs = tuple((glyph, x - across.advance / 2, BASELINE + y) for glyph, x, y in across.glyphs)
        return Shaped(glyphs, 1.0), False
    unit, pen = face.units_per_em, 0.0
    placed = []
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        placed.append((info.codepoint, position.x_offset / unit, pen - position.y_offset / unit))
        pen -= position.y_advance / unit
    return Shaped(tuple(placed), pen if abs(pen) > _FULL_WIDTH else 1.0), True
