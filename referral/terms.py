"""What a link asks for and brings: of the programme, of a campaign's variants, and frozen into each link."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Terms(BaseModel):
    """goal: reached by the sum of weights. reward_days: until the credits lapse. seats: helps it can take."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    goal: int = Field(default=3, ge=1, le=1_000_000)
    weight_new: int = Field(default=2, ge=1, le=100)
    weight_existing: int = Field(default=1, ge=1, le=100)
    reward_credits: int = Field(default=1, ge=1, le=1_000)
    reward_days: int = Field(default=30, ge=1, le=366)
    seats: int = Field(default=20, ge=1, le=1_000_000)

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        if self.seats * min(self.weight_new, self.weight_existing) < self.goal:
            raise ValueError("seats: too few for the goal, if all helpers have an account already")
        return self


def people_for(points: int, weight_new: int, weight_existing: int) -> tuple[int, int]:
    """How many people it takes to bring so many points: if all are new, and if none is."""
    return -(-points // weight_new), -(-points // weight_existing)
