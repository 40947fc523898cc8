"""Plum: petals that fall, sway and tumble; the near ones larger, faster and softer."""

import math
from dataclasses import dataclass

import numpy as np
import skia

from generators.backends.studio.art.colour import mix
from generators.backends.studio.art.painting import RGB, Palette
from generators.backends.studio.art.plum.tones import TONES
from generators.backends.studio.motion.ambient.air import openness
from generators.backends.studio.motion.reel import FILM_HEIGHT_PX, FILM_WIDTH_PX
from generators.backends.studio.motion.stage import Stage, shut_out
from generators.contracts import Pixels

_COUNT = 58
_MARGIN_PX = 40.0


@dataclass(frozen=True, slots=True)
class _Petal:
    x: float
    y: float
    depth: float  # 0 far .. 1 near
    phase: float
    spin: float
    flutter: float
    is_pale: bool


class Petals:
    """Petals on one wind."""

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._stage = stage
        self._wind = float(rng.uniform(14.0, 34.0)) * (1 if rng.random() < 0.5 else -1)
        self._colours = petal_colours(stage.palette)
        self._shape = petal_shape()
        rows = rng.random((_COUNT, 7)).tolist()
        self._petals = sorted(
            (
                _Petal(x, y, depth * depth, 6.28 * phase, spin - 0.5, 1.4 + 1.8 * flutter, pale < 0.45)
                for x, y, depth, phase, spin, flutter, pale in rows
            ),
            key=lambda petal: petal.depth,
        )

    def draw(self, frame: Pixels, canvas: skia.Canvas, time: float) -> None:
        canvas.save()
        shut_out(canvas, self._stage)
        for petal in self._petals:
            self._draw_one(canvas, petal, time)
        canvas.restore()

    def _draw_one(self, canvas: skia.Canvas, petal: _Petal, time: float) -> None:
        fall = 62.0 + 74.0 * petal.depth
        high, wide = FILM_HEIGHT_PX + 2 * _MARGIN_PX, FILM_WIDTH_PX + 2 * _MARGIN_PX
        sway = (12.0 + 14.0 * petal.depth) * math.sin(1.5 * time + petal.phase)
        x = (petal.x * wide + self._wind * (0.6 + petal.depth) * time + sway) % wide - _MARGIN_PX
        y = (petal.y * high + fall * time) % high - _MARGIN_PX
        seen = openness(self._stage, x, y)
        if seen < 0.02:
            return
        size = 12.0 + 17.0 * petal.depth
        turn = math.degrees(petal.phase) + 150.0 * petal.spin * time + 0.8 * sway
        thin = math.cos(petal.flutter * time + petal.phase)
        red, green, blue = self._colours[petal.is_pale]
        paint = skia.Paint(AntiAlias=True, Color=skia.Color(red, green, blue))
        paint.setAlphaf((0.8 + 0.18 * petal.depth) * seen)
        canvas.save()
        canvas.translate(x, y)
        canvas.rotate(turn)
        canvas.scale(size, size * (0.34 + 0.66 * abs(thin)))
        canvas.drawPath(self._shape, paint)
        canvas.restore()


def petal_shape() -> skia.Path:
    """A cupped petal with a notch, one unit long."""
    path = skia.Path()
    path.moveTo(-0.52, 0.0)
    path.cubicTo(-0.3, -0.44, 0.26, -0.52, 0.5, -0.2)
    path.quadTo(0.42, -0.02, 0.5, 0.12)
    path.cubicTo(0.3, 0.44, -0.26, 0.34, -0.52, 0.0)
    path.close()
    return path


def petal_colours(palette: Palette) -> tuple[RGB, RGB]:
    """Full and pale."""
    tones = TONES.get(palette.name)
    if tones is not None:
        return mix(tones.petal, tones.heart, 0.22), mix(tones.rim, tones.petal, 0.4)
    return mix(palette.accent, palette.paper, 0.25), mix(palette.accent, palette.paper, 0.6)
