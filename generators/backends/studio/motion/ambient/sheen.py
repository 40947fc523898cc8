"""Silk: light that flows along the threads, and glints where they are finest."""

import math
from typing import Final

import cv2
import numpy as np
import skia

from generators.backends.studio.motion.ambient.air import (
    Air,
    Floats,
    Many,
    Veil,
    clouds,
    light_towards,
    openness,
)
from generators.backends.studio.motion.reel import FILM_HEIGHT_PX, FILM_WIDTH_PX
from generators.backends.studio.motion.stage import Stage, shut_out
from generators.contracts import Pixels

_TRAVEL_PX: Final = 640.0
_GLINTS: Final = 26
_SLANT: Final = 0.55  # px to the right for each px down


def sheen(stage: Stage, rng: np.random.Generator) -> Air:
    """A broad gleam and a narrow one that cross each other, and glints."""
    threads = _threads(stage)
    white = (255, 250, 238)
    width = FILM_WIDTH_PX + int(_TRAVEL_PX)
    slow = clouds(rng, FILM_HEIGHT_PX, width, cell=(300.0, 240.0), gain=0.8)
    return Many(
        [
            Veil(light_towards(stage, white, 0.7 * threads), slow, speed=150.0),
            Veil(
                light_towards(stage, white, 0.95 * threads),
                _gleam(width),
                speed=-210.0,
                start=_TRAVEL_PX,
            ),
            Glints(stage, threads, rng),
        ]
    )


def _threads(stage: Stage) -> Floats:
    """Where threads catch the light, 0..1: the fine bright detail of the painting itself."""
    grey = cv2.cvtColor(stage.ground, cv2.COLOR_RGBA2GRAY).astype(np.float32) / 255
    detail = grey - cv2.GaussianBlur(grey, (0, 0), 9.0)
    spread = float(detail.std()) or 1.0
    return np.clip(0.55 * detail / spread - 0.12, 0.0, 1.0).astype(np.float32)


def _gleam(width: int) -> Pixels:
    """One slanting band of light and a fainter one behind it."""
    x = np.arange(width, dtype=np.float32)[None, :]
    y = np.arange(FILM_HEIGHT_PX, dtype=np.float32)[:, None]
    across = x - _SLANT * (FILM_HEIGHT_PX - y) - 0.16 * width
    band = np.exp(-((across / 92.0) ** 2)) + 0.5 * np.exp(-(((across - 330.0) / 60.0) ** 2))
    return np.asarray(np.clip(255.0 * band, 0, 255), dtype=np.uint8)


class Glints:
    """Four-pointed stars on the brightest threads, each lit for a moment."""

    def __init__(self, stage: Stage, threads: Floats, rng: np.random.Generator) -> None:
        self._stage = stage
        light = cv2.multiply(threads, stage.open.astype(np.float32) / 255)
        best = np.argsort(light[::3, ::3].ravel())[-2600:]
        columns = light[::3, ::3].shape[1]
        chosen = rng.choice(best, _GLINTS, replace=False).tolist()
        self._points = [(3.0 * (spot % columns), 3.0 * (spot // columns)) for spot in chosen]
        self._phases = rng.random(_GLINTS).tolist()
        self._sizes = rng.uniform(3.0, 7.5, _GLINTS).tolist()

    def draw(self, frame: Pixels, canvas: skia.Canvas, time: float) -> None:
        canvas.save()
        shut_out(canvas, self._stage)
        for (x, y), phase, size in zip(self._points, self._phases, self._sizes, strict=True):
            lit = max(0.0, math.sin(math.tau * (0.55 * time + phase))) ** 5 * openness(self._stage, x, y)
            if lit > 0.02:
                paint = skia.Paint(AntiAlias=True, Color=skia.Color(255, 250, 236), Alphaf=0.95 * lit)
                canvas.drawPath(_star(x, y, size * (0.5 + 0.5 * lit)), paint)
        canvas.restore()


def _star(x: float, y: float, size: float) -> skia.Path:
    path = skia.Path()
    path.moveTo(x, y - size)
    for dx, dy in ((size, 0.0), (0.0, size), (-size, 0.0), (0.0, -size)):
        path.quadTo(x, y, x + dx, y + dy)
    path.close()
    return path
