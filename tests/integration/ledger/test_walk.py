"""Whatever is done in whatever order, the books and the credits keep their promises."""

import asyncio
from datetime import UTC, datetime, time, timedelta
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import lots
from billing.ledger import recognition, recognition_queries
from core.database import Sessions, create_engine, create_sessions
from service.engines.endpoints import Endpoints
from tests.factories.money_walk import CURRENCIES, MoneyWalk
from tests.fakes.clock import MovableClock
from tests.integration.ledger.books import balances, breaches

# One database for all examples: each walks with a user of its own, and the proofs look at everybody.
IN_ONE_DATABASE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


async def prove(walk: MoneyWalk, before: dict[str, int]) -> None:
    async with walk.sessions() as session:
        assert await breaches(session) == []
        for currency in CURRENCIES:
            found = (await balances(session, currency)).get("1110", 0)
            assert found - before[currency] == walk.cash[currency]


async def cash(sessions: Sessions) -> dict[str, int]:
    async with sessions() as session:
        return {currency: (await balances(session, currency)).get("1110", 0) for currency in CURRENCIES}


async def after_earlier_walks(sessions: Sessions) -> MovableClock:
    """Time goes on from walk to walk, because they share their books."""
    async with sessions() as session:
        last = await recognition_queries.find_last_day(session)
    clock = MovableClock()
    if last is not None:
        clock.now = datetime.combine(last + timedelta(days=2), time(), tzinfo=UTC)
    return clock


async def end(walk: MoneyWalk) -> None:
    """Decide what is open and let everything expire: in the end nothing is owed to anybody."""
    while walk.open_holds:
        async with walk.sessions.begin() as session:
            await walk.release(session)
    while any(sale.is_disputed for sale in walk.sales):
        async with walk.sessions.begin() as session:
            await walk.win(session)
    walk.clock.advance(days=400)
    async with walk.sessions.begin() as session:
        await lots.expire_due(session, now=walk.clock())
    yesterday = walk.clock().date()
    walk.clock.advance(days=1)
    async with walk.sessions.begin() as session:
        await recognition_queries.wait_for_turn(session)
        await recognition.recognise_day(session, yesterday, now=walk.clock())


class TestWalk:
    @settings(max_examples=12, deadline=None, suppress_health_check=IN_ONE_DATABASE)
    @given(seed=st.integers(0, 2**32), choices=st.lists(st.integers(0, 23), min_size=10, max_size=40))
    def test_every_step_keeps_every_promise(
        self, endpoints: Endpoints, seed: int, choices: list[int]
    ) -> None:
        async def walking() -> None:
            engine = create_engine(endpoints.database_url, pool_size=2)
            try:
                sessions = create_sessions(engine)
                walk = MoneyWalk(sessions, Random(seed), await after_earlier_walks(sessions))
                await walk.begin()
                before = await cash(walk.sessions)
                for choice in choices:
                    await walk.step(choice)
                    await prove(walk, before)
            finally:
                await engine.dispose()

        asyncio.run(walking())

    async def test_in_the_end_every_price_was_earned_or_given_back(self, sessions: Sessions) -> None:
        walk = MoneyWalk(sessions, Random(20261127))
        await walk.begin()
        for _ in range(120):
            await walk.step(walk.random.randrange(24))
        await prove(walk, dict.fromkeys(CURRENCIES, 0))
        await end(walk)
        async with sessions() as session:
            assert await breaches(session) == []
            for currency in CURRENCIES:
                left = await balances(session, currency)
                assert "2010" not in left
                assert "2020" not in left
                assert "1310" not in left
