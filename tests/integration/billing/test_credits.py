"""Lots, holds and the journal on the real database."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from billing import holds, lots
from billing.errors import HoldClosedError, InsufficientCreditsError
from billing.invariants import INVARIANTS, find_breaches
from billing.views import view_credits
from core.ids import new_id
from models.credit import CreditAccount, CreditLot, LotSource
from service.wiring import Services
from tests.factories.credits import give, make_user, skip_month
from tests.fakes.clock import MovableClock

COPY_MONTH = """
INSERT INTO credit_lots (id, user_id, source, source_key, quantity, remaining, priority, effective_at,
                         expires_at, unit_price_minor)
SELECT gen_random_uuid(), user_id, source, source_key || 'x', quantity, remaining, priority,
       effective_at + interval '{shift}', expires_at, unit_price_minor
FROM credit_lots WHERE source = 'monthly'
"""


@pytest.fixture
async def user_id(services: Services, clock: MovableClock) -> UUID:
    async with services.sessions.begin() as session:
        made = await make_user(session)
        await skip_month(session, made, now=clock())
    return made


async def available(services: Services, user_id: UUID) -> int:
    async with services.sessions() as session:
        view = await view_credits(session, user_id, now=services.clock(), catalog=services.catalog)
        assert await find_breaches(session) == []
    assert view is not None
    return view.available


async def take(services: Services, user_id: UUID, amount: int) -> UUID:
    hold_id = new_id()
    async with services.sessions.begin() as session:
        await holds.hold(
            session,
            user_id=user_id,
            hold_id=hold_id,
            amount_credits=amount,
            purpose="certificate",
            now=services.clock(),
            catalog=services.catalog,
        )
    return hold_id


class TestHold:
    async def test_racing_holds_never_overdraw(
        self, services: Services, user_id: UUID, clock: MovableClock
    ) -> None:
        async with services.sessions.begin() as session:
            await give(session, user_id, 10, now=clock())
        details = {
            "user_id": user_id,
            "amount_credits": 6,
            "purpose": "certificate",
            "now": clock(),
            "catalog": services.catalog,
        }
        async with services.sessions() as first, services.sessions() as second:
            await holds.hold(first, hold_id=new_id(), **details)  # type: ignore[arg-type]
            racer = asyncio.create_task(holds.hold(second, hold_id=new_id(), **details))  # type: ignore[arg-type]
            await asyncio.sleep(0.1)  # the racer waits for the account's lock
            assert not racer.done()
            await first.commit()
            with pytest.raises(InsufficientCreditsError):
                await racer
        assert await available(services, user_id) == 4

    async def test_release_returns_to_the_same_lots(
        self, services: Services, user_id: UUID, clock: MovableClock
    ) -> None:
        async with services.sessions.begin() as session:
            ids = [await give(session, user_id, n, now=clock()) for n in (1, 2, 3)]
        hold_id = await take(services, user_id, 5)
        async with services.sessions.begin() as session:
            await holds.release(session, hold_id, now=clock())
        async with services.sessions() as session:
            remaining = [(await session.get_one(CreditLot, lot_id)).remaining for lot_id in ids]
        assert remaining == [1, 2, 3]
        assert await available(services, user_id) == 6

    @pytest.mark.parametrize("first", [holds.settle, holds.release])
    @pytest.mark.parametrize("second", [holds.settle, holds.release])
    async def test_a_hold_is_closed_once(
        self, services: Services, user_id: UUID, clock: MovableClock, first: object, second: object
    ) -> None:
        async with services.sessions.begin() as session:
            await give(session, user_id, 5, now=clock())
        hold_id = await take(services, user_id, 2)
        async with services.sessions.begin() as session:
            await first(session, hold_id, now=clock())  # type: ignore[operator]
        with pytest.raises(HoldClosedError):
            async with services.sessions.begin() as session:
                await second(session, hold_id, now=clock())  # type: ignore[operator]
        assert await available(services, user_id) == (5 if first is holds.release else 3)


class TestExpiry:
    async def test_what_returns_to_an_expired_lot_lives_a_day_and_nothing_else_does(
        self, services: Services, user_id: UUID, clock: MovableClock
    ) -> None:
        async with services.sessions.begin() as session:
            await give(session, user_id, 3, now=clock(), expires_at=clock() + timedelta(hours=1))
        hold_id = await take(services, user_id, 1)
        clock.advance(hours=2)
        assert await available(services, user_id) == 0
        async with services.sessions.begin() as session:
            await holds.release(session, hold_id, now=clock())
        assert await available(services, user_id) == 1
        clock.advance(hours=23)
        assert await available(services, user_id) == 1
        clock.advance(hours=2)
        assert await available(services, user_id) == 0

    async def test_holding_and_releasing_keeps_a_credit_alive_for_a_week_at_most(
        self, services: Services, user_id: UUID, clock: MovableClock
    ) -> None:
        async with services.sessions.begin() as session:
            await give(session, user_id, 1, now=clock(), expires_at=clock() + timedelta(hours=1))
        days = 0
        while days < 30 and await available(services, user_id):
            hold_id = await take(services, user_id, 1)
            clock.advance(hours=25)
            days += 1
            async with services.sessions.begin() as session:
                await holds.release(session, hold_id, now=clock())
        assert days == 7

    async def test_the_sweep_empties_and_journals(
        self, services: Services, user_id: UUID, clock: MovableClock
    ) -> None:
        async with services.sessions.begin() as session:
            await give(session, user_id, 2, now=clock(), expires_at=clock() + timedelta(hours=1))
            await give(session, user_id, 4, now=clock())
        clock.advance(hours=1)
        async with services.sessions.begin() as session:
            assert await lots.expire_due(session, now=clock()) == 1
        async with services.sessions() as session:
            assert sorted(await session.scalars(select(CreditLot.remaining))) == [0, 4]
        assert await available(services, user_id) == 4


class TestGrant:
    async def test_one_business_object_earns_one_lot(
        self, services: Services, user_id: UUID, clock: MovableClock
    ) -> None:
        async def earn() -> None:
            async with services.sessions.begin() as session:
                await lots.grant(
                    session,
                    user_id=user_id,
                    source=LotSource.REFERRAL,
                    source_key="link:1",
                    quantity=1,
                    now=clock(),
                    expires_at=None,
                )

        outcomes = await asyncio.gather(*(earn() for _ in range(8)), return_exceptions=True)
        assert sum(outcome is None for outcome in outcomes) == 1
        assert await available(services, user_id) == 1

    async def test_an_upgrade_grants_the_difference_and_a_downgrade_waits(
        self, services: Services, clock: MovableClock
    ) -> None:
        async with services.sessions.begin() as session:
            user = await make_user(session)
        for tier, expected in (("silver", 10), ("gold", 30), ("free", 30), ("gold", 30)):
            async with services.sessions.begin() as session:
                await lots.change_tier(session, user, tier, now=clock(), catalog=services.catalog)
            assert await available(services, user) == expected
        async with services.sessions.begin() as session:
            await lots.change_tier(session, user, "free", now=clock(), catalog=services.catalog)
        clock.advance(days=25)
        assert await available(services, user) == 3


class TestInvariants:
    async def test_the_journal_is_append_only(
        self, services: Services, user_id: UUID, clock: MovableClock
    ) -> None:
        async with services.sessions.begin() as session:
            await give(session, user_id, 2, now=clock())
        for statement in (
            "UPDATE credit_entries SET quantity = 5",
            "DELETE FROM credit_entries",
            "TRUNCATE credit_entries",
        ):
            with pytest.raises(DBAPIError, match="append-only"):
                async with services.sessions.begin() as session:
                    await session.execute(text(statement))

    async def test_no_lot_goes_below_zero(
        self, services: Services, user_id: UUID, clock: MovableClock
    ) -> None:
        async with services.sessions.begin() as session:
            await give(session, user_id, 2, now=clock())
        with pytest.raises(DBAPIError, match="remaining_within_quantity"):
            async with services.sessions.begin() as session:
                await session.execute(text("UPDATE credit_lots SET remaining = -1"))

    @pytest.mark.parametrize(
        ("name", "damage"),
        [
            ("lot_equals_journal", "UPDATE credit_lots SET remaining = remaining - 1"),
            ("hold_equals_lines", "UPDATE credit_holds SET amount_credits = amount_credits + 1"),
            (
                "released_hold_is_returned",
                "UPDATE credit_holds SET state = 'released', closed_at = now()",
            ),
            ("one_monthly_lot_per_period", COPY_MONTH.format(shift="0 days")),
            ("monthly_lots_do_not_overlap", COPY_MONTH.format(shift="1 day")),
        ],
    )
    async def test_each_breach_is_found(
        self, services: Services, clock: MovableClock, name: str, damage: str
    ) -> None:
        async with services.sessions.begin() as session:
            user = await make_user(session)
        await take(services, user, 1)
        assert name in INVARIANTS
        async with services.sessions.begin() as session:
            assert await find_breaches(session) == []
            await session.execute(text(damage))
            assert name in [breach.invariant for breach in await find_breaches(session)]

    async def test_two_months_never_lie_in_one_account(self, services: Services, clock: MovableClock) -> None:
        """Two first requests of a month at once, in two transactions."""
        async with services.sessions.begin() as session:
            user = await make_user(session)
        await asyncio.gather(*(take(services, user, 1) for _ in range(3)))
        assert await available(services, user) == 0
        async with services.sessions() as session:
            assert len((await session.scalars(select(CreditLot))).all()) == 1
            assert (await session.get_one(CreditAccount, user)).period_end is not None
