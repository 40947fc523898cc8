"""What moves in the air of a card, and the means to move it: textures that slide, sprites that fly."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

from generators.backends.studio.art.painting import RGB
from generators.backends.studio.motion.stage import Stage
from generators.contracts import Pixels

Floats = NDArray[np.float32]
_WHOLE: Final = 255


class Air(Protocol):
    """Everything that drifts over one page."""

    def draw(self, frame: Pixels, canvas: skia.Canvas, time: float) -> None:
        """Draw the moment `time` (seconds of drift) on an RGBA frame; `canvas` draws on the same pixels."""
        ...


@dataclass(slots=True)
class Veil:
    """Light that is added to the page through a sliding texture.

    light: RGBA, what is added where the texture is full; 0 wherever nothing may move.
    texture: (height, longer width) 0..255. `speed` in px a second; below 0 it slides to the right.
    pulse: strength 0..1 at a moment.
    """

    light: Pixels
    texture: Pixels
    speed: float
    start: float = 0.0
    pulse: Callable[[float], float] = lambda time: 1.0
    _rows: slice = field(init=False)
    _work: Pixels = field(init=False)

    def __post_init__(self) -> None:
        used = np.flatnonzero(self.light.any(axis=(1, 2)))
        self._rows = slice(int(used[0]), int(used[-1]) + 1) if used.size else slice(0, 0)
        self.light = np.ascontiguousarray(self.light[self._rows])
        if not used.size:
            return  # nothing is open anywhere
        self.texture = cv2.merge([self.texture[self._rows]] * 4).astype(np.uint8, copy=False)
        self._work = np.empty_like(self.light)

    def draw(self, frame: Pixels, canvas: skia.Canvas, time: float) -> None:
        if not self.light.size:
            return
        width = self.light.shape[1]
        room = self.texture.shape[1] - width
        left = min(room, max(0, round(self.start + self.speed * time)))
        band = frame[self._rows]
        texture, strength = self.texture[:, left : left + width], self.pulse(time) / _WHOLE
        cv2.multiply(self.light, texture, dst=self._work, scale=strength)
        cv2.add(band, self._work, dst=band)


@dataclass(slots=True)
class Many:
    """Several things in one air, drawn in order."""

    parts: Sequence[Air]

    def draw(self, frame: Pixels, canvas: skia.Canvas, time: float) -> None:
        for part in self.parts:
            part.draw(frame, canvas, time)


def openness(stage: Stage, x: float, y: float) -> float:
    """How freely something may show at a point, 0..1; full outside the page."""
    height, width = stage.open.shape
    column, row = min(width - 1, max(0, int(x))), min(height - 1, max(0, int(y)))
    return float(stage.open[row, column]) / _WHOLE


def light_towards(stage: Stage, colour: RGB, strength: Floats | float) -> Pixels:
    """What to add to the page to bring it towards a lighter colour; `strength` 0..1, per pixel or for all."""
    wanted = np.array([*colour, 255], dtype=np.float32)
    lift = np.maximum(wanted - stage.ground, 0.0)
    share = np.asarray(strength, dtype=np.float32) * (stage.bare.astype(np.float32) / _WHOLE)
    lift *= share[..., None]
    lift[..., 3] = 0.0
    lifted: Pixels = np.rint(lift).astype(np.uint8)
    return lifted


def clouds(
    rng: np.random.Generator, height: int, width: int, *, cell: tuple[float, float], gain: float
) -> Pixels:
    """Soft noise, (height, width) 0..255; features are about `cell` (across, down) px, sharper by `gain`."""
    total = np.zeros((height, width), np.float32)
    for octave, share in ((1.0, 1.0), (2.1, 0.5), (4.3, 0.22)):
        columns = max(3, round(width / cell[0] * octave))
        rows = max(3, round(height / cell[1] * octave))
        grid = rng.standard_normal((rows, columns), dtype=np.float32)
        total += share * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(96.0 + gain * 60.0 * total, 0, 255), dtype=np.uint8)
