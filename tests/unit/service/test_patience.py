"""A start waits for what is away, but neither for ever nor for what waiting does not mend."""

import asyncio
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import asyncpg
import pytest
from redis.exceptions import AuthenticationError, BusyLoadingError
from redis.exceptions import ConnectionError as RedisConnectionError

from core.database import DatabaseAwayError
from service.engines.errors import EngineDiedError, EngineStartError
from service.main import patience
from service.main.patience import Patience, StartError

AWAY = [
    DatabaseAwayError("the database system is starting up"),
    RedisConnectionError("connection refused"),
    BusyLoadingError("loading the dataset in memory"),
    EngineDiedError("postgres ended while starting"),
    FileNotFoundError("no such socket"),
]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_PAUSE_SECONDS", 0.001)


class Flaky:
    """Fails with each error in turn, then answers."""

    def __init__(self, *errors: Exception) -> None:
        self._errors: Iterator[Exception] = iter(errors)
        self.calls = 0

    async def __call__(self) -> str:
        self.calls += 1
        for error in self._errors:
            raise error
        return "answered"


class TestWaiting:
    async def test_what_comes_back_is_waited_for(self) -> None:
        act = Flaky(*AWAY)
        assert await Patience(60).insist("It", act) == "answered"
        assert act.calls == len(AWAY) + 1

    @pytest.mark.parametrize("error", AWAY, ids=lambda error: type(error).__name__)
    async def test_it_ends_and_says_what_was_away_and_why(self, error: Exception) -> None:
        waiting = Patience(0)
        with pytest.raises(StartError, match=r"^Postgres \(db:5432\): away for 0 s: ") as raised:
            await waiting.insist("Postgres (db:5432)", Flaky(error, error))
        assert getattr(error, "reason", str(error)) in str(raised.value)
        assert waiting.fault is raised.value

    async def test_one_deadline_holds_for_all(self, monkeypatch: pytest.MonkeyPatch) -> None:
        now = [100.0]
        monkeypatch.setattr(patience, "time", SimpleNamespace(monotonic=lambda: now[0]))
        waiting = Patience(60)
        await waiting.insist("Redis", Flaky(OSError("away")))
        now[0] += 60
        with pytest.raises(StartError):
            await waiting.insist("Postgres", Flaky(OSError("away")))

    async def test_what_seldom_mends_itself_gets_few_tries(self) -> None:
        act = Flaky(*(EngineDiedError("ended while starting") for _ in range(9)))
        with pytest.raises(StartError):
            await Patience(60).insist("The engines", act, tries=3)
        assert act.calls == 3

    @pytest.mark.parametrize(
        "make",
        [
            lambda: asyncpg.InvalidPasswordError("password authentication failed"),
            lambda: asyncpg.InvalidCatalogNameError("no such database"),
            lambda: AuthenticationError("wrong password"),
            lambda: EngineStartError("made by another Postgres"),
            lambda: KeyError("a bug"),
        ],
    )
    async def test_what_waiting_does_not_mend_is_said_at_once(self, make: Callable[[], Exception]) -> None:
        act = Flaky(make())
        with pytest.raises(StartError, match="cannot be used"):
            await Patience(60).insist("It", act)
        assert act.calls == 1


class TestGivingUp:
    async def test_a_process_that_is_told_to_end_does_not_wait_on(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(patience, "FIRST_PAUSE_SECONDS", 3600)
        waiting = Patience(3600)
        asking = asyncio.create_task(waiting.insist("Postgres", Flaky(OSError("away"))))
        await asyncio.sleep(0)
        waiting.give_up()
        with pytest.raises(StartError, match="told to end while it waited for: Postgres"):
            async with asyncio.timeout(60):
                await asking
