"""What happens at once: two recognitions, a refund beside one, one pack sold and refunded twice."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from billing.ledger import packs, recognition, recognition_queries
from billing.ledger.recognition import Recognised
from billing.ledger.templates import Money
from core.database import Sessions
from service.wiring import Services
from service.workers.ledger_chores import LedgerChores
from tests.factories.credits import make_user, skip_month
from tests.fakes.clock import MovableClock
from tests.integration.ledger.books import balances, breaches
from tests.integration.ledger.test_packs import spend

PAID = Money("CNY", 1000)
T = TypeVar("T")


async def sell(session: AsyncSession, user_id: UUID, clock: MovableClock) -> UUID:
    return await packs.sell(
        session,
        key="sale",
        user_id=user_id,
        quantity=10,
        paid=PAID,
        occurred_at=clock(),
        now=clock(),
        expires_at=None,
    )


async def refund(session: AsyncSession, lot_id: UUID, clock: MovableClock) -> packs.TakenBack:
    return await packs.refund(
        session,
        key="refund",
        lot_id=lot_id,
        amount_credits=10,
        back=PAID,
        occurred_at=clock(),
        now=clock(),
    )


async def recognise(session: AsyncSession, clock: MovableClock) -> Recognised | None:
    yesterday = clock().date() - timedelta(days=1)
    return await recognition.recognise_next(session, through=yesterday, now=clock())


async def overtakes(slow: AsyncSession, racer: Awaitable[T], fast: AsyncSession) -> T:
    """Let the racer begin beside what `slow` has done, see that it waits, and commit both."""
    task = asyncio.ensure_future(racer)
    await asyncio.sleep(0.05)  # the racer has reached the lock
    assert not task.done()
    await slow.commit()
    outcome = await task
    await fast.commit()
    return outcome


@pytest.fixture
async def user_id(sessions: Sessions, clock: MovableClock) -> UUID:
    async with sessions.begin() as session:
        user_id = await make_user(session)
        await skip_month(session, user_id, now=clock())
    return user_id


@pytest.fixture
async def lot_id(sessions: Sessions, user_id: UUID, clock: MovableClock) -> UUID:
    """A lot of ten credits, four of them spent yesterday."""
    async with sessions.begin() as session:
        lot_id = await sell(session, user_id, clock)
        await spend(session, user_id, 4, clock)
    clock.advance(days=1)
    return lot_id


class TestRaces:
    async def test_of_two_keepers_one_posts_the_day(
        self, sessions: Sessions, lot_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions() as first, sessions() as second:
            done = await recognise(first, clock)
            assert done is not None
            assert done.released_lots == 1
            assert await overtakes(first, recognise(second, clock), second) is None
        async with sessions() as session:
            assert (await balances(session))["4010"] == -400
            assert await breaches(session) == []

    async def test_a_refund_waits_for_the_recognition_and_counts_on_it(
        self, sessions: Sessions, lot_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions() as first, sessions() as second:
            await recognise(first, clock)
            taken = await overtakes(first, refund(second, lot_id, clock), second)
        assert taken == packs.TakenBack(voided_credits=6, debt_credits=4, released_minor=600)
        async with sessions() as session:
            assert await balances(session) == {"4010": -400, "4900": 400}
            assert await breaches(session) == []

    async def test_a_recognition_waits_for_the_refund_and_counts_on_it(
        self, sessions: Sessions, lot_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions() as first, sessions() as second:
            await refund(first, lot_id, clock)
            await overtakes(first, recognise(second, clock), second)
        async with sessions() as session:
            assert await balances(session) == {"4010": -400, "4900": 400}
            assert await breaches(session) == []

    async def test_one_payment_told_twice_at_once_is_one_pack(
        self, sessions: Sessions, user_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions() as first, sessions() as second:
            lot_id = await sell(first, user_id, clock)
            assert await overtakes(first, sell(second, user_id, clock), second) == lot_id

    async def test_one_refund_told_twice_at_once_takes_once(
        self, sessions: Sessions, lot_id: UUID, clock: MovableClock
    ) -> None:
        async with sessions() as first, sessions() as second:
            taken = await refund(first, lot_id, clock)
            assert await overtakes(first, refund(second, lot_id, clock), second) == taken
        async with sessions() as session:
            assert await breaches(session) == []


class TestKeeper:
    async def test_it_posts_one_day_a_round_until_yesterday(
        self, services: Services, user_id: UUID, clock: MovableClock
    ) -> None:
        chores = LedgerChores(services)
        assert not await chores.recognise_revenue()  # nothing was ever sold
        async with services.sessions.begin() as session:
            await sell(session, user_id, clock)
            await spend(session, user_id, 4, clock)
        assert not await chores.recognise_revenue()  # today is not over
        clock.advance(days=2)
        assert await chores.recognise_revenue()
        assert await chores.recognise_revenue()
        assert not await chores.recognise_revenue()
        async with services.sessions() as session:
            last = await recognition_queries.find_last_day(session)
            assert last == clock().date() - timedelta(days=1)
            assert (await balances(session))["4010"] == -400
