"""The programme as deployed: terms, times, caps and which channels are on. See `programme.toml`."""

import functools
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from models.campaign import ShareChannel
from referral.terms import Terms

OWN_FILE: Final = Path(__file__).with_name("programme.toml")


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Times(_Part):
    link_hours: float = Field(gt=0, le=24 * 30)
    review_hours: float = Field(ge=0, le=24 * 14)
    shown_days: float = Field(ge=0, le=90)


class Caps(_Part):
    helps_per_day: int = Field(ge=1)
    links_per_day: int = Field(ge=1)
    links_per_month: int = Field(ge=1)
    budget_credits_month: int = Field(ge=0)


class ChannelRule(_Part):
    """reason: by language, said to whoever meets a channel that is off."""

    is_on: bool
    reason: Mapping[str, str] | None = None

    @model_validator(mode="after")
    def _says_why(self) -> Self:
        if not self.is_on and (self.reason is None or not {"zh", "en"} <= self.reason.keys()):
            raise ValueError("reason: a channel that is off says why, in zh and en")
        return self


class Programme(_Part):
    terms: Terms
    times: Times
    caps: Caps
    channels: Mapping[ShareChannel, ChannelRule]

    @model_validator(mode="after")
    def _knows_every_channel(self) -> Self:
        if missing := set(ShareChannel) - self.channels.keys():
            raise ValueError(f"channels: {', '.join(sorted(missing))} missing")
        return self


@functools.cache
def load_programme(path: Path | None = None) -> Programme:
    """Read the operator's file, or our own. Raises: OSError, tomllib.TOMLDecodeError, pydantic errors."""
    return Programme.model_validate(tomllib.loads((path or OWN_FILE).read_text("utf-8")))
