"""Lantern: little sky lanterns rise, sparks fly up, and the light of the whole page breathes."""

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import skia

from generators.backends.studio.art.painting import RGB
from generators.backends.studio.motion.ambient.air import (
    Air,
    Floats,
    Many,
    Veil,
    light_towards,
    openness,
)
from generators.backends.studio.motion.reel import FILM_HEIGHT_PX, FILM_WIDTH_PX
from generators.backends.studio.motion.stage import Stage, shut_out
from generators.contracts import Pixels

_SPARKS: Final = 60
_LANTERNS: Final = 7
_GLOW: Final[RGB] = (255, 196, 96)
_FLAME: Final[RGB] = (255, 232, 168)
_CELL_PX: Final = 12
_PAPER: Final = ((255, 226, 140), (247, 150, 62), (206, 62, 34))


def sparks(stage: Stage, rng: np.random.Generator) -> Air:
    """Everything that burns."""
    everywhere = np.full((FILM_HEIGHT_PX, FILM_WIDTH_PX), 255, np.uint8)
    glow = _warmth(stage)
    breath = Veil(glow, everywhere, 0.0, pulse=lambda time: 0.5 + 0.5 * math.sin(2.6 * time - 1.2))
    return Many([breath, Fires(stage, rng)])


def _darkness(stage: Stage) -> Floats:
    """0 on and around what is bright in the painting, 1 on its dark, in cells of _CELL_PX."""
    size = (FILM_WIDTH_PX // _CELL_PX, FILM_HEIGHT_PX // _CELL_PX)
    grey = cv2.cvtColor(cv2.resize(stage.ground, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGBA2GRAY)
    wide = cv2.GaussianBlur(cv2.dilate(grey, np.ones((3, 3), np.uint8)), (0, 0), 1.2).astype(np.float32)
    middle = float(np.median(wide))
    return np.asarray(np.clip(1.0 - (wide - middle - 14.0) / 44.0, 0.0, 1.0), dtype=np.float32)


def _warmth(stage: Stage) -> Pixels:
    """More light where the painting is bright and warm already: its lanterns, its moon."""
    red = stage.ground[..., 0].astype(np.float32) / 255
    blue = stage.ground[..., 2].astype(np.float32) / 255
    bright = np.clip((red - 0.62) / 0.38, 0.0, 1.0) * np.clip((red - blue) / 0.4, 0.0, 1.0)
    return light_towards(stage, _FLAME, np.asarray(0.34 * bright, dtype=np.float32))


@dataclass(frozen=True, slots=True)
class _Fire:
    x: float
    y: float
    size: float
    phase: float
    speed: float


class Fires:
    """Sparks and sky lanterns."""

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._stage = stage
        self._sparks = [
            _Fire(x, y, 1.4 + 2.4 * size * size, 6.28 * phase, 44.0 + 70.0 * speed)
            for x, y, size, phase, speed in rng.random((_SPARKS, 5)).tolist()
        ]
        self._lanterns = sorted(
            (
                _Fire(
                    (number + 0.15 + 0.7 * x) / _LANTERNS,
                    y,
                    12.0 + 13.0 * size,
                    6.28 * phase,
                    20.0 + 30.0 * size,
                )
                for number, (x, y, size, phase) in enumerate(rng.random((_LANTERNS, 4)).tolist())
            ),
            key=lambda fire: fire.size,
        )
        self._dark = _darkness(stage)
        self._halo = _glow_paint(_GLOW, 0.62)
        self._body = _body_paint()

    def draw(self, frame: Pixels, canvas: skia.Canvas, time: float) -> None:
        canvas.save()
        shut_out(canvas, self._stage)
        for fire in self._lanterns:
            self._lantern(canvas, fire, time)
        for fire in self._sparks:
            self._spark(canvas, fire, time)
        canvas.restore()

    def _place(
        self, fire: _Fire, time: float, sway_px: float, margin_px: float
    ) -> tuple[float, float, float]:
        """Where it is, and how much of it shows."""
        high = FILM_HEIGHT_PX + 2 * margin_px
        x = fire.x * FILM_WIDTH_PX + sway_px * math.sin(1.3 * time + fire.phase)
        y = (fire.y * high - fire.speed * time) % high - margin_px
        return x, y, openness(self._stage, x, y) * self._darkness_at(x, y)

    def _darkness_at(self, x: float, y: float) -> float:
        """Fires show against the dark only: one before a painted lantern would look like a stain."""
        rows, columns = self._dark.shape
        row, column = int(y / _CELL_PX), int(x / _CELL_PX)
        return float(self._dark[min(rows - 1, max(0, row)), min(columns - 1, max(0, column))])

    def _lantern(self, canvas: skia.Canvas, fire: _Fire, time: float) -> None:
        x, y, seen = self._place(fire, time, 7.0, 40.0)
        if seen < 0.02:
            return
        flicker = 0.86 + 0.14 * math.sin(7.0 * time + fire.phase)
        canvas.save()
        canvas.translate(x, y)
        canvas.rotate(3.5 * math.sin(1.1 * time + fire.phase))
        canvas.scale(fire.size, fire.size)
        self._halo.setAlphaf(0.5 * seen * flicker)
        canvas.drawCircle(0, 0.1, 2.6, self._halo)
        self._body.setAlphaf(0.96 * seen)
        canvas.drawPath(_sky_lantern(), self._body)
        flame = skia.Paint(AntiAlias=True, Color=skia.Color(*_FLAME), Alphaf=0.9 * seen * flicker)
        canvas.drawOval(skia.Rect.MakeLTRB(-0.34, 0.52, 0.34, 0.82), flame)
        canvas.restore()

    def _spark(self, canvas: skia.Canvas, fire: _Fire, time: float) -> None:
        x, y, seen = self._place(fire, time, 16.0, 20.0)
        seen *= 0.45 + 0.55 * abs(math.sin(3.1 * time + 2 * fire.phase))
        if seen < 0.02:
            return
        canvas.save()
        canvas.translate(x, y)
        canvas.scale(fire.size, fire.size)
        self._halo.setAlphaf(0.6 * seen)
        canvas.drawCircle(0, 0, 3.4, self._halo)
        canvas.drawCircle(0, 0, 0.8, skia.Paint(AntiAlias=True, Color=skia.Color(*_FLAME), Alphaf=seen))
        canvas.restore()


def _sky_lantern() -> skia.Path:
    """A paper bag, wider above, open below, about two units high."""
    path = skia.Path()
    path.moveTo(-0.58, 0.8)
    path.cubicTo(-0.86, 0.1, -0.98, -0.5, -0.72, -0.86)
    path.cubicTo(-0.4, -1.14, 0.4, -1.14, 0.72, -0.86)
    path.cubicTo(0.98, -0.5, 0.86, 0.1, 0.58, 0.8)
    path.quadTo(0.0, 0.92, -0.58, 0.8)
    path.close()
    return path


def _glow_paint(colour: RGB, strength: float) -> skia.Paint:
    red, green, blue = colour
    stops = [skia.Color(red, green, blue, round(255 * strength * share)) for share in (1.0, 0.34, 0.08, 0.0)]
    shader = skia.GradientShader.MakeRadial(skia.Point(0, 0), 2.6, stops, [0.0, 0.3, 0.62, 1.0])
    return skia.Paint(AntiAlias=True, Shader=shader, BlendMode=skia.kScreen)


def _body_paint() -> skia.Paint:
    stops = [skia.Color(*colour) for colour in _PAPER]
    shader = skia.GradientShader.MakeRadial(skia.Point(0, 0.66), 1.9, stops, [0.0, 0.45, 1.0])
    return skia.Paint(AntiAlias=True, Shader=shader)
