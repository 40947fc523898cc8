"""Months are closed once, whole, and for good."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from billing.ledger import packs, period_queries, periods, recognition, templates
from billing.ledger.errors import PeriodNotClosableError
from billing.ledger.postings import Posting, post
from billing.ledger.templates import Money
from core.database import Sessions
from models.ledger import LedgerTransaction
from tests.factories.credits import make_user
from tests.fakes.clock import MovableClock
from tests.integration.ledger.books import breaches

NOVEMBER = date(2026, 11, 30)
DECEMBER = datetime(2026, 12, 3, 9, tzinfo=UTC)


def fee(key: str, occurred_at: datetime) -> Posting:
    return templates.processor_fee(key, "CNY", 5, occurred_at=occurred_at)


async def posted_on(sessions: Sessions, key: str) -> date:
    async with sessions() as session:
        statement = select(LedgerTransaction.posted_on).where(LedgerTransaction.business_key == key)
        return (await session.scalars(statement)).one()


@pytest.fixture
async def sold(sessions: Sessions, clock: MovableClock) -> UUID:
    async with sessions.begin() as session:
        return await packs.sell(
            session,
            key="sale",
            user_id=await make_user(session),
            quantity=10,
            paid=Money("CNY", 1000),
            occurred_at=clock(),
            now=clock(),
            expires_at=None,
        )


async def recognise_november(sessions: Sessions) -> None:
    while True:
        async with sessions.begin() as session:
            if await recognition.recognise_next(session, through=NOVEMBER, now=DECEMBER) is None:
                return


class TestClose:
    async def test_what_happened_before_is_posted_today(self, sessions: Sessions, sold: UUID) -> None:
        await recognise_november(sessions)
        async with sessions.begin() as session:
            closed = await periods.close(session, NOVEMBER, now=DECEMBER)
        assert (closed.last_day, closed.transactions) == (NOVEMBER, 1)
        async with sessions.begin() as session:
            await post(session, fee("late", datetime(2026, 11, 20, tzinfo=UTC)), now=DECEMBER)
            await post(session, fee("new", datetime(2026, 12, 1, tzinfo=UTC)), now=DECEMBER)
        assert await posted_on(sessions, "late") == DECEMBER.date()
        assert await posted_on(sessions, "new") == date(2026, 12, 1)
        async with sessions() as session:
            assert await breaches(session) == []

    async def test_closing_again_is_the_first_closing(self, sessions: Sessions, sold: UUID) -> None:
        await recognise_november(sessions)
        async with sessions.begin() as session:
            await periods.close(session, NOVEMBER, now=DECEMBER)
        async with sessions.begin() as session:
            again = await periods.close(session, date(2026, 10, 31), now=DECEMBER + timedelta(days=1))
            assert (again.last_day, again.closed_at) == (NOVEMBER, DECEMBER)

    async def test_a_month_that_is_not_over_stays_open(self, sessions: Sessions, clock: MovableClock) -> None:
        async with sessions() as session:
            with pytest.raises(PeriodNotClosableError, match="not over"):
                await periods.close(session, NOVEMBER, now=datetime(2026, 11, 30, 23, 59, tzinfo=UTC))

    async def test_revenue_comes_first(self, sessions: Sessions, sold: UUID) -> None:
        async with sessions() as session:
            with pytest.raises(PeriodNotClosableError, match="Revenue from 2026-11-11"):
                await periods.close(session, NOVEMBER, now=DECEMBER)

    async def test_broken_books_are_not_closed(self, sessions: Sessions, sold: UUID) -> None:
        await recognise_november(sessions)
        async with sessions.begin() as session:
            await session.execute(text("UPDATE paid_lots SET price_minor = 900, deferred_minor = 900"))
        async with sessions() as session:
            with pytest.raises(PeriodNotClosableError, match="deferred_credits_are_unreleased_lots"):
                await periods.close(session, NOVEMBER, now=DECEMBER)

    async def test_it_waits_for_a_posting_that_is_under_way(self, sessions: Sessions) -> None:
        async with sessions() as posting, sessions() as closing:
            await post(posting, fee("slow", datetime(2026, 11, 20, tzinfo=UTC)), now=DECEMBER)
            racer = asyncio.create_task(period_queries.wait_for_postings(closing))
            await asyncio.sleep(0.05)  # the closing waits for the posting's lock
            assert not racer.done()
            await posting.commit()
            await racer
            closed = await periods.close(closing, NOVEMBER, now=DECEMBER)
            assert closed.transactions == 1
            await closing.commit()
        assert await posted_on(sessions, "slow") == date(2026, 11, 20)

    async def test_a_posting_waits_for_it_and_goes_to_today(self, sessions: Sessions) -> None:
        async with sessions.begin() as session:  # so that the racer has no account to open
            await post(session, fee("first", datetime(2026, 11, 2, tzinfo=UTC)), now=DECEMBER)
        async with sessions() as closing, sessions() as posting:
            await periods.close(closing, NOVEMBER, now=DECEMBER)
            late = fee("late", datetime(2026, 11, 20, tzinfo=UTC))
            racer = asyncio.create_task(post(posting, late, now=DECEMBER))
            await asyncio.sleep(0.05)  # the posting waits for the closing's lock
            assert not racer.done()
            await closing.commit()
            await racer
            await posting.commit()
        assert await posted_on(sessions, "late") == DECEMBER.date()

    def test_a_month_ends_on_its_last_day(self) -> None:
        assert periods.month_end(date(2026, 11, 3)) == NOVEMBER
        assert periods.month_end(date(2028, 2, 29)) == date(2028, 2, 29)
        assert periods.month_end(date(2026, 12, 31)) == date(2026, 12, 31)
