"""The catalogue: tiers and prices, read once from `catalog.toml` and checked whole."""

import functools
import tomllib
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, Field, model_validator

FREE: Final = "free"
Texts = dict[Annotated[str, Field(pattern="^(zh|en)$")], str]


class Tier(BaseModel, frozen=True, extra="forbid"):
    """`weight` is the share of the queue under load; `in_flight` caps jobs queued or running.

    batch_rows: caps the rows of batches that are queued or running, which `in_flight` does not count.
    """

    rank: int = Field(ge=0)
    monthly_credits: int = Field(gt=0)
    weight: int = Field(gt=0, le=1000)
    in_flight: int = Field(gt=0)
    batch_rows: int = Field(ge=0)
    max_image_px: int = Field(gt=0)
    name: Texts


class Catalog(BaseModel, frozen=True, extra="forbid"):
    prices: dict[str, Annotated[int, Field(gt=0)]]
    tiers: dict[str, Tier]

    @model_validator(mode="after")
    def _has_distinct_ranks_and_free(self) -> Self:
        if FREE not in self.tiers:
            raise ValueError("the catalogue needs a tier named free")
        if len({tier.rank for tier in self.tiers.values()}) != len(self.tiers):
            raise ValueError("two tiers share a rank")
        return self

    def tier(self, name: str) -> Tier:
        """The tier of that name; a tier that was withdrawn from sale counts as free."""
        return self.tiers.get(name, self.tiers[FREE])


@functools.cache
def load_catalog(path: Path = Path(__file__).parent / "catalog.toml") -> Catalog:
    """Raises: pydantic.ValidationError when the file breaks a rule; the process must not start."""
    return Catalog.model_validate(tomllib.loads(path.read_text("utf-8")))
