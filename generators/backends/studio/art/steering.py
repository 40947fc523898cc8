"""What a prompt or an occasion asks of a painting, beyond its style."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Season(StrEnum):
    SPRING = "spring"
    SUMMER = "summer"
    AUTUMN = "autumn"
    WINTER = "winter"


class TimeOfDay(StrEnum):
    DAWN = "dawn"
    NOON = "noon"
    DUSK = "dusk"
    NIGHT = "night"


class Weather(StrEnum):
    CLEAR = "clear"
    MIST = "mist"
    RAIN = "rain"
    SNOW = "snow"


class Hue(StrEnum):
    """A colour word; every style maps it to its nearest palette."""

    RED = "red"
    PINK = "pink"
    GOLD = "gold"
    GREEN = "green"
    BLUE = "blue"
    PURPLE = "purple"
    BLACK = "black"
    WHITE = "white"


class Subject(StrEnum):
    """Things that can be asked for by name; a style shows those that belong in it."""

    MOUNTAIN = "mountain"
    RIVER = "river"
    WATERFALL = "waterfall"
    WAVE = "wave"
    BOAT = "boat"
    PAVILION = "pavilion"
    SUN = "sun"
    MOON = "moon"
    STARS = "stars"
    CLOUD = "cloud"
    BIRD = "bird"
    PLUM = "plum"
    BAMBOO = "bamboo"
    PINE = "pine"
    LANTERN = "lantern"
    SILK = "silk"


@dataclass(frozen=True, slots=True)
class Steering:
    """Wishes; None and empty leave the choice to the seed.

    palette: a palette name of the style (`palettes.names(style)`); wins over `hue` and `time_of_day`.
    counts: how many of a subject, where a number was named; bounded by the painter.
    density: 0..1, from sparse to lush: blossoms, threads, lanterns, peaks.
    for_words: leave a wide calm area; False fills the picture, for an image that stands alone.
    """

    palette: str | None = None
    hue: Hue | None = None
    season: Season | None = None
    time_of_day: TimeOfDay | None = None
    weather: Weather | None = None
    subjects: frozenset[Subject] = frozenset()
    counts: Mapping[Subject, int] = field(default_factory=dict)
    density: float = 0.5
    for_words: bool = True
