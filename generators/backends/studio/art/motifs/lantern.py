"""A hanging paper lantern with ribs, caps and a tassel."""

from dataclasses import dataclass

import numpy as np
import skia

from generators.backends.studio.art.brush import line_tint, tint
from generators.backends.studio.art.motifs.lights import draw_glow
from generators.backends.studio.art.painting import RGB


@dataclass(frozen=True, slots=True)
class Dress:
    """core to skin run from the flame outwards; line is the gilt of ribs and caps."""

    core: RGB
    body: RGB
    skin: RGB
    line: RGB


@dataclass(frozen=True, slots=True)
class Lantern:
    """Centre of the body and half its width, in pixels; stretch is height by width of the body."""

    x: float
    y: float
    radius: float
    stretch: float
    string_top: float


def draw_lantern(canvas: skia.Canvas, lantern: Lantern, dress: Dress, *, glow: float) -> None:
    x, y, r = lantern.x, lantern.y, lantern.radius
    tall = r * lantern.stretch
    draw_glow(canvas, x, y, r * 2.3, dress.body, 0.42 * glow)
    canvas.drawLine(
        x, lantern.string_top, x, y - tall * 1.12, line_tint(dress.line, max(0.7, r * 0.022), 0.85)
    )
    _draw_tassel(canvas, x, y + tall * 1.1, r, dress)
    body = skia.Rect(x - r, y - tall, x + r, y + tall)
    paint = skia.Paint(AntiAlias=True)
    shades = [skia.ColorSetRGB(*colour) for colour in (dress.core, dress.body, dress.skin, dress.skin)]
    middle = skia.Point(x, y + tall * 0.18)
    paint.setShader(
        skia.GradientShader.MakeRadial(middle, max(r, tall) * 1.12, shades, [0.0, 0.42, 0.86, 1.0])
    )
    canvas.drawOval(body, paint)
    _draw_ribs(canvas, x, y, r, tall, dress)
    for edge, sign in ((y - tall, -1.0), (y + tall, 1.0)):
        _draw_cap(canvas, x, edge, r, sign, dress)


def _draw_ribs(canvas: skia.Canvas, x: float, y: float, r: float, tall: float, dress: Dress) -> None:
    path = skia.Path()
    for angle in np.linspace(-0.5, 0.5, 7) * np.pi * 0.86:
        half = float(abs(np.sin(angle))) * r
        side = 90.0 if np.sin(angle) > 0 else -90.0
        rect = skia.Rect(x - half, y - tall, x + half, y + tall)
        path.addArc(rect, -90.0, 2 * side)
    canvas.drawPath(path, line_tint(dress.line, max(0.6, r * 0.02), 0.62))
    canvas.drawOval(
        skia.Rect(x - r, y - tall, x + r, y + tall), line_tint(dress.line, max(0.7, r * 0.03), 0.9)
    )


def _draw_cap(canvas: skia.Canvas, x: float, edge: float, r: float, sign: float, dress: Dress) -> None:
    for half, start, end in ((0.46, -0.09, 0.05), (0.34, 0.05, 0.14)):
        top, bottom = sorted((edge + sign * start * r, edge + sign * end * r))
        plate = skia.RRect.MakeRectXY(skia.Rect(x - half * r, top, x + half * r, bottom), r * 0.03, r * 0.03)
        canvas.drawRRect(plate, tint(dress.line))


def _draw_tassel(canvas: skia.Canvas, x: float, y: float, r: float, dress: Dress) -> None:
    canvas.drawLine(x, y, x, y + r * 0.3, line_tint(dress.line, max(0.7, r * 0.03), 0.95))
    canvas.drawCircle(x, y + r * 0.34, r * 0.075, tint(dress.line))
    path = skia.Path()
    for place in np.linspace(-1.0, 1.0, 9).tolist():
        path.moveTo(x + place * r * 0.05, y + r * 0.4)
        path.quadTo(
            x + place * r * 0.09, y + r * 0.7, x + place * r * 0.12, y + r * (1.12 - 0.1 * place * place)
        )
    canvas.drawPath(path, line_tint(dress.skin, max(0.6, r * 0.022), 0.95))
    canvas.drawPath(path, line_tint(dress.line, max(0.5, r * 0.009), 0.5))
