"""Where things stand in an ink landscape: decided once, from the seed and the shape of the paper."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.noise import Field
from generators.contracts import Box


class Terrain(StrEnum):
    CRAGS = "crags"
    HILLS = "hills"
    KARST = "karst"


@dataclass(frozen=True, slots=True)
class Composition:
    """All lengths in pixels.

    side: where the main massif stands, -1 left or 1 right; the near bank and the wide sky are on the other.
    zone: height of the tallest possible mountain above the horizon (the far waterline).
    low: 0..1, how high mountains may rise on the calm side; 1 when the calm area is above them.
    orb_x: where sun or moon should rise; its height follows the ridges there.
    """

    side: int
    terrain: Terrain
    horizon: float
    zone: float
    low: float
    orb_x: float
    orb_radius: float
    calm: Box


def compose(easel: Easel) -> Composition:
    rng = easel.rng("composition")
    side = 1 if rng.random() < 0.5 else -1
    terrain = list(Terrain)[int(rng.integers(3))]
    drift = float(rng.uniform(-1.0, 1.0))
    if easel.aspect < 1.25:
        return _upright(easel, side, terrain, drift)
    return _wide(easel, side, terrain, drift)


def _upright(easel: Easel, side: int, terrain: Terrain, drift: float) -> Composition:
    """Portrait and square: words in the sky over the whole width."""
    width, height = easel.width, easel.height
    horizon = height * 0.875
    zone = min((0.46 if easel.steering.for_words else 0.62) * height, 1.5 * width)
    calm = Box(width * 0.08, height * 0.07, width * 0.92, horizon - zone * 0.94)
    orb_x, radius = width * (0.5 - side * (0.22 + 0.06 * drift)), 0.058 * easel.short
    return Composition(side, terrain, horizon, zone, 1.0, orb_x, radius, calm)


def _wide(easel: Easel, side: int, terrain: Terrain, drift: float) -> Composition:
    """Landscapes and strips: mountains on one side, words on the other."""
    width, height = easel.width, easel.height
    strip = min(1.0, max(0.0, (easel.aspect - 1.25) / 2.0))  # 0 nearly square .. 1 a long strip
    horizon = height * 0.86
    zone = height * (0.62 + 0.08 * strip)
    low = 0.6 - 0.28 * strip
    if not easel.steering.for_words:
        zone, low = height * 0.72, 0.8 - 0.2 * strip
    inner, outer = width * (0.5 - side * 0.09), width * (0.5 - side * 0.45)
    calm = Box(
        min(inner, outer), height * 0.09, max(inner, outer), horizon - max(0.31 * height, 0.72 * zone * low)
    )
    orb_x, radius = width * (0.5 + side * (0.03 + 0.03 * drift)), 0.07 * height
    return Composition(side, terrain, horizon, zone, low, orb_x, radius, calm)


def envelope(composition: Composition, width: int) -> Field:
    """(width,) how high mountains may rise, 1 on the massif's side falling to `low` on the calm one."""
    along = np.linspace(-1.0, 1.0, width, dtype=np.float32) * composition.side
    rise = np.clip((along + 0.35) / 0.75, 0.0, 1.0)
    smooth = rise * rise * (3.0 - 2.0 * rise)
    return np.asarray(composition.low + (1.0 - composition.low) * smooth, dtype=np.float32)
