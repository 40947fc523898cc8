"""The sky of an ink landscape and the light in it."""

from dataclasses import dataclass

import numpy as np

from generators.backends.studio.art.colour import mix
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.ground import Glow, add_clouds, add_glow, make_ground
from generators.backends.studio.art.ink.composition import Composition
from generators.backends.studio.art.ink.tones import InkTones
from generators.backends.studio.art.motifs.sky import Disc, draw_disc, draw_stars
from generators.backends.studio.art.noise import Field
from generators.backends.studio.art.painting import RGB
from generators.backends.studio.art.steering import Subject


@dataclass(frozen=True, slots=True)
class Light:
    """Sun or moon, in pixels; strength 0..1 of its halo."""

    x: float
    y: float
    radius: float
    colour: RGB
    strength: float


def place_light(composition: Composition, ridges: list[Field], colour: RGB, strength: float) -> Light:
    """Where the ridges are lowest near `orb_x`, resting on them with at most a third hidden."""
    skyline = np.min(np.stack(ridges), axis=0)
    radius, width = composition.orb_radius, len(skyline)
    best_x, best_y = composition.orb_x, -1.0
    for x in (
        (np.arange(-1.6, 1.61, 0.4) * radius + composition.orb_x)
        .clip(1.2 * radius, width - 1.2 * radius)
        .tolist()
    ):
        left, right = max(0, int(x - radius)), min(width, int(x + radius) + 1)
        rest = float(skyline[left:right].min())
        if rest > best_y:
            best_x, best_y = x, rest
    return Light(best_x, best_y - radius * 0.35, radius, colour, strength)


def lay_sky(easel: Easel, tones: InkTones, composition: Composition, light: Light | None) -> None:
    """A wash from the top down to the horizon with faint drifting cloud, stars, and the light in its halo."""
    line = composition.horizon / easel.height
    ground = make_ground(
        easel, [(0.0, tones.sky_high), (line * 0.75, tones.sky_low), (line, tones.mist), (1.0, tones.mist)]
    )
    amount = 2.4 if easel.wants(Subject.CLOUD) else 0.9 if tones.palette.is_dark else 1.5
    add_clouds(ground, easel, tones.mist, amount=amount, size=(0.167, 0.45))
    if light is not None:
        add_glow(ground, Glow(light.x, light.y, light.radius * 3.2, light.colour, light.strength, 1.2))
    easel.lay(ground)
    _draw_stars(easel, tones, composition)
    if light is not None:
        draw_disc(easel, Disc(light.x, light.y, light.radius, light.colour, 0.35))


def _draw_stars(easel: Easel, tones: InkTones, composition: Composition) -> None:
    asked = easel.wants(Subject.STARS)
    if tones.palette.is_dark or asked:
        colour = tones.moon if tones.palette.is_dark else mix(tones.far, tones.near, 0.3)
        bottom = composition.horizon - 0.5 * composition.zone
        draw_stars(easel, easel.rng("stars"), count=170 if asked else 46, bottom_px=bottom, colour=colour)
