"""One loaded font: what it covers, how HarfBuzz shapes it, how Skia draws it."""

import functools
from dataclasses import dataclass, field
from pathlib import Path

import skia
import uharfbuzz as hb

Extents = tuple[float, float, float, float]  # left, top, right, bottom in em; y grows downwards


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face shared by all text of a process. Units are em: multiply by the size in px."""

    id: str
    shaper: hb.Font = field(repr=False)  # scaled to units_per_em
    typeface: skia.Typeface = field(repr=False)
    units_per_em: int
    _covered: hb.Set = field(repr=False)  # code points
    _extents: dict[int, Extents] = field(default_factory=dict, repr=False)

    def covers(self, text: str) -> bool:
        """Whether every character has a glyph."""
        return all(ord(char) in self._covered for char in text)

    def extents(self, glyph: int) -> Extents:
        """The glyph's ink relative to its origin on the baseline, in em; all 0 for blanks."""
        known = self._extents.get(glyph)
        if known is None:
            known = self._extents[glyph] = self._measure(glyph)
        return known

    def _measure(self, glyph: int) -> Extents:
        ink = self.shaper.get_glyph_extents(glyph)
        if ink is None:
            return (0.0, 0.0, 0.0, 0.0)
        unit = self.units_per_em
        left, top = ink.x_bearing / unit, -ink.y_bearing / unit
        return (left, top, left + ink.width / unit, top - ink.height / unit)

    def font(self, size_px: float) -> skia.Font:
        """A skia.Font that draws unhinted, so that ink scales exactly with `size_px`."""
        font = skia.Font(self.typeface, size_px)
        font.setSubpixel(True)
        font.setHinting(skia.FontHinting.kNone)
        font.setEdging(skia.Font.Edging.kAntiAlias)
        font.setEmbeddedBitmaps(True)
        font.setBaselineSnap(False)
        return font


@functools.lru_cache(maxsize=64)
def open_face(font_id: str, path: Path, index: int = 0, weight: int | None = None) -> Face:
    """Load a font file; `weight` picks an instance of a variable font.

    Raises: OSError when it is not a font that can be read.
    """
    shaper = hb.Font(hb.Face(hb.Blob.from_file_path(str(path)), index))
    typeface = _library().makeFromFile(str(path), index)
    if typeface is None:
        raise OSError(f"not a readable font: {path}")
    if weight is not None:
        shaper.set_variations({"wght": weight})
        typeface = _instance(typeface, weight)
    return Face(font_id, shaper, typeface, shaper.face.upem, shaper.face.unicodes)


def _instance(typeface: skia.Typeface, weight: int) -> skia.Typeface:
    position = skia.FontArguments.VariationPosition
    # Skia copies none of these: each must stay alive until the clone is made.
    axes = position.Coordinates([position.Coordinate(int.from_bytes(b"wght", "big"), weight)])
    place = position(axes)
    arguments = skia.FontArguments()
    arguments.setVariationDesignPosition(place)
    return typeface.makeClone(arguments)


@functools.cache
def _library() -> skia.FontMgr:
    """Skia's own loader. The default one starts fontconfig, which scans the machine and warns."""
    return skia.FontMgr.New_Custom_Empty()
