"""A covered skiff with its boatman."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import skia

from generators.backends.studio.art.brush import curve, line_tint, polygon, tint
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.motifs.lights import draw_glow
from generators.backends.studio.art.painting import RGB

# Shapes in boat lengths, bow to the right, (0, 0) in the middle of the waterline.
_DECK: Final = ((0.54, -0.105), (0.3, -0.045), (0.0, -0.03), (-0.3, -0.045), (-0.5, -0.1))
_KEEL: Final = ((-0.5, -0.1), (-0.34, 0.012), (0.0, 0.022), (0.36, 0.01), (0.54, -0.105))
_AWNING: Final = ((-0.06, -0.03), (-0.03, -0.145), (0.09, -0.178), (0.21, -0.14), (0.245, -0.03))
_SHADOW: Final = ((-0.42, 0.01), (0.0, 0.075), (0.44, 0.01))
_RIPPLES: Final = ((0.10, 0.30, 0.16), (0.15, 0.18, 0.10))  # depth, half width, opacity
_ROBE: Final = ((-0.342, -0.03), (-0.295, -0.17), (-0.265, -0.21), (-0.235, -0.17), (-0.26, -0.03))
_HAT: Final = ((-0.34, -0.2), (-0.265, -0.265), (-0.19, -0.2))
_POLE: Final = (-0.18, -0.35, -0.5, 0.05)
_LAMP: Final = (0.29, -0.1)


@dataclass(frozen=True, slots=True)
class Boat:
    """x, y: the middle of its waterline; heading 1 sails right, -1 left; lamp None by day."""

    x: float
    y: float
    length_px: float
    heading: int
    ink: RGB
    lamp: RGB | None


def draw_boat(easel: Easel, boat: Boat) -> None:
    canvas, ink = easel.canvas, boat.ink
    canvas.save()
    canvas.translate(boat.x, boat.y)
    canvas.scale(boat.length_px * boat.heading, boat.length_px)
    canvas.drawPath(polygon(curve(_SHADOW, 14)), tint(ink, 0.22))
    for depth, half, alpha in _RIPPLES:
        canvas.drawLine(-half, depth, half, depth, line_tint(ink, 0.012, alpha))
    canvas.drawPath(polygon(np.vstack([curve(_DECK, 20), curve(_KEEL, 20)])), tint(ink, 0.95))
    canvas.drawPath(polygon(curve(_AWNING, 20)), tint(ink, 0.86))
    if boat.lamp is not None:
        draw_glow(canvas, *_LAMP, 0.3, boat.lamp, 0.85)
        canvas.drawCircle(*_LAMP, 0.022, tint(boat.lamp))
    _draw_boatman(canvas, ink, boat.length_px)
    canvas.restore()


def _draw_boatman(canvas: skia.Canvas, ink: RGB, length_px: float) -> None:
    """A cloaked figure in a wide hat, leaning on a pole."""
    canvas.drawPath(polygon(curve(_ROBE, 18)), tint(ink, 0.95))
    canvas.drawPath(polygon(np.array(_HAT)), tint(ink))
    canvas.drawLine(*_POLE, line_tint(ink, max(0.8 / length_px, 0.011), 0.9))
