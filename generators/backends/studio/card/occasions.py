"""What an occasion contributes to a card: title, forms of address, colours, wishes for the background."""

import functools
import random
import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from generators.backends.studio.art.steering import (
    Hue,
    Season,
    Steering,
    Subject,
    TimeOfDay,
    Weather,
)
from generators.specs import Language, Occasion, Style


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Wording(_Entry):
    """Texts of one language; see occasions.toml."""

    title: tuple[str, ...] = Field(min_length=1)
    subtitle: str = ""
    to: str
    after: str
    voice: str


class Wishes(_Entry):
    hue: Hue | None = None
    season: Season | None = None
    time_of_day: TimeOfDay | None = None
    weather: Weather | None = None
    subjects: frozenset[Subject] = frozenset()
    density: float = Field(default=0.5, ge=0, le=1)


class OccasionEntry(_Entry):
    """is_quiet: grief; colours are muted whatever the style."""

    zh: Wording
    en: Wording
    title_ink: Literal["ink", "seal", "accent"]
    steering: Wishes
    palettes: dict[Style, str]
    is_quiet: bool = False

    def steering_for(self, style: Style) -> Steering:
        wishes = self.steering
        return Steering(
            palette=self.palettes.get(style),
            hue=wishes.hue,
            season=wishes.season,
            time_of_day=wishes.time_of_day,
            weather=wishes.weather,
            subjects=wishes.subjects,
            density=wishes.density,
        )


@dataclass(frozen=True, slots=True)
class CardWords:
    """Everything a card says, in the order it is read. `closing` is empty in Chinese."""

    title: str
    subtitle: str
    recipient: str
    message: str
    closing: str
    sender: str

    @property
    def text(self) -> str:
        """The card's words as plain text."""
        parts = (self.title, self.recipient, self.message, self.closing, self.sender)
        return "\n".join(part for part in parts if part)


@functools.cache
def load_occasions() -> dict[Occasion, OccasionEntry]:
    """Read the packaged table once; every occasion is in it."""
    path = resources.files("generators.backends.studio.card") / "occasions.toml"
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return {occasion: OccasionEntry.model_validate(table[occasion]) for occasion in Occasion}


def wording_of(occasion: Occasion, language: Language) -> Wording:
    entry = load_occasions()[occasion]
    return entry.zh if language is Language.ZH else entry.en


def address(
    wording: Wording, language: Language, *, recipient: str, sender: str, message: str, seed: int
) -> CardWords:
    """Put the forms of address around names and message; the title is drawn by the seed."""
    title = random.Random(f"title/{seed}").choice(wording.title)
    if language is Language.EN:
        to = f"{wording.to} {recipient},"
        return CardWords(title, wording.subtitle, to, message, wording.after, sender)
    signed = f"{sender} {wording.after}" if wording.after else sender
    return CardWords(title, wording.subtitle, f"{wording.to} {recipient}", message, "", signed)
