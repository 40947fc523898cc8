"""A club over the real gateway, which speaks HTTP to a rehearsal instead of Stripe."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from billing.invariants import find_breaches
from billing.stripe_gateway import StripeGateway
from core.database import create_engine, create_sessions
from service.engines.endpoints import Endpoints
from service.invariants import JOB_INVARIANTS
from service.rehearsal.objects import Objects
from service.rehearsal.server import Rehearsal, rehearse
from tests.factories.members import Club
from tests.fakes.clock import MovableClock
from tests.fakes.stripe_server.keys import API_KEY, WEBHOOK_SECRET, settings_for
from tests.fakes.stripe_server.stock import stocked_shelf


@pytest.fixture
async def rehearsal(clock: MovableClock) -> AsyncIterator[Rehearsal]:
    objects = Objects(lambda: int(clock().timestamp()))
    objects.restore(await stocked_shelf())
    with rehearse(objects, key=API_KEY, webhook_secret=WEBHOOK_SECRET) as running:
        yield running


@pytest.fixture
async def engine(endpoints: Endpoints) -> AsyncIterator[AsyncEngine]:
    opened = create_engine(endpoints.database_url, pool_size=6)
    yield opened
    await opened.dispose()


@pytest.fixture
async def club(engine: AsyncEngine, rehearsal: Rehearsal, clock: MovableClock) -> AsyncIterator[Club]:
    """In the end every invariant holds, nothing waits, and our books of the bank's balance are right."""
    gateway = StripeGateway(settings_for(rehearsal.url))
    opened = Club(create_sessions(engine), gateway, rehearsal, clock)
    try:
        yield opened
        await require_order(opened)
    finally:
        await gateway.close()


GRANTED = text("""
SELECT p.membership_id, p.kind, p.tier, p.starts_at, p.ends_at, l.quantity
FROM membership_periods p JOIN credit_lots l ON l.source_key = concat('period:', p.id, chr(58), 'month')
""")


async def require_fair_quotas(club: Club) -> None:
    """However often somebody upgrades, a month brings no more than its highest tier, but for rounding."""
    async with club.sessions() as session:
        granted = (await session.execute(GRANTED)).all()
    for month in (one for one in granted if one.kind == "month"):
        inside = [
            one
            for one in granted
            if one.membership_id == month.membership_id
            and month.starts_at <= one.starts_at
            and one.ends_at <= month.ends_at
        ]
        most = max(club.rules.catalog.tier(one.tier).monthly_credits for one in inside)
        assert sum(one.quantity for one in inside) <= most + len(inside) - 1


async def require_order(club: Club) -> None:
    await require_fair_quotas(club)
    async with club.sessions() as session:
        assert await find_breaches(session, JOB_INVARIANTS) == []
        waiting = "SELECT kind, reason FROM inbox_events WHERE state IN ('waiting', 'dead')"
        assert (await session.execute(text(waiting))).all() == []
    books = await club.books()
    assert sum(books.values()) == 0
    assert books.get("1110", 0) == club.rehearsal.objects.balance().get("cny", 0)
