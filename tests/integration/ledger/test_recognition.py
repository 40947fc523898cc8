"""Revenue appears on the day it was earned, once, and to the last minor unit."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from billing import holds, lots
from billing.catalog import load_catalog
from billing.ledger import memberships, packs, recognition
from billing.ledger.templates import Money
from core.database import Sessions
from core.ids import new_id
from models.deferral import LotRelease, MembershipTerm, PaidLot
from models.ledger import LedgerTransaction
from tests.factories.credits import make_user, skip_month
from tests.fakes.clock import MovableClock
from tests.integration.ledger.books import balances, breaches

TODAY = date(2026, 11, 11)


@pytest.fixture
async def user_id(sessions: Sessions, clock: MovableClock) -> UUID:
    async with sessions.begin() as session:
        user_id = await make_user(session)
        await skip_month(session, user_id, now=clock())
    return user_id


async def sell(
    session: AsyncSession,
    user_id: UUID,
    clock: MovableClock,
    *,
    quantity: int = 7,
    price_minor: int = 1000,
    key: str = "sale",
    currency: str = "CNY",
) -> UUID:
    return await packs.sell(
        session,
        key=key,
        user_id=user_id,
        quantity=quantity,
        paid=Money(currency, price_minor),
        occurred_at=clock(),
        now=clock(),
        expires_at=clock() + timedelta(days=30),
    )


async def spend(
    session: AsyncSession, user_id: UUID, credits: int, clock: MovableClock, *, purpose: str = "generation"
) -> UUID:
    hold_id = new_id()
    await holds.hold(
        session,
        user_id=user_id,
        hold_id=hold_id,
        amount_credits=credits,
        purpose=purpose,
        now=clock(),
        catalog=load_catalog(),
    )
    await holds.settle(session, hold_id, now=clock())
    return hold_id


async def recognise(sessions: Sessions, clock: MovableClock) -> list[date]:
    """All days that are over, each in its own transaction."""
    days: list[date] = []
    yesterday = clock().date() - timedelta(days=1)
    while True:
        async with sessions.begin() as session:
            done = await recognition.recognise_next(session, through=yesterday, now=clock())
        if done is None:
            return days
        days.append(done.day)


async def posted_days(session: AsyncSession, kind: str) -> list[date]:
    statement = select(LedgerTransaction.posted_on).where(LedgerTransaction.kind == kind)
    return list((await session.scalars(statement.order_by(LedgerTransaction.posted_on))).all())


class TestCredits:
    async def test_seven_credits_for_a_thousand_release_a_thousand(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            lot_id = await sell(session, user_id, clock)
        amounts = []
        for _ in range(7):
            async with sessions.begin() as session:
                await spend(session, user_id, 1, clock)
            clock.advance(days=1)
            await recognise(sessions, clock)
        async with sessions() as session:
            statement = select(LotRelease.amount_minor).where(LotRelease.lot_id == lot_id)
            amounts = sorted(await session.scalars(statement))
            assert amounts == [142, 143, 143, 143, 143, 143, 143]
            assert await balances(session) == {"1110": 1000, "4010": -1000}
            assert (await session.get_one(PaidLot, lot_id)).deferred_minor == 0
            assert await breaches(session) == []

    async def test_each_day_has_its_own_even_when_nobody_asked_for_days(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            await sell(session, user_id, clock)
            await spend(session, user_id, 1, clock)
            clock.advance(days=2)
            await spend(session, user_id, 2, clock)
        clock.advance(days=3)
        days = await recognise(sessions, clock)
        assert days == [TODAY + timedelta(days=number) for number in range(5)]
        async with sessions() as session:
            assert await posted_days(session, "credits_recognised") == [TODAY, TODAY + timedelta(days=2)]
            assert await breaches(session) == []
        assert await recognise(sessions, clock) == []

    async def test_what_is_held_or_released_is_still_owed(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            await sell(session, user_id, clock)
            for _ in range(2):
                hold_id = new_id()
                await holds.hold(
                    session,
                    user_id=user_id,
                    hold_id=hold_id,
                    amount_credits=2,
                    purpose="generation",
                    now=clock(),
                    catalog=load_catalog(),
                )
            await holds.release(session, hold_id, now=clock())
        clock.advance(days=1)
        await recognise(sessions, clock)
        async with sessions() as session:
            assert await balances(session) == {"1110": 1000, "2010": -1000}

    async def test_certificates_paid_with_credits_have_their_own_revenue(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            await sell(session, user_id, clock, quantity=10)
            await spend(session, user_id, 2, clock, purpose="certification")
            await spend(session, user_id, 1, clock)
        clock.advance(days=1)
        await recognise(sessions, clock)
        async with sessions() as session:
            assert await balances(session) == {"1110": 1000, "2010": -700, "4010": -100, "4030": -200}
            assert await breaches(session) == []

    async def test_what_expires_is_breakage_at_the_same_price(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            await sell(session, user_id, clock)
            await spend(session, user_id, 2, clock)
        clock.advance(days=31)
        async with sessions.begin() as session:
            await lots.expire_due(session, now=clock())
        clock.advance(days=1)
        await recognise(sessions, clock)
        async with sessions() as session:
            assert await balances(session) == {"1110": 1000, "4010": -285, "4050": -715}
            assert await breaches(session) == []

    async def test_a_debt_that_a_new_lot_fills_is_its_revenue(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            lot_id = await sell(session, user_id, clock, quantity=10)
            await spend(session, user_id, 4, clock)
            await packs.refund(
                session,
                key="refund",
                lot_id=lot_id,
                amount_credits=10,
                back=Money("CNY", 1000),
                occurred_at=clock(),
                now=clock(),
            )
            await sell(session, user_id, clock, quantity=10, price_minor=2000, key="second")
        clock.advance(days=1)
        await recognise(sessions, clock)
        async with sessions() as session:
            assert await balances(session) == {"1110": 2000, "2010": -1200, "4010": -1200, "4900": 400}
            assert await breaches(session) == []

    async def test_credits_returned_to_a_refunded_lot_undo_the_cut_of_revenue(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            lot_id = await sell(session, user_id, clock, quantity=10)
            hold_id = new_id()
            await holds.hold(
                session,
                user_id=user_id,
                hold_id=hold_id,
                amount_credits=3,
                purpose="generation",
                now=clock(),
                catalog=load_catalog(),
            )
            await packs.refund(
                session,
                key="refund",
                lot_id=lot_id,
                amount_credits=10,
                back=Money("CNY", 1000),
                occurred_at=clock(),
                now=clock(),
            )
            assert await balances(session) == {"2010": -300, "4900": 300}
            await holds.release(session, hold_id, now=clock())
        clock.advance(days=1)
        await recognise(sessions, clock)
        async with sessions() as session:
            assert await balances(session) == {}
            assert await breaches(session) == []

    async def test_credits_worth_less_than_a_unit_wait_for_the_next(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            await sell(session, user_id, clock, quantity=10, price_minor=3, currency="JPY")
        seen = []
        for _ in range(10):
            async with sessions.begin() as session:
                await spend(session, user_id, 1, clock)
            clock.advance(days=1)
            await recognise(sessions, clock)
            async with sessions() as session:
                assert await breaches(session) == []
                seen.append(-(await balances(session, "JPY")).get("4010", 0))
        assert seen == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3]

    async def test_currencies_are_kept_apart(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            await sell(session, user_id, clock, quantity=2, price_minor=200)
            await sell(session, user_id, clock, quantity=2, price_minor=30, key="dollars", currency="USD")
            await spend(session, user_id, 4, clock)
        clock.advance(days=1)
        await recognise(sessions, clock)
        async with sessions() as session:
            assert await balances(session) == {"1110": 200, "4010": -200}
            assert await balances(session, "USD") == {"1110": 30, "4010": -30}

    async def test_what_was_committed_late_is_found_the_next_day(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            await sell(session, user_id, clock)
            hold_id = await spend(session, user_id, 1, clock)
            await session.execute(text("UPDATE credit_holds SET state = 'held', closed_at = NULL"))
        settled_at = clock()
        clock.advance(days=1)
        await recognise(sessions, clock)
        async with sessions.begin() as session:
            await holds.settle(session, hold_id, now=settled_at)
        clock.advance(days=1)
        await recognise(sessions, clock)
        async with sessions() as session:
            assert await posted_days(session, "credits_recognised") == [TODAY + timedelta(days=1)]
            assert (await balances(session))["4010"] == -142


class TestMemberships:
    async def sell(self, sessions: Sessions, user_id: UUID, price_minor: int, days: int) -> None:
        async with sessions.begin() as session:
            sold = await memberships.sell(
                session,
                key="invoice",
                user_id=user_id,
                starts_on=TODAY,
                ends_on=TODAY + timedelta(days=days),
                paid=Money("CNY", price_minor),
                occurred_at=datetime(2026, 11, 11, 8, tzinfo=UTC),
                now=datetime(2026, 11, 11, 8, tzinfo=UTC),
            )
        assert sold

    async def test_thirty_days_take_equal_parts_and_leave_nothing(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        await self.sell(sessions, user_id, 1000, 30)
        clock.advance(days=10)
        await recognise(sessions, clock)
        async with sessions() as session:
            assert await balances(session) == {"1110": 1000, "2020": -667, "4020": -333}
            assert await breaches(session) == []
        clock.advance(days=30)
        await recognise(sessions, clock)
        async with sessions() as session:
            assert await balances(session) == {"1110": 1000, "4020": -1000}
            days = await posted_days(session, "membership_recognised")
            assert days == [TODAY + timedelta(days=number) for number in range(30)]
            assert await breaches(session) == []

    async def test_a_refund_in_the_middle_takes_what_is_owed_first(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        await self.sell(sessions, user_id, 3000, 30)
        clock.advance(days=20)
        await recognise(sessions, clock)
        for _ in range(2):
            async with sessions.begin() as session:
                released = await memberships.refund(
                    session,
                    key="refund",
                    term_key="invoice",
                    back=Money("CNY", 1500),
                    occurred_at=clock(),
                    now=clock(),
                )
            assert released == 1000
        async with sessions() as session:
            assert await balances(session) == {"1110": 1500, "4020": -2000, "4900": 500}
            assert await breaches(session) == []

    async def test_a_refund_that_failed_after_the_term_is_earned_at_last(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        await self.sell(sessions, user_id, 3000, 30)
        async with sessions.begin() as session:
            await memberships.refund(
                session,
                key="refund",
                term_key="invoice",
                back=Money("CNY", 3000),
                occurred_at=clock(),
                now=clock(),
            )
        clock.advance(days=40)
        await recognise(sessions, clock)
        for expected in (True, False):
            async with sessions.begin() as session:
                undone = await memberships.undo(
                    session,
                    key="undo",
                    of_key="refund",
                    term_key="invoice",
                    occurred_at=clock(),
                    now=clock(),
                )
            assert undone is expected
        clock.advance(days=1)
        await recognise(sessions, clock)
        async with sessions() as session:
            term = await session.get_one(MembershipTerm, "invoice")
            assert (term.deferred_minor, term.served_until) == (0, term.ends_on)
            assert await balances(session) == {"1110": 3000, "4020": -3000}
            assert await breaches(session) == []

    async def test_it_waits_for_its_first_day(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions.begin() as session:
            await sell(session, user_id, clock)
            await memberships.sell(
                session,
                key="prepaid",
                user_id=user_id,
                starts_on=TODAY + timedelta(days=5),
                ends_on=TODAY + timedelta(days=6),
                paid=Money("CNY", 900),
                occurred_at=clock(),
                now=clock(),
            )
        clock.advance(days=5)
        await recognise(sessions, clock)
        async with sessions() as session:
            assert (await balances(session))["2020"] == -900
        clock.advance(days=1)
        await recognise(sessions, clock)
        async with sessions() as session:
            assert await posted_days(session, "membership_recognised") == [TODAY + timedelta(days=5)]
