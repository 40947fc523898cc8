"""Ink mountains in mist, by water."""

from collections.abc import Iterator

from generators.backends.studio.art import paper
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.ink.bank import lay_bank
from generators.backends.studio.art.ink.cast import Cast, Orb, choose_cast
from generators.backends.studio.art.ink.composition import Composition, compose
from generators.backends.studio.art.ink.details import draw_life, draw_rim, draw_waves, draw_weather
from generators.backends.studio.art.ink.mountains import draw_ridges, lay_mountains
from generators.backends.studio.art.ink.sky import Light, lay_sky, place_light
from generators.backends.studio.art.ink.tones import TONES, InkTones
from generators.backends.studio.art.ink.water import lay_mist, lay_water
from generators.backends.studio.art.noise import Field
from generators.backends.studio.art.steering import Subject, Weather


def paint_ink(easel: Easel, palette_name: str) -> Iterator[None]:
    tones = TONES[palette_name]
    composition = compose(easel)
    players = choose_cast(easel, palette_name, is_dark=tones.palette.is_dark)
    easel.calm = composition.calm
    easel.subject = _describe(easel, palette_name, players)
    ridges = draw_ridges(easel, composition)
    yield
    light = _light(tones, composition, players, ridges)
    lay_sky(easel, tones, composition, light)
    yield
    glow = 0.0 if light is None or tones.palette.is_dark else 1.0
    lay_mountains(easel, tones, composition, ridges, glow=glow, snow=1.0 if players.is_snowy else 0.0)
    yield
    lay_water(easel, tones, int(composition.horizon))
    _lay_mists(easel, tones, composition)
    yield
    if easel.wants(Subject.WAVE):
        draw_waves(easel, tones, composition)
    draw_life(easel, tones, composition, players, light)
    lay_bank(easel, tones, composition, players)
    yield
    draw_rim(easel, tones, composition)
    draw_weather(easel, tones)
    paper.press(easel.pixels)
    yield


def _light(tones: InkTones, composition: Composition, players: Cast, ridges: list[Field]) -> Light | None:
    if players.orb is None:
        return None
    is_moon = players.orb is Orb.MOON
    return place_light(composition, ridges, tones.moon if is_moon else tones.sun, 0.6 if is_moon else 0.42)


def _lay_mists(easel: Easel, tones: InkTones, composition: Composition) -> None:
    zone = composition.zone
    lay_mist(easel, tones, "shore", composition.horizon, 0.1 * zone)
    if easel.steering.weather in (Weather.MIST, Weather.RAIN) or easel.wants(Subject.CLOUD):
        lay_mist(easel, tones, "low", composition.horizon - 0.28 * zone, 0.2 * zone)
        lay_mist(easel, tones, "high", composition.horizon - 0.58 * zone, 0.2 * zone)


def _describe(easel: Easel, palette_name: str, players: Cast) -> str:
    sights = [] if players.orb is None else [f"a {players.orb.value}"]
    if players.boats:
        sights.append("a boat" if players.boats == 1 else f"{players.boats} boats")
    if players.birds:
        sights.append("birds")
    if easel.wants(Subject.BAMBOO):
        sights.append("bamboo")
    seen = f" with {', '.join(sights)}" if sights else ""
    return f"ink mountains in mist by still water{seen}, in {palette_name} colours"
