"""Small things drawn from a few lines: key-pattern corners, a hairline with a lozenge."""

from typing import Final

import skia

from generators.contracts import Box

# The fret 回 of a corner, in units of its stroke's pitch, from the outer corner inwards.
_FRET: Final = ((0, 7), (0, 0), (7, 0), (7, 3), (3, 3), (3, 7), (0, 7))
_INNER: Final = ((1.5, 5.5), (1.5, 1.5), (5.5, 1.5))
_UNIT_PX: Final = 11.0
_LOZENGE_PX: Final = 6.0


def draw_corners(canvas: skia.Canvas, box: Box, stroke: skia.Paint) -> None:
    """A fret in each corner of the box and a line between every two."""
    reach = 7 * _UNIT_PX
    for x, y, across, down in (
        (box.left, box.top, 1, 1),
        (box.right, box.top, -1, 1),
        (box.right, box.bottom, -1, -1),
        (box.left, box.bottom, 1, -1),
    ):
        for line in (_FRET, _INNER):
            path = skia.Path()
            for number, (right, below) in enumerate(line):
                at = (x + across * right * _UNIT_PX, y + down * below * _UNIT_PX)
                path.lineTo(*at) if number else path.moveTo(*at)
            canvas.drawPath(path, stroke)
    for y in (box.top, box.bottom):
        canvas.drawLine(box.left + reach, y, box.right - reach, y, stroke)
    for x in (box.left, box.right):
        canvas.drawLine(x, box.top + reach, x, box.bottom - reach, stroke)


def draw_rule(canvas: skia.Canvas, box: Box, fill: skia.Paint) -> None:
    """A hairline along the longer side of the box, through its middle, a lozenge at its centre."""
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    is_wide = box.right - box.left >= box.bottom - box.top
    half = (box.right - box.left if is_wide else box.bottom - box.top) / 2
    canvas.save()
    canvas.translate(x, y)
    if not is_wide:
        canvas.rotate(90)
    gap = 2.6 * _LOZENGE_PX
    for side in (-1, 1):
        start, end = sorted((side * gap, side * half))
        canvas.drawRect(skia.Rect.MakeLTRB(start, -0.8, end, 0.8), fill)
    path = skia.Path()
    path.moveTo(0, -_LOZENGE_PX)
    path.lineTo(_LOZENGE_PX, 0)
    path.lineTo(0, _LOZENGE_PX)
    path.lineTo(-_LOZENGE_PX, 0)
    path.close()
    canvas.drawPath(path, fill)
    canvas.restore()
