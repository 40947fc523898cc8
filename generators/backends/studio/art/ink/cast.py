"""Who and what appears in an ink landscape: what was asked for, and what the seed adds."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.motifs.trees import Foliage
from generators.backends.studio.art.steering import Season, Subject, TimeOfDay, Weather


class Orb(StrEnum):
    SUN = "sun"
    MOON = "moon"


@dataclass(frozen=True, slots=True)
class Cast:
    orb: Orb | None
    foliage: Foliage | None  # of the tree on the near bank, None without one
    boats: int
    birds: int
    pavilion: bool
    is_snowy: bool  # snow lies on the mountains


_FOLIAGE: Final[Mapping[Season, Foliage]] = {
    Season.SPRING: Foliage.BLOSSOM,
    Season.SUMMER: Foliage.LEAVES,
    Season.AUTUMN: Foliage.MAPLE,
    Season.WINTER: Foliage.BARE,
}
# What the seed may put on the near bank when no season is asked for.
_USUAL: Final[Mapping[str, tuple[Foliage, ...]]] = {
    "dawn": (Foliage.NEEDLES, Foliage.NEEDLES, Foliage.BLOSSOM),
    "rouge": (Foliage.NEEDLES, Foliage.BLOSSOM, Foliage.BARE),
    "amber": (Foliage.NEEDLES, Foliage.MAPLE, Foliage.MAPLE),
    "silver": (Foliage.NEEDLES, Foliage.BARE, Foliage.BARE),
}


def choose_cast(easel: Easel, palette_name: str, *, is_dark: bool) -> Cast:
    rng = easel.rng("cast")
    chance = rng.random(5)
    weather = easel.steering.weather
    is_wet = weather in (Weather.RAIN, Weather.SNOW)
    has_boat = easel.wants(Subject.BOAT) or bool(chance[2] < 0.62)
    has_birds = easel.wants(Subject.BIRD) or bool(chance[3] < 0.6 and not is_wet)
    return Cast(
        orb=_orb(easel, is_dark=is_dark, by_chance=bool(chance[0] < 0.78 and not is_wet)),
        foliage=_foliage(easel, palette_name, float(chance[1]), int(rng.integers(12))),
        boats=easel.count(Subject.BOAT, 1, 4) if has_boat else 0,
        birds=easel.count(Subject.BIRD, 5 + int(rng.integers(5)), 24) if has_birds else 0,
        pavilion=easel.wants(Subject.PAVILION) or bool(chance[4] < 0.22),
        is_snowy=weather is Weather.SNOW or easel.steering.season is Season.WINTER,
    )


def _orb(easel: Easel, *, is_dark: bool, by_chance: bool) -> Orb | None:
    if easel.wants(Subject.MOON):
        return Orb.MOON
    if easel.wants(Subject.SUN):
        return Orb.SUN
    if not by_chance and easel.steering.time_of_day is None:
        return None
    return Orb.MOON if is_dark or easel.steering.time_of_day is TimeOfDay.NIGHT else Orb.SUN


def _foliage(easel: Easel, palette_name: str, chance: float, pick: int) -> Foliage | None:
    if easel.wants(Subject.PINE):
        return Foliage.NEEDLES
    if easel.wants(Subject.BAMBOO):
        return None  # the bamboo grows there
    if easel.wants(Subject.PLUM):
        return Foliage.BLOSSOM
    if easel.steering.season is not None:
        return _FOLIAGE[easel.steering.season]
    usual = _USUAL.get(palette_name, (Foliage.NEEDLES,))
    return usual[pick % len(usual)] if chance < 0.82 else None
