"""Points and thresholds, read from `weights.toml` or the operator's own copy of it, and checked whole."""

import hashlib
import json
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, Field, model_validator

from models.risk import RiskDecision
from referral.risk.rules import MEASURES

SHIPPED: Final = Path(__file__).with_name("weights.toml")
DIGEST_CHARS: Final = 16

Points = Annotated[int, Field(ge=-1000, le=1000)]


class Rule(BaseModel, frozen=True, extra="forbid"):
    """`start`: the value at which it begins to speak. at_least: the mildest verdict once it does."""

    points: Points
    start: int = Field(default=1, ge=1, le=1_000_000, alias="from")
    cap: Points | None = None
    at_least: RiskDecision = RiskDecision.ALLOW
    group: str | None = None
    zh: str = Field(min_length=1, max_length=200)
    en: str = Field(min_length=1, max_length=200)

    @model_validator(mode="after")
    def _is_capped_beyond_its_first_step(self) -> Self:
        if self.cap is not None and (abs(self.cap) < abs(self.points) or self.cap * self.points < 0):
            raise ValueError("a cap is no smaller than the points, and of the same sign")
        return self

    def weigh(self, value: int) -> int:
        """The points at this value; 0 below `from`. Without a cap, more than the first step adds nothing."""
        if value < self.start:
            return 0
        total = self.points * (value - self.start + 1)
        bound = self.points if self.cap is None else self.cap
        return max(total, bound) if self.points < 0 else min(total, bound)


class Weights(BaseModel, frozen=True, extra="forbid"):
    """Every rule there is, once: a rule that is not wanted has 0 points. groups: what each counts at most."""

    hold_points: int = Field(gt=0, le=10_000)
    deny_points: int = Field(gt=0, le=10_000)
    groups: dict[str, Annotated[int, Field(gt=0, le=10_000)]]
    rules: dict[str, Rule]

    @model_validator(mode="after")
    def _names_every_rule(self) -> Self:
        if self.hold_points > self.deny_points:
            raise ValueError("deny_points is no less than hold_points")
        missing, unknown = MEASURES.keys() - self.rules.keys(), self.rules.keys() - MEASURES.keys()
        if missing or unknown:
            raise ValueError(f"rules missing: {sorted(missing)}; rules unknown: {sorted(unknown)}")
        if {rule.group for rule in self.rules.values()} - {None} != self.groups.keys():
            raise ValueError("every group has a rule, and every rule's group is there")
        return self

    def add_up(self, points: Iterable[tuple[str, int]]) -> int:
        """The score of (code, points): groups within their bounds, and never below zero."""
        sums: dict[str | None, int] = {}
        for code, value in points:
            rule = self.rules.get(code)  # a kept reason may be of a rule that is no more
            group = rule.group if rule else None
            sums[group] = sums.get(group, 0) + value
        return max(
            0,
            sum(value if group is None else min(value, self.groups[group]) for group, value in sums.items()),
        )

    def digest(self) -> str:
        """Names these points and thresholds in kept verdicts."""
        text = json.dumps(self.model_dump(mode="json", by_alias=True), sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:DIGEST_CHARS]

    def explain(self, code: str, language: str) -> str:
        """What a rule says, for a reader of zh or en; a rule that is no more is named by its code."""
        rule = self.rules.get(code)
        return code if rule is None else (rule.zh if language == "zh" else rule.en)


def read_weights(
    path: Path | None = None, *, hold_points: int | None = None, deny_points: int | None = None
) -> Weights:
    """The operator's file, else the shipped one; thresholds may be set apart.

    Raises: OSError, tomllib.TOMLDecodeError, pydantic.ValidationError: the process must not start.
    """
    table = tomllib.loads((path or SHIPPED).read_text("utf-8"))
    for name, value in (("hold_points", hold_points), ("deny_points", deny_points)):
        if value is not None:
            table[name] = value
    return Weights.model_validate(table)
