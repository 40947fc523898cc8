"""The small things of an ink landscape, and what hangs into it from the rim."""

from dataclasses import replace

import numpy as np

from generators.backends.studio.art.brush import Points, curve, stroke, tint
from generators.backends.studio.art.colour import mix
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.ink.cast import Cast
from generators.backends.studio.art.ink.composition import Composition
from generators.backends.studio.art.ink.sky import Light
from generators.backends.studio.art.ink.tones import InkTones
from generators.backends.studio.art.motifs.bamboo import Grove, draw_bamboo
from generators.backends.studio.art.motifs.boat import Boat, draw_boat
from generators.backends.studio.art.motifs.lights import draw_glow, draw_sky_lanterns
from generators.backends.studio.art.motifs.petals import draw_petals
from generators.backends.studio.art.motifs.sky import Flock, draw_birds, draw_rain, draw_snow
from generators.backends.studio.art.noise import Field
from generators.backends.studio.art.painting import RGB
from generators.backends.studio.art.steering import Subject, Weather
from generators.contracts import Box


def draw_waterfall(easel: Easel, tones: InkTones, composition: Composition, ridge: Field) -> None:
    """A white fall down a dark gorge in the massif, ending in mist."""
    rng = easel.rng("waterfall")
    x = easel.width * (0.5 + composition.side * rng.uniform(0.12, 0.2))
    top = float(ridge[int(np.clip(x, 0, easel.width - 1))]) + 0.06 * composition.zone
    foot = composition.horizon - 0.1 * composition.zone
    sway, drop = 0.02 * composition.zone, foot - top
    knots = [
        (x, top),
        (x + sway, top + 0.3 * drop),
        (x - 0.4 * sway, top + 0.65 * drop),
        (x + 0.6 * sway, foot),
    ]
    line, breadth = curve(knots, 30), composition.zone * np.linspace(0.008, 0.034, 30)
    gorge = mix(tones.far, tones.near, 0.5)
    for length, girth, alpha in ((28, 4.0, 0.09), (25, 3.2, 0.12), (21, 2.5, 0.16), (16, 1.9, 0.2)):
        fade = np.linspace(1.0, 0.0, length) ** 0.6
        easel.canvas.drawPath(stroke(line[:length], breadth[:length] * girth * fade), tint(gorge, alpha))
    bright = mix(tones.mist, tones.moon, 0.5)
    easel.canvas.drawPath(stroke(line, breadth), tint(bright, 0.62))
    _draw_strands(easel, rng, line, breadth, bright)
    draw_glow(easel.canvas, float(line[-1, 0]), foot, 0.11 * composition.zone, tones.mist, 0.95)


def _draw_strands(easel: Easel, rng: np.random.Generator, line: Points, breadth: Points, colour: RGB) -> None:
    """Broken threads of falling water."""
    for share in rng.uniform(-0.6, 0.6, 16):
        start = int(rng.integers(0, 22))
        part = slice(start, start + int(rng.integers(6, 14)))
        thread = line[part] + np.stack([breadth[part] * share, np.zeros_like(breadth[part])], axis=-1)
        easel.canvas.drawPath(
            stroke(thread, np.full(len(thread), max(0.7, 1.7 * easel.unit))), tint(colour, 0.8)
        )


def draw_waves(easel: Easel, tones: InkTones, composition: Composition) -> None:
    """Rows of brushed crests on the water, larger towards the viewer."""
    rng = easel.rng("waves")
    depth = easel.height - composition.horizon
    for share in np.linspace(0.2, 0.95, 7):
        size = easel.short * (0.03 + 0.075 * share)
        y = composition.horizon + depth * share
        for x in np.arange(rng.uniform(-1.0, 0.0) * size, easel.width + size, size * 1.25):
            start, lift = x + rng.uniform(-0.2, 0.2) * size, rng.uniform(0.08, 0.15) * size
            crest = curve([(start, y), (start + 0.55 * size, y - lift), (start + size, y)], 11)
            widths = np.sin(np.linspace(0.1, 3.05, 11)) * size * 0.035 + 0.4
            easel.canvas.drawPath(stroke(crest, widths), tint(tones.near, 0.1 + 0.26 * share * rng.random()))


def draw_life(
    easel: Easel, tones: InkTones, composition: Composition, players: Cast, light: Light | None
) -> None:
    """Birds over the far ranges, boats on the water."""
    side = composition.side
    if players.birds:
        x = easel.width * (0.5 - side * 0.12) if light is None else light.x + 1.1 * light.radius * side
        y = composition.horizon - 0.88 * composition.zone
        flock = Flock(x, y, players.birds, 30 * easel.unit, tones.palette.ink)
        draw_birds(easel, easel.rng("birds"), flock)
    rng = easel.rng("boats")
    depth = easel.height - composition.horizon
    lamp = tones.moon if tones.palette.is_dark else None
    for index in range(players.boats):
        x = easel.width * (0.5 + side * (rng.uniform(0.0, 0.1) + (0.0, 0.18, 0.34, -0.16)[index]))
        y = composition.horizon + depth * (0.46 - 0.1 * index)
        draw_boat(easel, Boat(x, y, (124 - 20 * index) * easel.unit, side, tones.near, lamp))


def draw_rim(easel: Easel, tones: InkTones, composition: Composition) -> None:
    """Sky lanterns, petals and bamboo; bamboo narrows the calm area."""
    side, calm = composition.side, easel.calm
    if easel.wants(Subject.PLUM):
        draw_petals(
            easel,
            easel.rng("petals"),
            count=46,
            size_px=17 * easel.unit,
            colours=((232, 140, 152), (246, 190, 196)),
        )
    if easel.wants(Subject.LANTERN):
        rng, count = easel.rng("lanterns"), easel.count(Subject.LANTERN, 9, 30)
        left, right = sorted((easel.width * 0.5, easel.width * (0.5 - side * 0.42)))
        bottom = composition.horizon - 0.35 * composition.zone
        draw_sky_lanterns(easel, rng, count, Box(left, calm.top, right, bottom))
    if easel.wants(Subject.BAMBOO):
        reach = 0.3 * easel.short
        draw_bamboo(easel, easel.rng("bamboo"), Grove(-side, reach, 4, tones.near, tones.mist))
        clear = 0.7 * reach
        if side > 0:
            easel.calm = replace(calm, left=max(calm.left, clear))
        else:
            easel.calm = replace(calm, right=min(calm.right, easel.width - clear))


def draw_weather(easel: Easel, tones: InkTones) -> None:
    weather, density = easel.steering.weather, easel.steering.density
    if weather is Weather.RAIN:
        colour = tones.mist if tones.palette.is_dark else mix(tones.far, tones.near, 0.35)
        draw_rain(easel, easel.rng("rain"), colour=colour, density=density)
    if weather is Weather.SNOW:
        draw_snow(easel, easel.rng("snow"), colour=(255, 255, 255), density=density)
