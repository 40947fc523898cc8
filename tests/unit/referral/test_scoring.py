"""The score is the sum of its reasons, and says so."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from models.risk import RiskDecision
from referral.risk.agents import AgentKind
from referral.risk.rules import MEASURES
from referral.risk.scoring import judge, remember, weigh
from referral.risk.signals import HelpSignals
from referral.risk.verdicts import Reason
from referral.risk.weights import SHIPPED, Weights, read_weights

PLAIN = HelpSignals()
WEIGHTS = read_weights()

any_signals = st.builds(
    HelpSignals,
    is_new=st.booleans(),
    agent=st.sampled_from(AgentKind),
    is_datacentre=st.booleans(),
    is_own_device=st.booleans(),
    others_at_place=st.integers(0, 50),
    new_at_address=st.integers(0, 5000),
    rings=st.integers(0, 900),
    works=st.integers(0, 3),
    account_days=st.floats(0, 400),
    is_verified=st.booleans(),
    has_windows=st.booleans(),
)


class TestWeigh:
    def test_a_plain_help_has_no_reason_against_it(self) -> None:
        verdict = weigh(PLAIN, WEIGHTS)
        assert (verdict.decision, verdict.score, verdict.reasons) == (RiskDecision.ALLOW, 0, ())

    @pytest.mark.parametrize(
        ("signals", "decision", "code"),
        [
            (PLAIN._replace(is_own_device=True), RiskDecision.DENY, "own_device"),
            (PLAIN._replace(is_own_mailbox=True), RiskDecision.DENY, "own_mailbox"),
            (PLAIN._replace(others_on_device=1), RiskDecision.DENY, "device_again"),
            (PLAIN._replace(others_with_mailbox=1), RiskDecision.DENY, "mailbox_again"),
            (PLAIN._replace(agent=AgentKind.CRAWLER), RiskDecision.DENY, "crawler"),
            (PLAIN._replace(agent=AgentKind.SCRIPT), RiskDecision.HOLD, "script"),
            (PLAIN._replace(agent=AgentKind.HEADLESS), RiskDecision.HOLD, "headless"),
            (PLAIN._replace(agent=AgentKind.MISSING), RiskDecision.HOLD, "no_agent"),
            (PLAIN._replace(agent=AgentKind.APP), RiskDecision.ALLOW, None),
            (PLAIN._replace(is_disposable=True), RiskDecision.HOLD, "disposable_mailbox"),
            (PLAIN._replace(has_windows=False), RiskDecision.HOLD, "unknown_pace"),
            (PLAIN._replace(is_datacentre=True), RiskDecision.ALLOW, "datacentre"),
            (PLAIN._replace(tap_seconds=0.2), RiskDecision.ALLOW, "hurry"),
            (PLAIN._replace(sign_up_seconds=0.2), RiskDecision.ALLOW, "hurry"),
            (PLAIN._replace(sign_up_seconds=1.2), RiskDecision.ALLOW, None),
            (PLAIN._replace(new_helps=2), RiskDecision.HOLD, "new_again"),
            (PLAIN._replace(helps_today=8), RiskDecision.HOLD, "eager_helper"),
            (PLAIN._replace(leaves=8, idle_leaves=8), RiskDecision.ALLOW, "idle_star"),
            (PLAIN._replace(owner_devices=12), RiskDecision.ALLOW, "owner_devices"),
            (PLAIN._replace(rings=3), RiskDecision.HOLD, "ring"),
            (PLAIN._replace(shared_owners=4), RiskDecision.HOLD, "same_few"),
            (PLAIN._replace(circles=1), RiskDecision.HOLD, "same_circle"),
            (PLAIN._replace(pairs_at_place=5), RiskDecision.ALLOW, None),
            (PLAIN._replace(pairs_at_place=8), RiskDecision.HOLD, "paired_place"),
            (PLAIN._replace(pairs_at_address=112), RiskDecision.HOLD, "paired_address"),
        ],
    )
    def test_each_rule_alone(self, signals: HelpSignals, decision: RiskDecision, code: str | None) -> None:
        verdict = weigh(signals, WEIGHTS)
        assert verdict.decision is decision
        assert verdict.codes == (() if code is None else (code,))

    def test_no_amount_of_neighbours_holds_anybody(self) -> None:
        """Everything that an address can say of a helper at once, short of being alike for one owner."""
        crowded = PLAIN._replace(is_owner_place=True, new_at_address=10**6, new_alike=10**6)
        assert weigh(crowded, WEIGHTS).decision is RiskDecision.ALLOW

    def test_who_helps_whom_denies_nobody_by_itself(self) -> None:
        tangled = PLAIN._replace(is_reciprocal=True, rings=900, shared_owners=30, circles=30)
        assert weigh(tangled, WEIGHTS).decision is RiskDecision.HOLD
        settled = tangled._replace(account_days=30, works=1)
        assert weigh(settled, WEIGHTS).decision is RiskDecision.ALLOW

    def test_a_settled_helper_may_be_in_a_ring_but_not_on_the_owners_device(self) -> None:
        settled = PLAIN._replace(account_days=30, works=3, is_verified=True)
        assert weigh(settled._replace(rings=3), WEIGHTS).decision is RiskDecision.ALLOW
        assert weigh(settled._replace(is_own_device=True), WEIGHTS).decision is RiskDecision.DENY
        assert weigh(settled._replace(has_windows=False), WEIGHTS).decision is RiskDecision.HOLD

    @settings(max_examples=60, deadline=None)
    @given(any_signals)
    def test_the_verdict_follows_from_its_reasons(self, signals: HelpSignals) -> None:
        verdict = weigh(signals, WEIGHTS)
        assert verdict.score == WEIGHTS.add_up((reason.code, reason.points) for reason in verdict.reasons)
        assert verdict.score <= max(0, sum(reason.points for reason in verdict.reasons))
        kept = tuple(Reason.from_json(reason.to_json()) for reason in verdict.reasons)
        assert judge(kept, WEIGHTS) == verdict
        if verdict.score >= WEIGHTS.deny_points:
            assert verdict.decision is RiskDecision.DENY
        assert weigh(signals._replace(is_own_device=True), WEIGHTS).decision is RiskDecision.DENY


class TestRemember:
    def test_the_weightier_reason_stays_and_what_speaks_for_the_helper_is_new(self) -> None:
        before = [Reason("ring", 50), Reason("settled", -25), Reason("hurry", 30)]
        now = [Reason("ring", 25), Reason("verified", -15), Reason("reciprocal", 20)]
        merged = {reason.code: reason.points for reason in remember(before, now)}
        assert merged == {"ring": 50, "hurry": 30, "verified": -15, "reciprocal": 20}

    def test_a_pace_that_could_not_be_counted_then_is_no_reason_now(self) -> None:
        assert remember([Reason("unknown_pace", 60, {}, RiskDecision.HOLD)], []) == ()


class TestWeights:
    def test_every_rule_is_measured_and_said_in_two_languages(self) -> None:
        table = tomllib.loads(SHIPPED.read_text("utf-8"))
        assert table["rules"].keys() == MEASURES.keys()
        for code in MEASURES:
            assert WEIGHTS.explain(code, "zh") != WEIGHTS.explain(code, "en") != code

    def test_steps_caps_and_where_a_rule_begins(self) -> None:
        crowd = WEIGHTS.rules["crowded_place"]
        assert [crowd.weigh(value) for value in (0, 1, 2, 3, 100)] == [0, 0, 15, 30, 90]
        assert WEIGHTS.rules["settled"].weigh(1) == -25
        assert WEIGHTS.rules["device_again"].weigh(7) == 100  # without a cap it counts once

    @pytest.mark.parametrize(
        "broken",
        [
            "hold_points = 60",
            "[rules.hurry]\npoints = 30",  # a second table of that name, or none of the others
            "",
        ],
    )
    def test_a_broken_file_stops_the_start(self, tmp_path: Path, broken: str) -> None:
        path = tmp_path / "weights.toml"
        path.write_text(broken, "utf-8")
        with pytest.raises(ValidationError):
            read_weights(path)

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("[rules.hurry]", "[rules.hurri]"),
            ("cap = 80", "cap = 8"),
            ("hold_points = 60", "hold_points = 600"),
            ("circle = 80", "circel = 80"),
            ('points = 30\nzh = "打开', 'points = 30\nzest = 1\nzh = "打开'),
        ],
    )
    def test_a_slip_is_not_read_as_something_else(self, tmp_path: Path, old: str, new: str) -> None:
        text = SHIPPED.read_text("utf-8")
        assert old in text
        path = tmp_path / "weights.toml"
        path.write_text(text.replace(old, new, 1), "utf-8")
        with pytest.raises(ValidationError):
            read_weights(path)

    def test_the_digest_tells_other_points_apart(self) -> None:
        other = read_weights(hold_points=59)
        assert isinstance(other, Weights) and other.digest() != WEIGHTS.digest() == read_weights().digest()
