"""Quiet the background under the words: nothing, a mist, or a sheet of letter paper, as it needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import cv2
import numpy as np
import skia

from generators.backends.studio.art.painting import RGB, Palette
from generators.backends.studio.card.buffers import borrow
from generators.backends.studio.card.contrast import CellMap, Floats, lowest, luminance, map_cells, ratios
from generators.contracts import Box, Pixels

_WANTED_RATIO: Final = 5.4  # a little above what the law of the eye asks
_CALM: Final = 0.02  # how far cells may differ from their neighbours before words suffer
_STEP: Final = 8  # mist is made at an eighth of the size
_SOFT_PX: Final = 44.0
_PAD_PX: Final = 54.0  # around a line: more than the softness, so that the mist is whole under the ink
_NOTHING: Final = 0.004
_TOLERANCE_PX: Final = 12.0
_MISTS: Final = (0.4, 0.55, 0.7, 0.82)
_SHEET_OPACITY: Final = 0.9


class Cover(StrEnum):
    NONE = "none"
    MIST = "mist"
    SHEET = "sheet"


@dataclass(frozen=True, slots=True)
class Quieting:
    """`lines` are those that stand in the mist."""

    cover: Cover
    opacity: float = 0.0
    lines: tuple[Box, ...] = ()


def judge(pixels: Pixels, blocks: Sequence[Sequence[Box]], palette: Palette, calm: Box) -> Quieting:
    """The least cover that makes every line of every block (given as ink boxes) legible and calm.

    Words that stand where the painter promised no calm get a mist at the least.
    """
    seen = map_cells(pixels, [line for block in blocks for line in block])
    paper = np.asarray(palette.paper, dtype=np.float32)
    pending = list(blocks)
    for opacity in (0.0, *_MISTS):
        light = luminance((seen.colours[..., :3] * (1 - opacity) + paper * opacity).astype(np.uint8))
        view = _View(ratios(light, palette.ink), _unrest(light))
        unready = [block for block in pending if not _is_ready(block, seen, view, calm, opacity)]
        if not unready:
            return Quieting(
                Cover.MIST if opacity else Cover.NONE, opacity, _lines(pending if opacity else ())
            )
        pending = unready if not opacity else pending
    return Quieting(Cover.SHEET, _SHEET_OPACITY)


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """Cell by cell: contrast of the ink, and how far the cell differs from its neighbours, squared."""

    ratio: Floats
    unrest: Floats


def _is_ready(lines: Sequence[Box], seen: CellMap, view: _View, calm: Box, opacity: float) -> bool:
    for line in lines:
        if not opacity and not _contains(calm, line):
            return False
        window = seen.window(line)
        if lowest(view.ratio[window], 0.01) < _WANTED_RATIO:
            return False
        if float(np.mean(view.unrest[window])) > _CALM**2:
            return False
    return True


def _unrest(light: Floats) -> Floats:
    """Squared difference from the neighbours in lightness 0..1; slow gradients do not count."""
    lightness = np.sqrt(light)
    return np.square(lightness - cv2.blur(lightness, (5, 5)), dtype=np.float32)


def _lines(blocks: Sequence[Sequence[Box]]) -> tuple[Box, ...]:
    return tuple(line for block in blocks for line in block)


def _contains(calm: Box, line: Box) -> bool:
    return (
        line.left >= calm.left - _TOLERANCE_PX
        and line.right <= calm.right + _TOLERANCE_PX
        and line.top >= calm.top - _TOLERANCE_PX
        and line.bottom <= calm.bottom + _TOLERANCE_PX
    )


def lay_mist(pixels: Pixels, lines: Sequence[Box], paper: RGB, opacity: float) -> None:
    """Blend paper colour around the lines into RGBA pixels, in place; soft at every edge."""
    height, width = pixels.shape[:2]
    mask = np.zeros((height // _STEP, width // _STEP), np.float32)
    for line in lines:
        top, bottom = int((line.top - _PAD_PX) / _STEP), int((line.bottom + _PAD_PX) / _STEP) + 1
        left, right = int((line.left - _PAD_PX) / _STEP), int((line.right + _PAD_PX) / _STEP) + 1
        mask[max(0, top) : bottom, max(0, left) : right] = 1.0
    mask = cv2.GaussianBlur(mask, (0, 0), _SOFT_PX / _STEP)
    # Inside the words the mist is even: the blur's slope lies outside of them.
    mask = np.minimum(mask * 1.35, 1.0) * opacity
    rows, columns = np.flatnonzero(mask.max(axis=1) > _NOTHING), np.flatnonzero(mask.max(axis=0) > _NOTHING)
    (first, last), (start, end) = (rows[0], rows[-1] + 1), (columns[0], columns[-1] + 1)
    band = pixels[first * _STEP : last * _STEP, start * _STEP : end * _STEP]
    _blend(band, mask[first:last, start:end], paper)


def _blend(band: Pixels, mask: Floats, paper: RGB) -> None:
    """band = band * (1 - mask) + paper * mask, in bytes: two passes over the pixels."""
    height, width = band.shape[:2]
    light = np.dstack([mask * channel for channel in paper] + [mask * 255]).round().astype(np.uint8)
    added = cv2.resize(
        light, (width, height), dst=borrow("added", height, width, 4), interpolation=cv2.INTER_LINEAR
    )
    kept = cv2.bitwise_not(cv2.extractChannel(added, 3, borrow("alpha", height, width, 1)))
    weights = cv2.merge([kept, kept, kept, kept], borrow("weights", height, width, 4))
    cv2.multiply(band, weights, dst=band, scale=1 / 255)
    cv2.add(band, added, dst=band)


def lay_sheet(canvas: skia.Canvas, sheet: Box, palette: Palette, opacity: float) -> None:
    """A sheet of letter paper: soft shadow, translucent paper, a double frame in the seal's colour."""
    outer = skia.Rect.MakeLTRB(sheet.left, sheet.top, sheet.right, sheet.bottom)
    for spread in range(10, 0, -2):
        shadow = skia.RRect.MakeRectXY(outer.makeOutset(spread, spread).makeOffset(0, 4), 10, 10)
        canvas.drawRRect(shadow, skia.Paint(AntiAlias=True, Color=skia.Color(0, 0, 0, 8)))
    canvas.drawRRect(skia.RRect.MakeRectXY(outer, 6, 6), _paint(palette.paper, opacity))
    for inset, width, strength in ((16, 2.4, 0.62), (23, 1.0, 0.5)):
        line = _paint(palette.seal, strength)
        line.setStyle(skia.Paint.kStroke_Style)
        line.setStrokeWidth(width)
        canvas.drawRect(outer.makeInset(inset, inset), line)


def _paint(colour: RGB, opacity: float) -> skia.Paint:
    red, green, blue = colour
    return skia.Paint(AntiAlias=True, Color=skia.Color(red, green, blue, round(opacity * 255)))
