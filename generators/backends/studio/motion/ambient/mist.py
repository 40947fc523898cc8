"""Ink: mist that drifts along the mountains in two depths."""

import numpy as np

from generators.backends.studio.art.ink.tones import TONES
from generators.backends.studio.art.painting import RGB, Palette
from generators.backends.studio.motion.ambient.air import Air, Many, Veil, clouds, light_towards
from generators.backends.studio.motion.ambient.birds import Birds
from generators.backends.studio.motion.reel import FILM_HEIGHT_PX, FILM_WIDTH_PX
from generators.backends.studio.motion.stage import Stage

_TRAVEL_PX = 160


def mist(stage: Stage, rng: np.random.Generator) -> Air:
    """Far mist slides slowly, near mist faster; the sky stays clear, the valleys do not."""
    colour = _colour(stage.palette)
    heights = np.linspace(0.0, 1.0, FILM_HEIGHT_PX, dtype=np.float32)[:, None]
    far = np.clip((heights - 0.36) / 0.2, 0.0, 1.0) * np.clip((0.82 - heights) / 0.2, 0.0, 1.0)
    near = np.clip((heights - 0.5) / 0.25, 0.0, 1.0)
    width = FILM_WIDTH_PX + _TRAVEL_PX
    strength = 0.55 if stage.palette.is_dark else 0.8
    return Many(
        [
            Veil(
                light_towards(stage, colour, far * strength * 0.8),
                clouds(rng, FILM_HEIGHT_PX, width, cell=(330.0, 110.0), gain=1.5),
                speed=22.0,
            ),
            Veil(
                light_towards(stage, colour, near * strength),
                clouds(rng, FILM_HEIGHT_PX, width, cell=(420.0, 130.0), gain=1.8),
                speed=46.0,
            ),
            Birds(stage, rng),
        ]
    )


def _colour(palette: Palette) -> RGB:
    tones = TONES.get(palette.name)
    return tones.mist if tones is not None else palette.paper
