"""What the risk score says of a help, and why: numbers and codes, nothing personal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from models.risk import RiskDecision

Evidence = Mapping[str, int | float | str]


@dataclass(frozen=True, slots=True)
class Reason:
    """One rule that spoke. `code` names it in `weights.toml`, where its texts are.

    points: negative where the rule speaks for the helper. is_final: it denies whatever the sum is.
    evidence: counts, seconds and short names from a closed list; never an address, a hash or a person.
    """

    code: str
    points: int
    evidence: Evidence = field(default_factory=dict)
    is_final: bool = False

    def to_json(self) -> dict[str, Any]:
        """As it is kept; `is_final` only where it is so."""
        final = {"final": True} if self.is_final else {}
        return {"code": self.code, "points": self.points, "evidence": dict(self.evidence)} | final


@dataclass(frozen=True, slots=True)
class Verdict:
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
        against = (reason for reason in self.reasons if reason.points > 0 or reason.is_final)
        return tuple(reason.code for reason in sorted(against, key=lambda reason: -reason.points))
