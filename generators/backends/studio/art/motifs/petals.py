"""Petals on the wind."""

import numpy as np
import skia

from generators.backends.studio.art.brush import tint
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.painting import RGB


def draw_petals(
    easel: Easel, rng: np.random.Generator, *, count: int, size_px: float, colours: tuple[RGB, RGB]
) -> None:
    """Scatter petals that all drift one way; none lies in the calm area."""
    wind = float(rng.uniform(-40.0, 40.0))
    for x, y, turn, near in rng.random((count, 4)).tolist():
        left, top = x * easel.width, y * easel.height
        calm = easel.calm
        if (
            calm.left - size_px < left < calm.right + size_px
            and calm.top - size_px < top < calm.bottom + size_px
        ):
            continue
        _draw_petal(
            easel.canvas,
            left,
            top,
            size_px * (0.55 + 0.75 * near),
            wind + 150.0 * (turn - 0.5),
            colours[turn > 0.5],
        )


def _draw_petal(canvas: skia.Canvas, x: float, y: float, size: float, turn: float, colour: RGB) -> None:
    """A cupped petal seen aslant: a drop with one full side."""
    canvas.save()
    canvas.translate(x, y)
    canvas.rotate(turn)
    path = skia.Path()
    path.moveTo(-0.5 * size, 0)
    path.cubicTo(-0.2 * size, -0.46 * size, 0.42 * size, -0.4 * size, 0.52 * size, 0.02 * size)
    path.cubicTo(0.3 * size, 0.2 * size, -0.2 * size, 0.2 * size, -0.5 * size, 0)
    path.close()
    canvas.drawPath(path, tint(colour, 0.86))
    canvas.restore()
