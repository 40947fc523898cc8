"""The outlines that windows, photos and sheets may have."""

import math
from typing import Final

import skia

from generators.backends.studio.card.page import HEIGHT_PX, WIDTH_PX
from generators.backends.studio.card.templates.entry import Area, Layer
from generators.contracts import Box

_TOOTH_PX: Final = 15.0  # radius of a stamp's perforation
_NOTCH_PX: Final = 34.0
_FAN_DEGREES: Final = 124.0
_FAN_INNER: Final = 0.4  # where the ribs begin, as a share of the radius


def in_pixels(area: Area) -> Box:
    """A template's fractions as whole pixels."""
    left, top, right, bottom = area
    return Box(
        float(round(left * WIDTH_PX)),
        float(round(top * HEIGHT_PX)),
        float(round(right * WIDTH_PX)),
        float(round(bottom * HEIGHT_PX)),
    )


def outline(layer: Layer, box: Box) -> skia.Path:
    """The layer's shape in a box."""
    return _OUTLINES[layer.shape](box, layer.corner_px)


def _rect(box: Box) -> skia.Rect:
    return skia.Rect.MakeLTRB(box.left, box.top, box.right, box.bottom)


def _rectangle(box: Box, _: float) -> skia.Path:
    path = skia.Path()
    path.addRect(_rect(box))
    return path


def _rounded(box: Box, corner_px: float) -> skia.Path:
    path = skia.Path()
    path.addRoundRect(_rect(box), corner_px, corner_px)
    return path


def _oval(box: Box, _: float) -> skia.Path:
    path = skia.Path()
    path.addOval(_rect(box))
    return path


def _arch(box: Box, _: float) -> skia.Path:
    """A round top on straight sides, as in garden gates."""
    radius = min((box.right - box.left) / 2, (box.bottom - box.top))
    path = skia.Path()
    path.moveTo(box.left, box.bottom)
    path.lineTo(box.left, box.top + radius)
    dome = skia.Rect.MakeLTRB(box.left, box.top, box.right, box.top + 2 * radius)
    path.arcTo(dome, startAngle=180, sweepAngle=180, forceMoveTo=False)
    path.lineTo(box.right, box.bottom)
    path.close()
    return path


def _fan(box: Box, _: float) -> skia.Path:
    """An open folding fan, as wide as its box: its leaf between two arcs, standing on the box's top."""
    half = math.radians(_FAN_DEGREES / 2)
    radius = (box.right - box.left) / 2 / math.sin(half)
    inner = radius * _FAN_INNER
    middle, pivot = (box.left + box.right) / 2, box.top + radius
    start = -90 - _FAN_DEGREES / 2
    path = skia.Path()
    outer_arc, inner_arc = _around(middle, pivot, radius), _around(middle, pivot, inner)
    path.arcTo(outer_arc, startAngle=start, sweepAngle=_FAN_DEGREES, forceMoveTo=True)
    path.arcTo(inner_arc, startAngle=start + _FAN_DEGREES, sweepAngle=-_FAN_DEGREES, forceMoveTo=False)
    path.close()
    return path


def _stamp(box: Box, _: float) -> skia.Path:
    """A postage stamp: half circles bitten out of every edge, a whole number along each."""
    bites = skia.Path()
    for along_x, start, end, fixed in (
        (True, box.left, box.right, box.top),
        (True, box.left, box.right, box.bottom),
        (False, box.top, box.bottom, box.left),
        (False, box.top, box.bottom, box.right),
    ):
        count = max(1, round((end - start) / (2.6 * _TOOTH_PX)))
        step = (end - start) / count
        for number in range(count):
            at = start + (number + 0.5) * step
            bites.addCircle(*((at, fixed) if along_x else (fixed, at)), 0.62 * _TOOTH_PX)
    return _cut(_rectangle(box, 0), bites)


def _ticket(box: Box, _: float) -> skia.Path:
    """A sheet whose corners are bitten round, as old labels are."""
    bites = skia.Path()
    for x in (box.left, box.right):
        for y in (box.top, box.bottom):
            bites.addCircle(x, y, _NOTCH_PX)
    return _cut(_rectangle(box, 0), bites)


def _cut(path: skia.Path, bites: skia.Path) -> skia.Path:
    left = skia.Op(path, bites, skia.PathOp.kDifference_PathOp)
    return path if left is None else left


def _around(x: float, y: float, radius: float) -> skia.Rect:
    return skia.Rect.MakeLTRB(x - radius, y - radius, x + radius, y + radius)


_OUTLINES: Final = {
    "rectangle": _rectangle,
    "rounded": _rounded,
    "oval": _oval,
    "arch": _arch,
    "fan": _fan,
    "stamp": _stamp,
    "ticket": _ticket,
}
