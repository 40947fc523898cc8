"""The ridges of an ink landscape, from the palest far range to the darkest hills at the water."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from generators.backends.studio.art.colour import mix
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.ink.composition import Composition, Terrain, envelope
from generators.backends.studio.art.ink.details import draw_waterfall
from generators.backends.studio.art.ink.tones import InkTones
from generators.backends.studio.art.noise import Field
from generators.backends.studio.art.steering import Subject
from generators.backends.studio.art.terrain import Peak, crowd_peak, draw_ridge, plant_conifers
from generators.backends.studio.art.wash import Wash, lay_ridge


@dataclass(frozen=True, slots=True)
class Range:
    """One range of mountains.

    centre: of its summit, towards the massif's side from the middle, in shares of the width.
    height, base: in shares of the zone; base is how far above the horizon the range is rooted.
    """

    centre: float
    height: float
    base: float
    strength: float
    floor: float
    fir_px: float


RANGES: Final[Sequence[Range]] = (
    Range(-0.10, 0.66, 0.22, 0.42, 0.22, 0.0),
    Range(0.30, 0.66, 0.16, 0.52, 0.14, 0.0),
    Range(0.19, 0.80, 0.09, 0.70, 0.05, 11.0),
    Range(0.40, 0.52, 0.03, 0.82, 0.03, 20.0),
    Range(-0.34, 0.34, 0.0, 0.88, 0.02, 26.0),
)
_MASSIF: Final = 2  # the range that draws the eye
_SHARPNESS: Final[Mapping[Terrain, tuple[float, float]]] = {
    Terrain.CRAGS: (1.25, 1.6),
    Terrain.HILLS: (1.7, 2.2),
    Terrain.KARST: (2.5, 3.4),
}
_GIRTH: Final[Mapping[Terrain, float]] = {Terrain.CRAGS: 0.5, Terrain.HILLS: 0.62, Terrain.KARST: 0.42}


def draw_ridges(easel: Easel, composition: Composition) -> list[Field]:
    """(width,) pixels from the top for each of `RANGES`, far to near."""
    rise = envelope(composition, easel.width)
    ridges = []
    for index, place in enumerate(RANGES):
        rng = easel.rng(f"range {index}")
        lift = _lift(easel, rng, composition, place) * rise
        if place.fir_px:
            spacing = max(2.0, 7.0 * easel.unit)
            plant_conifers(rng, lift, spacing_px=spacing, height_px=place.fir_px * easel.unit)
        ridges.append((composition.horizon - place.base * composition.zone - lift).astype(np.float32))
    return ridges


def lay_mountains(
    easel: Easel,
    tones: InkTones,
    composition: Composition,
    ridges: Sequence[Field],
    *,
    glow: float,
    snow: float,
) -> None:
    """Wash every range in, far to near.

    glow: 0..1, how much of the sun's colour hangs in the air before the far ranges.
    snow: 0..1, how far snow reaches down from the ridges.
    """
    haze = mix(tones.sky_low, tones.sun, 0.1 * glow)
    for index, (place, ridge) in enumerate(zip(RANGES, ridges, strict=True)):
        nearness = index / (len(RANGES) - 1)
        wash = Wash(
            ink=mix(tones.far, tones.near, nearness),
            mist=mix(haze, tones.mist, min(1.0, 0.2 + nearness)),
            strength=place.strength,
            depth_px=(place.height * 0.8 + 0.1) * composition.zone,
            texture=0.45 + 0.35 * nearness,
            streak_px=max(4.0, 22.0 * easel.unit),
            light=composition.side,
            snow=snow,
        )
        lay_ridge(easel, easel.rng(f"wash {index}"), ridge, wash, int(composition.horizon) + 2)
        if index == _MASSIF and easel.wants(Subject.WATERFALL):
            draw_waterfall(easel, tones, composition, ridge)


def _lift(easel: Easel, rng: np.random.Generator, composition: Composition, place: Range) -> Field:
    """(width,) height of the range above its base, in pixels."""
    width, tall = easel.width, place.height * composition.zone
    sharpness = rng.uniform(*_SHARPNESS[composition.terrain])
    girth = tall * _GIRTH[composition.terrain] * rng.uniform(0.85, 1.15)
    summit = width * (0.5 + composition.side * place.centre + rng.uniform(-0.06, 0.06))
    peaks: list[Peak] = crowd_peak(rng, summit, girth, 1.0, sharpness)
    crowd = 0.4 + 1.2 * easel.steering.density
    for _ in range(round(crowd * width / (composition.zone * 0.8))):
        centre = width * rng.uniform(-0.05, 1.05)
        away = min(1.0, abs(centre - summit) / (0.7 * width))
        height = rng.uniform(0.25, 0.6) * (1.0 - 0.5 * away)
        peaks += crowd_peak(rng, centre, girth * rng.uniform(0.4, 0.8), height, sharpness)
    shape = draw_ridge(rng, width, peaks, floor=place.floor, roughness=0.12, cell_px=composition.zone * 0.3)
    return shape * tall
