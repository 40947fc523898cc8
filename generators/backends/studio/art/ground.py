"""The ground of a painting, made small (a value for 8 x 8 pixels) because it is soft: wash, light, cloud."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from generators.backends.studio.art.colour import make_ramp
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.noise import Field, fbm_field
from generators.backends.studio.art.painting import RGB

_CELL_PX: Final = 8


@dataclass(frozen=True, slots=True)
class Glow:
    """Light around a point, in pixels; falloff 1 is a halo with a bright heart, 2 a soft pool."""

    x: float
    y: float
    radius: float
    colour: RGB
    strength: float
    falloff: float


def make_ground(easel: Easel, stops: Sequence[tuple[float, RGB]]) -> Field:
    """(rows, columns, 3), 0..255: colours from top (0) to bottom (1)."""
    rows, columns = max(8, easel.height // _CELL_PX), max(8, easel.width // _CELL_PX)
    down = make_ramp(stops, rows).astype(np.float32)
    return np.repeat(down[:, None, :], columns, axis=1)


def add_glow(ground: Field, glow: Glow) -> None:
    rows, columns = ground.shape[:2]
    across = np.arange(columns, dtype=np.float32)[None, :] - glow.x / _CELL_PX
    down = np.arange(rows, dtype=np.float32)[:, None] - glow.y / _CELL_PX
    away = np.hypot(across, down) / max(1e-3, glow.radius / _CELL_PX)
    _mix_in(ground, glow.colour, glow.strength * np.exp(-(away**glow.falloff)))


def add_clouds(ground: Field, easel: Easel, colour: RGB, *, amount: float, size: tuple[float, float]) -> None:
    """Drifting cloud; size is the (height, width) of its largest shapes in shares of the shorter side."""
    rows, columns = ground.shape[:2]
    down, across = (
        max(1.0, side / (share * easel.short))
        for side, share in zip((easel.height, easel.width), size, strict=True)
    )
    drift = fbm_field(easel.rng("clouds"), rows, columns, rows=down, columns=across, octaves=4)
    _mix_in(ground, colour, np.clip((drift - 0.48) * amount, 0.0, 0.5))


def _mix_in(ground: Field, colour: RGB, share: Field) -> None:
    ground += (np.array(colour, dtype=np.float32) - ground) * share[:, :, None].astype(np.float32)
