"""A few birds far away that glide across the sky."""

import math

import numpy as np
import skia

from generators.backends.studio.motion.ambient.air import openness
from generators.backends.studio.motion.reel import FILM_HEIGHT_PX, FILM_WIDTH_PX
from generators.backends.studio.motion.stage import Stage, shut_out
from generators.contracts import Pixels

_TRIES = 40


class Birds:
    """A loose flock; each flaps in its own time. They keep out of the words."""

    def __init__(self, stage: Stage, rng: np.random.Generator) -> None:
        self._stage = stage
        red, green, blue = stage.palette.ink
        self._colour = skia.Color(red, green, blue)
        self._start = self._find_sky(stage, rng)
        self._heading = -1.0 if self._start[0] > FILM_WIDTH_PX / 2 else 1.0
        self._flock = rng.uniform([-54, -20, 0.0, 0.75], [54, 20, 6.3, 1.15], (5, 4)).tolist()

    @staticmethod
    def _find_sky(stage: Stage, rng: np.random.Generator) -> tuple[float, float]:
        """The most open of some places in the upper half."""
        places = rng.uniform([0.12, 0.08], [0.88, 0.5], (_TRIES, 2)) * (FILM_WIDTH_PX, FILM_HEIGHT_PX)
        best = max(places.tolist(), key=lambda place: _room(stage, *place))
        return best[0], best[1]

    def draw(self, frame: Pixels, canvas: skia.Canvas, time: float) -> None:
        canvas.save()
        shut_out(canvas, self._stage)
        for x, y, phase, size in self._flock:
            place = (
                self._start[0] + x + self._heading * (34.0 * time - 40.0),
                self._start[1] + y - 7.0 * time + 3.0 * math.sin(1.7 * time + phase),
            )
            seen = openness(self._stage, *place)
            if seen > 0.02:
                self._bird(canvas, place, 11.0 * size, math.sin(5.2 * time + phase), seen)
        canvas.restore()

    def _bird(
        self, canvas: skia.Canvas, place: tuple[float, float], span: float, beat: float, seen: float
    ) -> None:
        """Two wings as one brush stroke; `beat` -1..1 lifts their tips."""
        x, y = place
        tip, elbow = y - span * (0.22 + 0.34 * beat), y - span * (0.34 + 0.1 * beat)
        path = skia.Path()
        path.moveTo(x - span, tip)
        path.quadTo(x - span * 0.45, elbow, x, y)
        path.quadTo(x + span * 0.45, elbow, x + span, tip)
        path.quadTo(x + span * 0.4, elbow + span * 0.16, x, y + span * 0.2)
        path.quadTo(x - span * 0.4, elbow + span * 0.16, x - span, tip)
        path.close()
        canvas.drawPath(path, skia.Paint(AntiAlias=True, Color=self._colour, Alphaf=0.72 * seen))


def _room(stage: Stage, x: float, y: float) -> float:
    return sum(openness(stage, x + dx, y + dy) for dx in (-70, 0, 70) for dy in (-26, 0, 26))
