"""The score: points of the rules that speak, added up. Pure, so that anybody can reckon a verdict again."""

from collections.abc import Sequence
from typing import Final

from models.risk import RiskDecision
from referral.risk.rules import MEASURES, evidence_of
from referral.risk.signals import HelpSignals
from referral.risk.verdicts import Reason, Verdict
from referral.risk.weights import Weights

UNKNOWN_PACE: Final = "unknown_pace"
SEVERITY: Final = (RiskDecision.ALLOW, RiskDecision.HOLD, RiskDecision.DENY)


def weigh(signals: HelpSignals, weights: Weights, *, is_shadow: bool = False) -> Verdict:
    """The verdict on one help, with every rule that spoke, for or against."""
    reasons = []
    rules = weights.rules
    for code, measure in MEASURES.items():
        value = measure(signals)
        if value and (points := (rule := rules[code]).weigh(value)):
            reasons.append(Reason(code, points, evidence_of(code, int(value), signals), rule.at_least))
    return judge(tuple(reasons), weights, is_shadow=is_shadow)


def judge(reasons: tuple[Reason, ...], weights: Weights, *, is_shadow: bool = False) -> Verdict:
    """What these reasons come to. What speaks for a helper never makes the score negative."""
    score = weights.add_up((reason.code, reason.points) for reason in reasons)
    by_sum = RiskDecision.ALLOW
    if score >= weights.hold_points:
        by_sum = RiskDecision.DENY if score >= weights.deny_points else RiskDecision.HOLD
    decision = max((by_sum, *(reason.at_least for reason in reasons)), key=SEVERITY.index)
    return Verdict(decision, score, reasons, is_shadow)


def remember(before: Sequence[Reason], now: Sequence[Reason]) -> tuple[Reason, ...]:
    """Reasons of two weighings of one help: of each code the weightier, so that none is waited away.

    What speaks for the helper counts as it is now. A pace that could not be reckoned then is no reason now.
    """
    kept = {reason.code: reason for reason in before if reason.points > 0 and reason.code != UNKNOWN_PACE}
    for reason in now:
        known = kept.get(reason.code)
        if known is None or reason.points > known.points:
            kept[reason.code] = reason
    return tuple(kept.values())
