"""Kill -9 of anything at any moment: every job ends, every credit is accounted for, no work comes twice."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import select, text

from billing.invariants import find_breaches
from core.clock import utc_now
from core.database import Sessions, create_engine, create_sessions
from models.credit import LotSource
from models.generation import ENDS, Generation, JobState
from service.engines.blocking import BlockingEngines
from service.invariants import JOB_INVARIANTS
from tests.e2e.processes import ServiceProcess, await_ready, running
from tests.factories.credits import give
from tests.factories.people import CARD
from tests.factories.ports import free_port

JOBS = 200
USERS = 20
KILLS = 9
PATIENCE_SECONDS = 150.0


async def sign_in_all(client: httpx.AsyncClient, sessions: Sessions) -> list[dict[str, str]]:
    """Headers of users with more than enough credits."""
    headers = []
    for _ in range(USERS):
        body = (await client.post("/v1/auth/guest", json={"device_id": uuid4().hex})).json()
        headers.append({"authorization": f"Bearer {body['access_token']}"})
        async with sessions.begin() as session:
            await give(session, UUID(body["user"]["id"]), JOBS, now=utc_now(), source=LotSource.GOODWILL)
            await session.execute(text("UPDATE credit_accounts SET tier = 'studio'"))
    return headers


async def insist(client: httpx.AsyncClient, headers: dict[str, str], number: int) -> str:
    """What a phone does: repeat with the same key until there is an answer. The job's id."""
    script = random.Random(number).choice(["", "steps=5 sleep=0.02", "fail", "reject", "steps=20 sleep=.02"])
    body = {**CARD, "spec": {**CARD["spec"], "recipient": script or "知夏"}}
    key = str(uuid4())
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            answer = await client.post(
                "/v1/generations", json=body, headers={**headers, "idempotency-key": key}, timeout=10
            )
            if answer.status_code == 202:
                return str(answer.json()["id"])
            assert answer.status_code in (429, 503), answer.text
        except httpx.HTTPError:
            pass
        await asyncio.sleep(0.2)
    raise TimeoutError("never admitted")


async def all_ended(sessions: Sessions, count: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            async with sessions() as session:
                states = Counter(await session.scalars(select(Generation.state)))
        except Exception:
            states = Counter()
        if sum(states[end] for end in ENDS) == count:
            return
        await asyncio.sleep(0.3)
    raise TimeoutError(f"jobs stay in {states}")


@pytest.mark.e2e
class TestKillNine:
    async def test_of_server_worker_and_postgres_during_200_jobs(self, tmp_path: Path) -> None:
        data_dir = tmp_path / "data"
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        web = ServiceProcess(data_dir, "serve", "--no-worker", "--port", str(port))
        workers = [ServiceProcess(data_dir, "worker") for _ in range(2)]
        chance = random.Random(20261124)
        with BlockingEngines(data_dir) as endpoints, running(web, *workers):
            engine = create_engine(endpoints.database_url, pool_size=2)
            sessions = create_sessions(engine)
            await asyncio.to_thread(await_ready, url)
            async with httpx.AsyncClient(base_url=url) as client:
                headers = await sign_in_all(client, sessions)
                asking = [
                    asyncio.create_task(insist(client, headers[number % USERS], number))
                    for number in range(JOBS)
                ]
                killed: Counter[str] = Counter()
                for turn in range(KILLS):
                    await asyncio.sleep(chance.uniform(0.3, 1.5))
                    victim = ("web", "worker", "postgres")[turn % 3]
                    killed[victim] += 1
                    if victim == "web":
                        web.kill()
                        web.start()
                    elif victim == "worker":
                        worker = chance.choice(workers)
                        worker.kill()
                        worker.start()
                    else:
                        await kill_postgres(data_dir)
                ids = await asyncio.gather(*asking)
                await all_ended(sessions, JOBS)
            assert killed == {"web": 3, "worker": 3, "postgres": 3}
            assert len(set(ids)) == JOBS
            await self._assert_books(sessions)
            await engine.dispose()

    async def _assert_books(self, sessions: Sessions) -> None:
        async with sessions() as session:
            assert await find_breaches(session, JOB_INVARIANTS) == []
            jobs = (await session.scalars(select(Generation))).all()
        states = Counter(job.state for job in jobs)
        assert states[JobState.SUCCEEDED] > JOBS / 3
        assert states[JobState.QUEUED] == states[JobState.RUNNING] == 0
        print(f"\nafter {KILLS} kills: {dict(states)}, attempts {Counter(job.attempts for job in jobs)}")


async def kill_postgres(data_dir: Path) -> None:
    """Kill the embedded Postgres; where it is still dead from the last time, wait until it is back."""
    while True:
        try:
            (pid_file,) = data_dir.rglob("postmaster.pid")  # noqa: ASYNC240 - a test may wait for a disk
            os.kill(int(pid_file.read_text().splitlines()[0]), signal.SIGKILL)
        except (OSError, ValueError, IndexError):
            await asyncio.sleep(0.1)
        else:
            return
