"""What is in the air: sun and moon, birds, stars, rain and snow."""

from dataclasses import dataclass

import numpy as np
import skia

from generators.backends.studio.art.brush import line_tint, segments, tint
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.painting import RGB


@dataclass(frozen=True, slots=True)
class Disc:
    """Sun or moon, in pixels; fade 0..1 is how far its lower edge dissolves into haze."""

    x: float
    y: float
    radius: float
    colour: RGB
    fade: float


@dataclass(frozen=True, slots=True)
class Flock:
    """Birds behind a leader at (x, y); span_px is the wing span of the nearest."""

    x: float
    y: float
    count: int
    span_px: float
    colour: RGB


def draw_disc(easel: Easel, disc: Disc) -> None:
    opaque = skia.ColorSetARGB(235, *disc.colour)
    low = skia.ColorSetARGB(round(235 * (1.0 - disc.fade)), *disc.colour)
    paint = skia.Paint(AntiAlias=True)
    ends = [skia.Point(disc.x, disc.y - disc.radius * 0.4), skia.Point(disc.x, disc.y + disc.radius)]
    paint.setShader(skia.GradientShader.MakeLinear(ends, [opaque, low]))
    easel.canvas.drawCircle(disc.x, disc.y, disc.radius, paint)


def draw_birds(easel: Easel, rng: np.random.Generator, flock: Flock) -> None:
    """A loose flock in two arms, flying away from the nearer edge."""
    heading, span = 1.0 if flock.x < easel.width / 2 else -1.0, flock.span_px
    for index in range(flock.count):
        rank = (index + 1) // 2
        arm = 1.0 if index % 2 else -0.55
        back = rank * span * rng.uniform(1.0, 1.35)
        x = flock.x - heading * back + rng.uniform(-0.2, 0.2) * span
        y = flock.y + arm * back * 0.42 + rng.uniform(-0.2, 0.2) * span
        size = span * rng.uniform(0.72, 1.0) * (1.0 - 0.03 * rank)
        easel.canvas.drawPath(_bird(rng, x, y, size, heading), tint(flock.colour, rng.uniform(0.7, 0.92)))


def _bird(rng: np.random.Generator, x: float, y: float, span: float, heading: float) -> skia.Path:
    """Two wings as thin crescents meeting in a body that points along `heading`."""
    lift, droop = rng.uniform(0.16, 0.36) * span, rng.uniform(-0.04, 0.12) * span
    near, far = 0.5 * span * heading, -0.46 * span * heading
    body = 0.055 * span
    path = skia.Path()
    path.moveTo(x - near, y - lift * 0.5 + droop)
    path.quadTo(x - near * 0.45, y - lift, x, y - body * 0.6)
    path.quadTo(x - far * 0.4, y - lift * 1.15, x - far, y - lift * 0.72 + droop)
    path.quadTo(x - far * 0.42, y - lift * 0.72, x + heading * body * 2.6, y + body * 0.7)
    path.quadTo(x, y + body * 1.5, x - heading * body * 2.2, y + body * 0.5)
    path.quadTo(x - near * 0.5, y - lift * 0.55, x - near, y - lift * 0.5 + droop)
    path.close()
    return path


def draw_stars(easel: Easel, rng: np.random.Generator, *, count: int, bottom_px: float, colour: RGB) -> None:
    """Faint points above `bottom_px`, thinner where words go."""
    for x, y, size in rng.random((count, 3)).tolist():
        place = x * easel.width, y**1.3 * bottom_px
        quiet = 0.45 if _in_calm(easel, *place) else 1.0
        easel.canvas.drawCircle(
            *place, (0.7 + 1.5 * size**4) * max(0.6, easel.unit), tint(colour, quiet * (0.25 + 0.6 * size))
        )


def draw_rain(easel: Easel, rng: np.random.Generator, *, colour: RGB, density: float) -> None:
    """Slanting threads of rain, fewer where words go."""
    count = round(520 * (0.4 + 1.2 * density) * max(1.0, easel.aspect, 1 / easel.aspect) ** 0.5)
    for width, share, alpha in ((1.0, 0.6, 0.34), (1.8, 0.4, 0.42)):
        lines = []
        for x, y, length in rng.random((round(count * share), 3)).tolist():
            left, top = x * easel.width * 1.1, y * easel.height
            if _in_calm(easel, left, top) and length < 0.6:
                continue
            long = (22 + 52 * length) * easel.unit * (width + 0.4)
            lines.append((left, top, left - 0.2 * long, top + long))
        easel.canvas.drawPath(segments(lines), line_tint(colour, max(0.7, width * easel.unit), alpha))


def draw_snow(easel: Easel, rng: np.random.Generator, *, colour: RGB, density: float) -> None:
    """Flakes of three sizes, the large ones soft and out of the way of words."""
    count = round(360 * (0.4 + 1.2 * density) * max(1.0, easel.aspect, 1 / easel.aspect) ** 0.5)
    for x, y, size, turn in rng.random((count, 4)).tolist():
        left, top = x * easel.width, y * easel.height
        radius = (1.1 + 1.5 * size + 5.5 * size**9) * max(0.5, easel.unit)
        if _in_calm(easel, left, top) and (turn < 0.5 or size > 0.85):
            continue
        alpha = 0.9 if size < 0.9 else 0.6
        easel.canvas.drawCircle(left, top, radius, tint(colour, alpha * (0.6 + 0.4 * turn)))


def _in_calm(easel: Easel, x: float, y: float) -> bool:
    calm = easel.calm
    return calm.left <= x < calm.right and calm.top <= y < calm.bottom
