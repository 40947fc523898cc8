"""Paper-cut lanterns over banks of cloud."""

from collections.abc import Iterator

from generators.backends.studio.art import paper
from generators.backends.studio.art.brush import tint
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.ground import Glow, add_glow, make_ground
from generators.backends.studio.art.lantern.clouds import Drift, draw_bank, draw_drifting, heap_lobes
from generators.backends.studio.art.lantern.composition import Composition, compose
from generators.backends.studio.art.lantern.skyline import draw_hills, draw_pagodas, draw_sea
from generators.backends.studio.art.lantern.tones import TONES, LanternTones
from generators.backends.studio.art.motifs.boat import Boat, draw_boat
from generators.backends.studio.art.motifs.lantern import Dress, draw_lantern
from generators.backends.studio.art.motifs.petals import draw_petals
from generators.backends.studio.art.motifs.sky import Flock, draw_birds, draw_rain, draw_snow, draw_stars
from generators.backends.studio.art.steering import Subject, TimeOfDay, Weather


def paint_lantern(easel: Easel, palette_name: str) -> Iterator[None]:
    tones = TONES[palette_name]
    composition = compose(easel)
    easel.calm = composition.calm
    easel.subject = f"paper-cut lanterns over clouds in {palette_name} colours"
    _lay_ground(easel, tones, composition)
    yield
    _draw_sky(easel, tones, composition)
    yield
    _draw_lanterns(easel, tones, composition)
    yield
    _draw_skyline(easel, tones, composition)
    yield
    _draw_foreground(easel, tones, composition)
    yield
    _draw_air(easel, tones)
    paper.press(easel.pixels)
    yield


def _lay_ground(easel: Easel, tones: LanternTones, composition: Composition) -> None:
    ground = make_ground(easel, [(0.0, tones.high), (1.0, tones.low)])
    radius = 0.4 * max(easel.width, easel.height)
    add_glow(ground, Glow(0.5 * easel.width, 0.54 * easel.height, radius, tones.glow, 0.9, 2.0))
    if _shows_moon(easel):
        x, y, moon_radius = composition.moon
        add_glow(ground, Glow(x, y, 2.1 * moon_radius, tones.moon, 0.3, 1.6))
    easel.lay(ground)


def _shows_moon(easel: Easel) -> bool:
    asked = (
        easel.wants(Subject.MOON) or easel.wants(Subject.SUN) or easel.steering.time_of_day is TimeOfDay.NIGHT
    )
    chance = 0.5 if easel.steering.for_words else 0.9
    return asked or bool(easel.rng("moon").random() < chance)


def _draw_sky(easel: Easel, tones: LanternTones, composition: Composition) -> None:
    """Gold dust, moon and the far cloud that crosses it."""
    asked = easel.wants(Subject.STARS)
    bottom = composition.calm.top if easel.aspect < 1.25 else 0.7 * easel.height
    draw_stars(
        easel,
        easel.rng("stars"),
        count=190 if asked else 48,
        bottom_px=bottom * (1.6 if asked else 1.0),
        colour=tones.line,
    )
    rng = easel.rng("far clouds")
    x, y, radius = composition.moon
    if _shows_moon(easel):
        easel.canvas.drawCircle(x, y, radius, tint(tones.moon, 0.96))
    length = easel.short * rng.uniform(0.26, 0.34)
    drift = Drift(x + composition.side * 0.5 * radius, y + 0.55 * radius, length)
    draw_drifting(easel, rng, drift, tones.banks[0], tones.line)
    if easel.wants(Subject.BIRD):
        count, span = easel.count(Subject.BIRD, 7, 24), 34 * easel.unit
        flock = Flock(x, y + 0.1 * radius, count, span, tones.line)
        draw_birds(easel, easel.rng("birds"), flock)


def _draw_lanterns(easel: Easel, tones: LanternTones, composition: Composition) -> None:
    dress = Dress(tones.core, tones.body, tones.skin, tones.line)
    largest = max(lantern.radius for lantern in composition.lanterns)
    for lantern in composition.lanterns:
        draw_lantern(easel.canvas, lantern, dress, glow=0.5 + 0.5 * lantern.radius / largest)
    rng = easel.rng("near clouds")
    for side in (-1, 1):
        if easel.aspect > 1.25 and side != composition.side:
            continue
        y = easel.height * rng.uniform(0.27, 0.31)
        length = easel.short * rng.uniform(0.24, 0.34)
        x = easel.width * (0.5 + side * 0.5) - side * length * 0.2
        draw_drifting(easel, rng, Drift(x, y, length), tones.banks[1], tones.line)


def _draw_skyline(easel: Easel, tones: LanternTones, composition: Composition) -> None:
    if easel.wants(Subject.MOUNTAIN):
        draw_hills(
            easel, easel.rng("hills"), composition.shore - 0.5 * composition.step, tones.banks[:2], tones.line
        )
    if easel.wants(Subject.PAVILION) or easel.rng("pagoda").random() < 0.3:
        foot = composition.shore - 0.6 * composition.rise
        draw_pagodas(easel, easel.rng("pagodas"), composition.side, foot, tones.banks[3])


def _draw_foreground(easel: Easel, tones: LanternTones, composition: Composition) -> None:
    """Four banks of cloud, or two and a sea."""
    rng = easel.rng("banks")
    at_sea = easel.wants(Subject.WAVE) or easel.wants(Subject.RIVER) or easel.wants(Subject.BOAT)
    for layer in range(2 if at_sea else 4):
        level = composition.shore + composition.step * (0.12 + layer)
        rise = composition.rise * (1.0 - 0.22 * layer)
        lobes = heap_lobes(rng, easel, level=level, rise=rise, lobe_px=easel.short * (0.052 + 0.008 * layer))
        draw_bank(easel, lobes, tones.banks[layer], tones.line)
    if at_sea:
        level = composition.shore + 0.9 * composition.step
        draw_sea(easel, easel.rng("sea"), level, tones.banks[1:], tones.line)
        _sail(easel, tones, level)


def _sail(easel: Easel, tones: LanternTones, level: float) -> None:
    if not easel.wants(Subject.BOAT):
        return
    rng = easel.rng("boats")
    for index in range(easel.count(Subject.BOAT, 1, 4)):
        x = easel.width * (0.3 + 0.42 * ((index * 0.62 + rng.random() * 0.3) % 1.0))
        y = level + 0.008 * easel.height * (index + 1)
        draw_boat(easel, Boat(x, y, 180 * easel.unit, 1, tones.line, tones.core))


def _draw_air(easel: Easel, tones: LanternTones) -> None:
    weather, density = easel.steering.weather, easel.steering.density
    if easel.wants(Subject.PLUM):
        draw_petals(
            easel, easel.rng("petals"), count=80, size_px=24 * easel.unit, colours=(tones.body, tones.moon)
        )
    if weather is Weather.SNOW:
        draw_snow(easel, easel.rng("snow"), colour=(255, 255, 255), density=density)
    if weather is Weather.RAIN:
        draw_rain(easel, easel.rng("rain"), colour=tones.line, density=density)
