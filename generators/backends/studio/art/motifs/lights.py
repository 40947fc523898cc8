"""Lights in the dark: paper lanterns that float in the sky."""

import numpy as np
import skia

from generators.backends.studio.art.brush import tint
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.painting import RGB
from generators.contracts import Box

_FLAME: RGB = (255, 226, 150)
_PAPER: RGB = (236, 110, 44)


def draw_glow(canvas: skia.Canvas, x: float, y: float, radius: float, colour: RGB, alpha: float) -> None:
    """A soft round light."""
    paint = skia.Paint(AntiAlias=True)
    colours = [skia.ColorSetARGB(round(255 * alpha * share), *colour) for share in (1.0, 0.42, 0.1, 0.0)]
    paint.setShader(skia.GradientShader.MakeRadial(skia.Point(x, y), radius, colours, [0.0, 0.3, 0.65, 1.0]))
    canvas.drawCircle(x, y, radius, paint)


def draw_sky_lanterns(easel: Easel, rng: np.random.Generator, count: int, region: Box) -> None:
    """Lanterns rising in a loose stream: small ones far and high, large ones near and low."""
    width, height = region.right - region.left, region.bottom - region.top
    for nearness in np.sort(rng.random(count)).tolist():
        size = easel.unit * (12.0 + 40.0 * nearness**1.6)
        x = region.left + width * rng.random()
        y = region.top + height * (0.08 + 0.84 * nearness + rng.uniform(-0.06, 0.06))
        _draw_sky_lantern(easel.canvas, x, y, size, 0.55 + 0.45 * nearness)


def _draw_sky_lantern(canvas: skia.Canvas, x: float, y: float, size: float, alpha: float) -> None:
    draw_glow(canvas, x, y, size * 2.1, _PAPER, 0.5 * alpha)
    half, foot, tall = size * 0.46, size * 0.34, size * 1.16
    path = skia.Path()
    path.moveTo(x - foot, y + tall / 2)
    path.cubicTo(x - half, y + tall * 0.2, x - half * 1.16, y - tall * 0.24, x - half * 0.62, y - tall * 0.46)
    path.quadTo(x, y - tall * 0.6, x + half * 0.62, y - tall * 0.46)
    path.cubicTo(x + half * 1.16, y - tall * 0.24, x + half, y + tall * 0.2, x + foot, y + tall / 2)
    path.close()
    paint = skia.Paint(AntiAlias=True)
    shades = [skia.ColorSetARGB(round(255 * alpha), *colour) for colour in ((196, 70, 30), _PAPER, _FLAME)]
    ends = [skia.Point(x, y - tall * 0.56), skia.Point(x, y + tall * 0.5)]
    paint.setShader(skia.GradientShader.MakeLinear(ends, shades, [0.0, 0.55, 1.0]))
    canvas.drawPath(path, paint)
    canvas.drawOval(
        skia.Rect(x - foot, y + tall * 0.45, x + foot, y + tall * 0.55), tint((120, 44, 20), 0.8 * alpha)
    )
