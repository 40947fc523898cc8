"""Burning lots, filling debts, opening months: in memory, for any mix of lots."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.accounts import Account, Lot
from billing.catalog import load_catalog
from billing.errors import InsufficientCreditsError
from models.credit import LotSource

NOW = datetime(2026, 11, 11, tzinfo=UTC)
USER = UUID(int=1)


def lot(
    number: int, remaining: int, *, priority: int = 20, days: int | None = None, price: int = 0, age: int = 0
) -> Lot:
    return Lot(
        id=UUID(int=number),
        source=LotSource.GOODWILL,
        source_key=str(number),
        quantity=max(remaining, 1),
        remaining=remaining,
        priority=priority,
        effective_at=NOW - timedelta(days=age),
        expires_at=None if days is None else NOW + timedelta(days=days),
        unit_price_minor=price,
    )


def account(*lots: Lot, debt: int = 0, tier: str = "free", **fields: object) -> Account:
    return Account(
        user_id=USER,
        tier=tier,
        next_tier=None,
        billing_timezone="UTC",
        anchor_at=None,
        period_start=None,
        period_end=None,
        tier_until=None,
        free_until=None,
        debt_credits=debt,
        in_flight=0,
        fair_time=None,
        closed_at=None,
        lots=sorted(lots, key=Lot.burn_order),
    )


lots = st.lists(
    st.builds(
        lot,
        number=st.integers(1, 10_000),
        remaining=st.integers(0, 9),
        priority=st.sampled_from([10, 20, 30]),
        days=st.none() | st.integers(1, 40),
        price=st.sampled_from([0, 100]),
        age=st.integers(0, 5),
    ),
    max_size=8,
    unique_by=lambda made: made.id,
)


class TestBurnOrder:
    def test_priority_then_expiry_then_free_then_oldest(self) -> None:
        order = [
            lot(9, 1, priority=10, days=30),
            lot(8, 1, days=5, price=100),
            lot(7, 1, days=9, age=1),
            lot(6, 1, days=9, age=0),
            lot(5, 1, days=9, price=100, age=3),
            lot(4, 1, price=0),
            lot(3, 1, priority=30, days=1),
        ]
        holder = account(*reversed(order))
        assert [taken.id for taken, _ in holder.take(7)] == [expected.id for expected in order]

    @given(lots, st.integers(1, 40))
    def test_taking_is_all_or_nothing_and_never_below_zero(self, some: list[Lot], amount: int) -> None:
        holder = account(*some)
        before = holder.available_credits
        if amount > before:
            with pytest.raises(InsufficientCreditsError) as refusal:
                holder.take(amount)
            assert refusal.value.available_credits == before == holder.available_credits
            return
        lines = holder.take(amount)
        assert sum(share for _, share in lines) == amount
        assert holder.available_credits == before - amount
        assert all(made.remaining >= 0 for made in some)
        untouched = [made for made in holder.lots if made.taken == 0 and made.remaining]
        if untouched and lines:
            assert (
                max(made.burn_order() for made, _ in lines[:-1] or lines)
                <= min(made.burn_order() for made in untouched)
                or lines[-1][0].remaining
            )

    @given(lots, st.lists(st.integers(1, 5), max_size=8))
    def test_many_takings_drain_the_same_lots_as_one(self, some: list[Lot], amounts: list[int]) -> None:
        import copy

        one, many = account(*copy.deepcopy(some)), account(*copy.deepcopy(some))
        total = sum(amounts)
        if total == 0 or total > one.available_credits:
            return
        one.take(total)
        for amount in amounts:
            many.take(amount)
        assert [made.remaining for made in one.lots] == [made.remaining for made in many.lots]


class TestDebt:
    @pytest.mark.parametrize(
        ("debt", "quantity", "left", "still_owed"), [(0, 3, 3, 0), (2, 3, 1, 0), (5, 3, 0, 2)]
    )
    def test_a_new_lot_fills_it_first(self, debt: int, quantity: int, left: int, still_owed: int) -> None:
        holder = account(debt=debt)
        holder.add_lot(lot(1, quantity))
        assert (holder.available_credits, holder.debt_credits) == (left, still_owed)


class TestMonth:
    @pytest.mark.parametrize(
        ("tier", "credits"), [("free", 3), ("silver", 10), ("gold", 30), ("studio", 100)]
    )
    def test_each_tier_gets_its_month_once(self, tier: str, credits: int) -> None:
        holder = account(tier=tier)
        for _ in range(3):
            holder.open_period(NOW, load_catalog())
        assert holder.available_credits == credits
        assert holder.opened_period.end == datetime(2026, 12, 1, tzinfo=UTC)

    def test_a_planned_downgrade_comes_with_the_new_month(self) -> None:
        holder = account(tier="gold")
        holder.open_period(NOW, load_catalog())
        holder.next_tier = "free"
        holder.open_period(NOW + timedelta(days=10), load_catalog())
        assert str(holder.tier) == "gold"
        holder.lots.clear()
        holder.open_period(NOW + timedelta(days=25), load_catalog())
        assert (str(holder.tier), holder.available_credits) == ("free", 3)
        assert not holder.next_tier


class TestMembership:
    """A paid tier ends by itself, and no calendar month of free credits is given twice."""

    ENDS = NOW + timedelta(days=20)

    def member(self, *, free_until: datetime | None = None) -> Account:
        holder = account(tier="gold")
        holder.period_start, holder.period_end = NOW, NOW + timedelta(days=13)
        holder.tier_until, holder.free_until = self.ENDS, free_until
        return holder

    def test_its_months_are_granted_by_payments_only(self) -> None:
        holder = self.member()
        holder.open_period(self.ENDS - timedelta(seconds=1), load_catalog())
        assert (holder.tier, holder.lots) == ("gold", [])
        assert holder.resets_at(NOW) == NOW + timedelta(days=13)
        assert holder.resets_at(NOW + timedelta(days=14)) == self.ENDS

    def test_it_ends_by_itself_with_a_free_month(self) -> None:
        holder = self.member()
        holder.open_period(self.ENDS, load_catalog())
        assert (holder.tier, holder.tier_until, holder.available_credits) == ("free", None, 3)
        assert holder.opened_period.start == self.ENDS

    def test_a_free_month_that_was_given_before_is_not_given_again(self) -> None:
        free_until = self.ENDS + timedelta(days=5)
        holder = self.member(free_until=free_until)
        holder.open_period(self.ENDS, load_catalog())
        assert (holder.tier, holder.lots, holder.opened_period.end) == ("free", [], free_until)
        holder.open_period(free_until, load_catalog())
        assert holder.available_credits == 3
