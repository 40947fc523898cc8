"""Windows that slide, in a real Redis; helps at the same moment see each other there and nowhere else."""

import asyncio
from datetime import UTC, datetime, timedelta

from models.risk import RiskDecision
from referral.risk.windows import Counter
from service.wiring import Services
from tests.factories.helps import make_player, tap

HOUR = 3600
NOON = datetime(2026, 11, 11, 12, 0, tzinfo=UTC)  # a window of an hour begins


def counter(name: str, subject: str, seconds: int, what: int = 0) -> Counter:
    return Counter(name, subject, seconds, bytes([what]))


class TestWindows:
    async def test_what_happened_fades_as_the_next_window_fills(self, services: Services) -> None:
        windows = services.risk.windows
        counts = [
            await windows.count(
                [counter("test", "someone", HOUR, minute)], now=NOON + timedelta(minutes=minute)
            )
            for minute in range(8)
        ]
        assert counts == [[number] for number in range(1, 9)]

        async def later(minutes: int) -> list[int] | None:
            someone = counter("test", "someone", HOUR)
            return await windows.peek([someone], now=NOON + timedelta(minutes=minutes))

        assert [await later(minutes) for minutes in (59, 60, 90, 105, 119, 121)] == [
            [8],
            [8],
            [4],
            [2],
            [0],
            [0],
        ]

    async def test_the_same_again_counts_once_in_a_window(self, services: Services) -> None:
        windows, mine = services.risk.windows, counter("test", "me", HOUR)
        assert [await windows.count([mine], now=NOON) for _ in range(3)] == [[1]] * 3
        assert await windows.count([counter("test", "me", HOUR, 1)], now=NOON) == [2]
        assert await windows.count([mine], now=NOON + timedelta(minutes=90)) == [1 + 1]

    async def test_looking_counts_nothing_and_counters_keep_apart(self, services: Services) -> None:
        windows = services.risk.windows
        mine, yours, longer = (
            counter("test", "me", HOUR),
            counter("test", "you", HOUR),
            counter("other", "me", 24 * HOUR),
        )
        assert await windows.peek([mine, yours], now=NOON) == [0, 0]
        assert await windows.count([mine, longer], now=NOON) == [1, 1]
        assert await windows.peek([mine, yours, longer], now=NOON) == [1, 0, 1]

    async def test_nothing_is_kept_for_longer_than_it_counts(self, services: Services) -> None:
        for what in range(2):
            await services.risk.windows.count([counter("test", "me", 60, what)], now=NOON)
        (key,) = await services.redis.keys("huajian:pace:test:*")
        assert 0 < await services.redis.ttl(key) <= 120


async def test_a_crowd_that_taps_at_once_is_seen_as_one(services: Services) -> None:
    """None of the transactions sees another's help: the database alone would let all of them through."""
    async with services.sessions.begin() as session:
        owner = await make_player(session, services.keys, created_at=NOON, address="20.1.1.1")
        crowd = [
            await make_player(session, services.keys, created_at=NOON, address="9.9.9.9") for _ in range(9)
        ]
    everybody_is_in = asyncio.Barrier(len(crowd))

    async def one(number: int) -> RiskDecision:
        async with services.sessions.begin() as session:
            _, verdict = await tap(session, services.risk, owner, crowd[number], now=NOON)
            await everybody_is_in.wait()  # nobody has committed before all have been weighed
            return verdict.effect

    effects = await asyncio.gather(*(one(number) for number in range(len(crowd))))
    assert sorted(effects) == ["allow"] * 5 + ["hold"] * 4
