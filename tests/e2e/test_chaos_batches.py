"""Kill -9 of anything while lists are made: one hold each, each share decided once, each ZIP packed."""

import asyncio
import random
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select

from billing.invariants import find_breaches
from core.database import create_engine, create_sessions
from models.batch import ArchiveState, Batch, BatchState
from models.credit import CreditHold, HoldState
from models.generation import Generation, JobState
from service.engines.blocking import BlockingEngines
from service.invariants import JOB_INVARIANTS
from tests.e2e.processes import ServiceProcess, await_ready, running
from tests.e2e.test_chaos import PATIENCE_SECONDS, kill_postgres, sign_in_all
from tests.factories.ports import free_port

BATCHES = 6
ROWS = 15
KILLS = 9
SCRIPTS = ("知夏", "steps=5 sleep=0.02", "fail", "reject", "steps=20 sleep=.02", "")


def order(number: int) -> dict[str, Any]:
    """Rows that succeed, fail, are rejected or bad, in another order for each batch."""
    chance = random.Random(number)
    rows = [{"recipient": chance.choice(SCRIPTS)} for _ in range(ROWS - 1)]
    template = {"occasion": "mid_autumn", "sender": "知夏"}
    return {"template": template, "rows": [*rows, {"recipient": "知夏"}], "start": True}


async def insist(client: httpx.AsyncClient, method: str, path: str, **request: Any) -> httpx.Response:
    """Repeat with the same key until there is an answer."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        try:
            answer = await client.request(method, path, timeout=10, **request)
        except httpx.HTTPError:
            pass
        else:
            if answer.status_code < 400:
                return answer
            assert answer.status_code in (429, 503), answer.text
        await asyncio.sleep(0.2)
    raise TimeoutError(f"{method} {path} had no good answer")


async def until_packed(client: httpx.AsyncClient, headers: dict[str, str], path: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found: dict[str, Any] = (await insist(client, "GET", path, headers=headers)).json()
        if found["archive"] is not None and found["archive"]["url"] is not None:
            return found
        await asyncio.sleep(0.3)
    raise TimeoutError(f"{path} was not packed: {found}")


@pytest.mark.e2e
class TestKillNine:
    async def test_of_server_keeper_worker_and_postgres_while_batches_run(self, tmp_path: Path) -> None:
        data_dir = tmp_path / "data"
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        # The keeper is inside. Repeating five times a second would use an hour's orders up in half a minute.
        arguments = ("serve", "--no-worker", "--port", str(port))
        web = ServiceProcess(data_dir, *arguments, HUAJIAN_LIMITS__BATCHES_PER_USER_HOUR="100000")
        worker = ServiceProcess(data_dir, "worker")
        chance = random.Random(20261127)
        with BlockingEngines(data_dir) as endpoints, running(web, worker):
            engine = create_engine(endpoints.database_url, pool_size=2)
            sessions = create_sessions(engine)
            await asyncio.to_thread(await_ready, url)
            async with httpx.AsyncClient(base_url=url) as client:
                headers = (await sign_in_all(client, sessions))[:BATCHES]
                sending = [
                    asyncio.create_task(
                        insist(
                            client,
                            "POST",
                            "/v1/batches",
                            json=order(number),
                            headers={**headers[number], "idempotency-key": str(uuid4())},
                        )
                    )
                    for number in range(BATCHES)
                ]
                for turn in range(KILLS):
                    await asyncio.sleep(chance.uniform(0.3, 1.2))
                    if turn % 3 == 0:
                        web.kill()
                        web.start()
                    elif turn % 3 == 1:
                        worker.kill()
                        worker.start()
                    else:
                        await kill_postgres(data_dir)
                paths = [answer.headers["location"] for answer in await asyncio.gather(*sending)]
                packed = await asyncio.gather(
                    *(until_packed(client, headers[number], path) for number, path in enumerate(paths))
                )
            async with sessions() as session:
                assert await find_breaches(session, JOB_INVARIANTS) == []
                assert await session.scalar(select(func.count()).select_from(Batch)) == BATCHES
                assert set(await session.scalars(select(Batch.archive_state))) == {ArchiveState.READY}
                holds = (await session.scalars(select(CreditHold))).all()
                jobs = (await session.scalars(select(Generation))).all()
            await engine.dispose()
        assert {batch["state"] for batch in packed} == {BatchState.DONE.value}
        assert {hold.state for hold in holds} == {HoldState.SETTLED} and len(holds) == BATCHES
        made = sum(job.state is JobState.SUCCEEDED for job in jobs)
        assert made == sum(batch["counts"]["succeeded"] for batch in packed) > BATCHES
        assert len(jobs) == sum(batch["rows"]["good"] for batch in packed)
