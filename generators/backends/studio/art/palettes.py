"""Which colours a painting is done in: asked for by name, by colour word or by mood, else the seed's."""

import zlib
from collections.abc import Mapping
from typing import Final, TypeVar

import numpy as np

from generators.backends.studio.art.ink.tones import TONES as INK
from generators.backends.studio.art.lantern.tones import TONES as LANTERN
from generators.backends.studio.art.painting import Palette, UnknownPaletteError
from generators.backends.studio.art.plum.tones import TONES as PLUM
from generators.backends.studio.art.silk.tones import TONES as SILK
from generators.backends.studio.art.steering import Hue, Season, Steering, TimeOfDay, Weather
from generators.specs import Style

_Wish = TypeVar("_Wish", Hue, TimeOfDay, Weather, Season)
_PALETTES: Final[Mapping[Style, Mapping[str, Palette]]] = {
    Style.INK: {name: tones.palette for name, tones in INK.items()},
    Style.SILK: {name: tones.palette for name, tones in SILK.items()},
    Style.LANTERN: {name: tones.palette for name, tones in LANTERN.items()},
    Style.PLUM: {name: tones.palette for name, tones in PLUM.items()},
}
_BY_HUE: Final[Mapping[Style, Mapping[Hue, str]]] = {
    Style.INK: {
        Hue.RED: "rouge",
        Hue.PINK: "rouge",
        Hue.GOLD: "amber",
        Hue.GREEN: "jade",
        Hue.BLUE: "silver",
        Hue.PURPLE: "rouge",
        Hue.BLACK: "plain",
        Hue.WHITE: "plain",
    },
    Style.SILK: {
        Hue.RED: "crimson",
        Hue.PINK: "pearl",
        Hue.GOLD: "gilt",
        Hue.GREEN: "jade",
        Hue.BLUE: "indigo",
        Hue.PURPLE: "violet",
        Hue.BLACK: "slate",
        Hue.WHITE: "pearl",
    },
    Style.LANTERN: {
        Hue.RED: "festive",
        Hue.PINK: "violet",
        Hue.GOLD: "rice",
        Hue.GREEN: "teal",
        Hue.BLUE: "teal",
        Hue.PURPLE: "violet",
        Hue.BLACK: "ash",
        Hue.WHITE: "rice",
    },
    Style.PLUM: {
        Hue.RED: "snow",
        Hue.PINK: "blush",
        Hue.GOLD: "gilt",
        Hue.GREEN: "celadon",
        Hue.BLUE: "moonlit",
        Hue.PURPLE: "moonlit",
        Hue.BLACK: "gilt",
        Hue.WHITE: "plain",
    },
}
_BY_TIME: Final[Mapping[Style, Mapping[TimeOfDay, str]]] = {
    Style.INK: {
        TimeOfDay.DAWN: "dawn",
        TimeOfDay.NOON: "jade",
        TimeOfDay.DUSK: "rouge",
        TimeOfDay.NIGHT: "night",
    },
    Style.SILK: {
        TimeOfDay.DAWN: "pearl",
        TimeOfDay.NOON: "gilt",
        TimeOfDay.DUSK: "violet",
        TimeOfDay.NIGHT: "indigo",
    },
    Style.LANTERN: {
        TimeOfDay.DAWN: "rice",
        TimeOfDay.NOON: "rice",
        TimeOfDay.DUSK: "festive",
        TimeOfDay.NIGHT: "violet",
    },
    Style.PLUM: {
        TimeOfDay.DAWN: "blush",
        TimeOfDay.NOON: "celadon",
        TimeOfDay.DUSK: "gilt",
        TimeOfDay.NIGHT: "moonlit",
    },
}
_BY_WEATHER: Final[Mapping[Style, Mapping[Weather, str]]] = {
    Style.INK: {Weather.SNOW: "silver", Weather.RAIN: "plain"},
    Style.SILK: {Weather.SNOW: "indigo", Weather.RAIN: "slate"},
    Style.LANTERN: {Weather.SNOW: "teal", Weather.RAIN: "teal"},
    Style.PLUM: {Weather.SNOW: "snow", Weather.RAIN: "celadon"},
}
_BY_SEASON: Final[Mapping[Style, Mapping[Season, str]]] = {
    Style.INK: {
        Season.SPRING: "dawn",
        Season.SUMMER: "jade",
        Season.AUTUMN: "amber",
        Season.WINTER: "silver",
    },
    Style.SILK: {
        Season.SPRING: "pearl",
        Season.SUMMER: "jade",
        Season.AUTUMN: "gilt",
        Season.WINTER: "indigo",
    },
    Style.LANTERN: {
        Season.SPRING: "festive",
        Season.SUMMER: "teal",
        Season.AUTUMN: "rice",
        Season.WINTER: "festive",
    },
    Style.PLUM: {
        Season.SPRING: "blush",
        Season.SUMMER: "celadon",
        Season.AUTUMN: "gilt",
        Season.WINTER: "snow",
    },
}
# Kept for quiet occasions and for those who ask; the seed never draws them.
_SUBDUED: Final = frozenset({"plain", "slate", "ash"})


def names(style: Style) -> tuple[str, ...]:
    """Every palette of a style."""
    return tuple(_PALETTES[style])


def palette(style: Style, name: str) -> Palette:
    """Raises: UnknownPaletteError."""
    try:
        return _PALETTES[style][name]
    except KeyError:
        raise UnknownPaletteError(f"{style.value} has no palette {name!r}") from None


def choose(style: Style, steering: Steering, seed: int) -> str:
    """The name of the palette to paint in.

    Raises: UnknownPaletteError when `steering` names one that the style does not have.
    """
    if steering.palette is not None:
        return palette(style, steering.palette).name
    wished = (
        _find(_BY_HUE[style], steering.hue)
        or _find(_BY_TIME[style], steering.time_of_day)
        or _find(_BY_WEATHER[style], steering.weather)
        or _find(_BY_SEASON[style], steering.season)
    )
    if wished is not None:
        return wished
    usual = [name for name in names(style) if name not in _SUBDUED]
    rng = np.random.default_rng([zlib.crc32(b"palette " + style.value.encode()), seed])
    return usual[int(rng.integers(len(usual)))]


def _find(table: Mapping[_Wish, str], wish: _Wish | None) -> str | None:
    return None if wish is None else table.get(wish)
