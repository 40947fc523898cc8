"""Plum blossom."""

from collections.abc import Iterator

from generators.backends.studio.art import paper
from generators.backends.studio.art.colour import mix
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.ground import Glow, add_clouds, add_glow, make_ground
from generators.backends.studio.art.motifs.bamboo import Grove, draw_bamboo
from generators.backends.studio.art.motifs.lantern import Dress, Lantern, draw_lantern
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
from generators.backends.studio.art.plum.bark import draw_snow_on, draw_wood
from generators.backends.studio.art.plum.bloom import bloom
from generators.backends.studio.art.plum.blossom import make_sprites
from generators.backends.studio.art.plum.branch import Growth, Tree, grow
from generators.backends.studio.art.plum.composition import Composition, compose
from generators.backends.studio.art.plum.hills import lay_hills
from generators.backends.studio.art.plum.tones import TONES, PlumTones
from generators.backends.studio.art.steering import Season, Subject, TimeOfDay, Weather

_LANTERN: Dress = Dress(core=(255, 226, 140), body=(244, 106, 44), skin=(200, 34, 32), line=(232, 186, 110))


def paint_plum(easel: Easel, palette_name: str) -> Iterator[None]:
    tones = TONES[palette_name]
    composition = compose(easel)
    easel.calm = composition.calm
    easel.subject = f"a branch of plum blossom in {palette_name} colours"
    _lay_ground(easel, tones, composition)
    _draw_sky(easel, tones, composition)
    yield
    growth = Growth(easel.short, composition.calm, easel.width, easel.height)
    tree = grow(easel.rng("tree"), list(composition.stems), growth)
    yield
    draw_wood(easel, easel.rng("bark"), tree, tones.bark, tones.bark_light)
    yield
    if _is_snowy(easel, palette_name):
        draw_snow_on(easel, easel.rng("snow cover"), tree)
    if easel.wants(Subject.LANTERN):
        _hang_lanterns(easel, tree)
    yield
    radius = 0.037 * easel.short
    bloom(easel, easel.rng("bloom"), tree, make_sprites(easel.rng("sprites"), tones, radius), radius)
    yield
    _draw_air(easel, tones)
    paper.press(easel.pixels)
    yield


def _is_snowy(easel: Easel, palette_name: str) -> bool:
    steering = easel.steering
    asked = steering.weather is Weather.SNOW or steering.season is Season.WINTER
    return asked or (palette_name == "snow" and steering.season is None)


def _lay_ground(easel: Easel, tones: PlumTones, composition: Composition) -> None:
    """Paper with a haze of the flowers' colour around the stems."""
    ground = make_ground(easel, [(0.0, tones.high), (1.0, tones.low)])
    amount = 3.0 if easel.wants(Subject.CLOUD) else 1.7
    add_clouds(ground, easel, tones.cloud, amount=amount, size=(0.4, 0.4))
    haze = mix(tones.petal, tones.cloud, 0.45)
    for x, y in composition.stems[0][2::2]:
        add_glow(ground, Glow(float(x), float(y), 0.3 * easel.short, haze, 0.22, 2.0))
    if _shows_orb(easel, tones):
        add_glow(ground, Glow(*composition.orb, 0.34 * easel.short, tones.orb, 0.4, 1.5))
    easel.lay(ground)


def _shows_orb(easel: Easel, tones: PlumTones) -> bool:
    asked = (
        easel.wants(Subject.MOON) or easel.wants(Subject.SUN) or easel.steering.time_of_day is TimeOfDay.NIGHT
    )
    by_chance = easel.rng("orb").random() < (0.6 if tones.palette.is_dark else 0.25)
    return asked or by_chance


def _draw_sky(easel: Easel, tones: PlumTones, composition: Composition) -> None:
    """What is behind the branch."""
    x, y = composition.orb
    if easel.wants(Subject.STARS):
        colour = tones.rim if tones.palette.is_dark else tones.petal
        draw_stars(easel, easel.rng("stars"), count=170, bottom_px=float(easel.height), colour=colour)
    if _shows_orb(easel, tones):
        draw_disc(easel, Disc(x, y, 0.12 * easel.short, tones.orb, 0.25))
    if easel.wants(Subject.MOUNTAIN) or easel.wants(Subject.RIVER):
        lay_hills(easel, tones)
    if easel.wants(Subject.BAMBOO):
        edge = 1 if composition.stems[0][0][0] < easel.width / 2 else -1
        ink = mix(tones.bark, tones.cloud, 0.45)
        draw_bamboo(easel, easel.rng("bamboo"), Grove(edge, 0.22 * easel.short, 3, ink, tones.cloud))
    if easel.wants(Subject.BIRD):
        count, span = easel.count(Subject.BIRD, 5, 24), 34 * easel.unit
        flock = Flock(x, y - 0.1 * easel.short, count, span, tones.bark_light)
        draw_birds(easel, easel.rng("birds"), flock)


def _hang_lanterns(easel: Easel, tree: Tree) -> None:
    """Lanterns hung from the outer wood, clear of the calm area."""
    rng = easel.rng("lanterns")
    wanted, radius = easel.count(Subject.LANTERN, 2, 6), 0.052 * easel.short
    hung: list[float] = []
    for limb in [limb for limb in tree.limbs if limb.level == 0] * 2:
        at = limb.points[int(len(limb.points) * rng.uniform(0.45, 0.95))]
        x, top = float(at[0]), float(at[1])
        y = top + radius * rng.uniform(1.8, 2.8)
        far_enough = all(abs(x - other) > 2.6 * radius for other in hung)
        calm = easel.calm
        reaches_calm = (
            calm.left - radius < x < calm.right + radius
            and calm.top < y + 2.6 * radius
            and y - radius < calm.bottom
        )
        if (
            far_enough
            and not reaches_calm
            and radius < x < easel.width - radius
            and y < easel.height - radius
            and len(hung) < wanted
        ):
            draw_lantern(easel.canvas, Lantern(x, y, radius, 0.86, top), _LANTERN, glow=0.8)
            hung.append(x)


def _draw_air(easel: Easel, tones: PlumTones) -> None:
    weather, density = easel.steering.weather, easel.steering.density
    count = round(10 + 34 * density)
    draw_petals(
        easel, easel.rng("petals"), count=count, size_px=21 * easel.unit, colours=(tones.petal, tones.rim)
    )
    if weather is Weather.SNOW:
        draw_snow(easel, easel.rng("snow"), colour=(255, 255, 255), density=density)
    if weather is Weather.RAIN:
        draw_rain(easel, easel.rng("rain"), colour=mix(tones.bark_light, tones.cloud, 0.3), density=density)
