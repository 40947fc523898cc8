"""What the risk score says of a help, and why: numbers and codes, nothing personal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from models.risk import RiskDecision

Evidence = Mapping[str, int | float | str]


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that spoke. `code` names it in `weights.toml`, where its texts are.

    points: negative where the rule speaks for the helper. at_least: the mildest verdict with it.
    evidence: counts, seconds and short names from a closed list; never an address, a hash or a person.
    """

    code: str
    points: int
    evidence: Evidence = field(default_factory=dict)
    at_least: RiskDecision = RiskDecision.ALLOW

    def to_json(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "code": self.code,
            "points": self.points,
            "evidence": dict(self.evidence),
            "at_least": self.at_least.value,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Reason":
        """What `to_json` wrote."""
        return cls(kept["code"], kept["points"], kept["evidence"], RiskDecision(kept["at_least"]))


class Verdict(NamedTuple):
    """`decision` is what the score says; `effect` is what to do, which in shadow mode is always to allow."""

    decision: RiskDecision
    score: int
    reasons: tuple[Reason, ...]
    is_shadow: bool = False

    @property
    def effect(self) -> RiskDecision:
        return RiskDecision.ALLOW if self.is_shadow else self.decision

    @property
    def codes(self) -> tuple[str, ...]:
        """Of the reasons that spoke against the help, the weightiest first."""
        against = (reason for reason in self.reasons if reason.points > 0)
        return tuple(reason.code for reason in sorted(against, key=lambda reason: -reason.points))
