"""Limits are exact: for one process and for several, and after time has passed."""

import asyncio
import subprocess
import sys
import time

import httpx
import pytest
from redis.asyncio import Redis

from service.limits.limiter import Limiter, LimiterUnavailableError, Policy
from service.wiring import Services
from tests.factories.people import SignIn, create

POLICY = Policy("user", 100, 36_000)  # one comes back in six minutes: after the slowest test
OTHER_PROCESS = """
import asyncio, sys
from redis.asyncio import Redis
from service.limits.limiter import Limiter, Policy

async def main():
    limiter = Limiter(Redis.from_url(sys.argv[1], decode_responses=True))
    taken = await asyncio.gather(*(limiter.take("somebody", Policy("user", 100, 36000)) for _ in range(150)))
    print(sum(decision.is_allowed for decision in taken))

asyncio.run(main())
"""


class TestLimiter:
    async def test_a_burst_gets_exactly_the_quota(self, services: Services) -> None:
        taken = await asyncio.gather(*(services.limiter.take("a", POLICY) for _ in range(700)))
        assert sum(decision.is_allowed for decision in taken) == 100
        allowed = [decision.remaining for decision in taken if decision.is_allowed]
        assert allowed == list(range(99, -1, -1))
        refused = next(decision for decision in taken if not decision.is_allowed)
        assert 0 < refused.seconds <= 360

    async def test_three_processes_together_get_exactly_the_quota(self, services: Services) -> None:
        command = [sys.executable, "-c", OTHER_PROCESS, services.endpoints.redis_url]
        processes = [await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE) for _ in range(3)]
        counts = [int((await process.communicate())[0]) for process in processes]
        assert sum(counts) == 100

    async def test_room_comes_back_evenly(self, services: Services) -> None:
        quick = Policy("quick", 10, 10)
        at_once = await asyncio.gather(*(services.limiter.take("a", quick) for _ in range(11)))
        assert [decision.is_allowed for decision in at_once] == [True] * 10 + [False]
        assert 0 < at_once[-1].seconds <= 1
        await asyncio.sleep(at_once[-1].seconds)
        assert (await services.limiter.take("a", quick)).is_allowed

    async def test_subjects_and_policies_do_not_share(self, services: Services) -> None:
        one = Policy("one", 1, 60)
        assert (await services.limiter.take("a", one)).is_allowed
        assert (await services.limiter.take("b", one)).is_allowed
        assert (await services.limiter.take("a", Policy("two", 1, 60))).is_allowed
        assert not (await services.limiter.take("a", one)).is_allowed

    async def test_the_first_of_several_policies_that_refuses_answers(self, services: Services) -> None:
        wide, narrow = Policy("wide", 3, 60), Policy("narrow", 2, 60)
        taken = [await services.limiter.take("a", wide, narrow) for _ in range(4)]
        told = [(one.policy.name, one.is_allowed, one.remaining) for one in taken]
        assert told == [("narrow", True, 1), ("narrow", True, 0), ("narrow", False, 0), ("wide", False, 0)]
        mixed = await asyncio.gather(
            services.limiter.take("b", wide, narrow), services.limiter.take("b", wide)
        )
        assert [(one.policy.name, one.remaining) for one in mixed] == [("narrow", 1), ("wide", 1)]

    async def test_without_redis_it_says_so_to_everybody_who_waits(self) -> None:
        limiter = Limiter(Redis(unix_socket_path="/nowhere/at/all.sock", decode_responses=True))
        answers = await asyncio.gather(*(limiter.take("a", POLICY) for _ in range(5)), return_exceptions=True)
        assert {type(answer) for answer in answers} == {LimiterUnavailableError}


class TestOverHttp:
    async def test_too_many_requests_are_told_when_to_come_back(
        self,
        client: httpx.AsyncClient,
        sign_in: SignIn,
        services: Services,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        person = await sign_in()
        monkeypatch.setattr("service.http.admission.user_policy", lambda _: Policy("user", 2, 60))
        began = time.monotonic()
        answers = [await create(client, person) for _ in range(3)]
        passed = time.monotonic() - began
        assert [answer.status_code for answer in answers] == [202, 202, 429]
        assert answers[1].headers["ratelimit"].startswith('"user";r=0;')
        assert answers[2].json()["code"] == "rate_limited"
        told = int(answers[2].headers["retry-after"])
        assert told == answers[2].json()["retry_after_seconds"]
        assert 30 - passed <= told <= 30

    async def test_while_redis_is_away_reads_go_on_and_spending_waits(
        self,
        client: httpx.AsyncClient,
        sign_in: SignIn,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        person = await sign_in()

        async def away(*_: object) -> None:
            raise OSError("connection refused")

        monkeypatch.setattr(Limiter, "_ask", away)
        assert (await client.get("/v1/credits", headers=person.headers)).status_code == 200
        refused = await create(client, person)
        assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
        assert refused.headers["retry-after"] == "1"
