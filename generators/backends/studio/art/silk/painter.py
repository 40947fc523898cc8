"""Silk: flowing threads on a deep or pale ground."""

from collections.abc import Iterator

import numpy as np

from generators.backends.studio.art import paper
from generators.backends.studio.art.brush import tint
from generators.backends.studio.art.colour import make_ramp
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.ground import Glow, add_glow, make_ground
from generators.backends.studio.art.motifs.boat import Boat, draw_boat
from generators.backends.studio.art.motifs.lights import draw_sky_lanterns
from generators.backends.studio.art.motifs.petals import draw_petals
from generators.backends.studio.art.motifs.sky import (
    Disc,
    Flock,
    draw_birds,
    draw_disc,
    draw_rain,
    draw_snow,
    draw_stars,
)
from generators.backends.studio.art.silk.composition import Composition, compose, cut_ribbons
from generators.backends.studio.art.silk.tones import TONES, SilkTones, Threads
from generators.backends.studio.art.silk.weave import Ribbon, dye, soften, weave
from generators.backends.studio.art.steering import Subject, Weather
from generators.contracts import Box


def paint_silk(easel: Easel, palette_name: str) -> Iterator[None]:
    tones = TONES[palette_name]
    composition = compose(easel)
    easel.calm = composition.calm
    easel.subject = f"flowing threads of silk in {palette_name} colours"
    lay_ground(easel, tones, composition)
    yield
    _draw_sky(easel, tones, composition)
    yield
    more = 0 if easel.steering.for_words else 1
    lush = 0.55 + 0.9 * easel.steering.density
    back = cut_ribbons(easel, composition, "back", 3 + more, (0.16, 0.32), round(120 * lush))
    _lay_threads(easel, "back", back, tones.back)
    yield
    front = cut_ribbons(easel, composition, "front", 2 + more, (0.07, 0.17), round(80 * lush))
    _lay_threads(easel, "front", front, tones.front)
    yield
    _draw_dust(easel, front, tones.front[2])
    _sail(easel, tones, front[0])
    _draw_weather(easel, tones)
    yield
    paper.press(easel.pixels)
    yield


def lay_ground(easel: Easel, tones: SilkTones, composition: Composition) -> None:
    ground = make_ground(easel, [(0.0, tones.high), (1.0, tones.low)])
    rng = easel.rng("ground")
    x, y = easel.width * rng.uniform(0.2, 0.8), easel.height * rng.uniform(0.1, 0.35)
    add_glow(ground, Glow(x, y, 0.5 * max(easel.width, easel.height), tones.glow, 0.75, 2.0))
    if _shows_orb(easel):
        orb_x, orb_y, radius = composition.orb
        add_glow(ground, Glow(orb_x, orb_y, radius * 3.0, tones.orb, 0.4, 1.2))
    easel.lay(ground)


def _shows_orb(easel: Easel) -> bool:
    by_chance = easel.rng("orb").random() < 0.22
    return by_chance or easel.wants(Subject.MOON) or easel.wants(Subject.SUN)


def _draw_sky(easel: Easel, tones: SilkTones, composition: Composition) -> None:
    """What is behind the silk."""
    orb_x, orb_y, radius = composition.orb
    if easel.wants(Subject.STARS):
        colour = tones.orb if tones.palette.is_dark else tones.front[1]
        draw_stars(easel, easel.rng("stars"), count=190, bottom_px=easel.height * 0.8, colour=colour)
    if _shows_orb(easel):
        draw_disc(easel, Disc(orb_x, orb_y, radius, tones.orb, 0.3))
    if easel.wants(Subject.BIRD):
        x = orb_x + 1.6 * radius * (1 if orb_x < easel.width / 2 else -1)
        count = easel.count(Subject.BIRD, 7, 24)
        y = max(orb_y - 1.1 * radius, easel.height - 0.96 * composition.zone)
        draw_birds(easel, easel.rng("birds"), Flock(x, y, count, 34 * easel.unit, tones.palette.ink))


def _lay_threads(easel: Easel, name: str, ribbons: list[Ribbon], threads: Threads) -> None:
    density = weave(easel.rng(f"threads {name}"), ribbons, easel.width, easel.height)
    woven = np.flatnonzero(density.any(axis=1))
    if not len(woven):
        return
    top = max(0, int(woven[0]) - int(60 * easel.unit))
    soft = soften(density[top:], 1.0, 26 * easel.unit)
    dye(easel.pixels[top:], soft, make_ramp([(0.0, threads[0]), (0.42, threads[1]), (1.0, threads[2])]))


def _draw_dust(easel: Easel, ribbons: list[Ribbon], colour: tuple[int, int, int]) -> None:
    """Sparks of light that the threads shed."""
    rng = easel.rng("dust")
    for x, spread, size in rng.random((round(90 * (0.4 + easel.steering.density)), 3)).tolist():
        ribbon = ribbons[int(size * 97) % len(ribbons)]
        column = int(x * (easel.width - 1))
        y = float(ribbon.spine[column]) + (spread - 0.5) * float(ribbon.breadth[column]) * 3.2
        radius = (0.6 + 1.7 * size**3) * max(0.6, easel.unit)
        easel.canvas.drawCircle(column, y, radius, tint(colour, 0.25 + 0.65 * size))


def _sail(easel: Easel, tones: SilkTones, ribbon: Ribbon) -> None:
    """Boats that ride on the silk, and lanterns rising from it."""
    is_dark = tones.palette.is_dark
    if easel.wants(Subject.BOAT):
        for index in range(easel.count(Subject.BOAT, 1, 4)):
            column = int(easel.width * (0.34, 0.62, 0.16, 0.8)[index])
            y, ink = float(ribbon.spine[column]), tones.low if is_dark else tones.palette.ink
            lamp = tones.front[2] if is_dark else None
            draw_boat(easel, Boat(column, y, 130 * easel.unit, 1, ink, lamp))
    if easel.wants(Subject.LANTERN):
        count = easel.count(Subject.LANTERN, 8, 30)
        bottom = float(ribbon.spine.mean())
        region = Box(0.12 * easel.width, easel.calm.bottom, 0.88 * easel.width, bottom)
        draw_sky_lanterns(easel, easel.rng("lanterns"), count, region)


def _draw_weather(easel: Easel, tones: SilkTones) -> None:
    weather, density = easel.steering.weather, easel.steering.density
    if easel.wants(Subject.PLUM):
        colours = (
            (tones.back[2], tones.front[2]) if tones.palette.is_dark else (tones.back[1], tones.front[1])
        )
        draw_petals(easel, easel.rng("petals"), count=70, size_px=24 * easel.unit, colours=colours)
    if weather is Weather.SNOW:
        draw_snow(easel, easel.rng("snow"), colour=(255, 255, 255), density=density)
    if weather is Weather.RAIN:
        draw_rain(
            easel,
            easel.rng("rain"),
            colour=tones.orb if tones.palette.is_dark else tones.back[2],
            density=density,
        )
