"""What the studio's forms offer: choices by name, and the bounds of `generators.specs`."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from generators.specs import CardFormat, Direction, Kind, Mood, Occasion, PictureFormat, Style
from service.pages.layouts import layouts
from service.texts import CHOICES


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose: what the API calls it, and what a reader calls it."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Size:
    """A picture's size in pixels, small enough for every tier."""

    id: str
    width_px: int
    height_px: int


# Graphemes of each text; "words" counts how many may be woven in.
MAX_GRAPHEMES: Final = {"name": 20, "message": 200, "theme": 60, "prompt": 500, "words": 5}
SIZES: Final = (
    Size("portrait", 1080, 1440),
    Size("square", 1024, 1024),
    Size("landscape", 1440, 1080),
    Size("wide", 1536, 864),
)
SONG_FORMS: Final = {
    "short": ("verse", "chorus"),
    "song": ("verse", "chorus", "verse", "chorus"),
    "full": ("verse", "chorus", "verse", "chorus", "bridge", "chorus"),
}
RHYMES: Final = ("AABA", "AABB", "ABAB", "AAAA", "XAXA")


def choices(group: str, ids: type[StrEnum], language: str) -> list[Choice]:
    """Every member of an enum with its name in that language."""
    return [Choice(member.value, CHOICES[group][member.value][language]) for member in ids]


def kind_choices(language: str) -> list[Choice]:
    return choices("kinds", Kind, language)


def studio_offers(language: str) -> dict[str, object]:
    """Everything the studio's forms let one choose from."""
    return {
        "kinds": kind_choices(language),
        "occasions": choices("occasions", Occasion, language),
        "styles": choices("styles", Style, language),
        "directions": choices("directions", Direction, language),
        "moods": choices("moods", Mood, language),
        "layouts": layouts(language),
        "card_formats": choices("card_formats", CardFormat, language),
        "formats": [Choice(member.value, member.value.upper()) for member in PictureFormat],
        "sizes": SIZES,
        "song_forms": SONG_FORMS,
        "rhymes": [Choice(scheme, scheme) for scheme in RHYMES],
        "limits": MAX_GRAPHEMES,
    }
