"""One hold for all good rows, or nothing; each job's end decides its share; the last one ends the batch."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import func, select, text

from models.batch import Batch, BatchState
from models.credit import CreditHold, HoldState
from models.generation import Generation, JobState
from service.flows.start_batch import start_batch
from service.wiring import Services
from tests.factories.batches import credits_of, quote, read, rows, set_tier, start
from tests.factories.jobs import PATIENCE_SECONDS, running_worker, until
from tests.factories.people import Person, SignIn, create


async def count_jobs(services: Services) -> int:
    async with services.sessions() as session:
        return await session.scalar(select(func.count()).select_from(Generation)) or 0


async def first_job(services: Services) -> UUID:
    async with services.sessions() as session:
        return (await session.scalars(select(Generation.id).order_by(Generation.fair_time).limit(1))).one()


async def until_ended(client: httpx.AsyncClient, person: Person, batch_id: str) -> dict[str, Any]:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = await read(client, person, batch_id)
            if found["state"] in ("done", "cancelled"):
                return found
            await asyncio.sleep(0.05)


class TestStart:
    async def test_it_holds_once_and_queues_a_job_for_each_good_row(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        batch_id = (await quote(client, firm, [*rows("林晚晴", "陆知远"), {"recipient": ""}])).json()["id"]
        answer = await start(client, firm, batch_id)
        assert (answer.status_code, answer.json()["state"]) == (202, "running")
        assert answer.json()["counts"]["queued"] == 2
        assert await credits_of(services, firm.id) == (598, 2)
        async with services.sessions() as session:
            hold = (await session.scalars(select(CreditHold))).one()
            jobs = (await session.scalars(select(Generation))).all()
        assert (str(hold.id), hold.amount_credits, hold.purpose) == (batch_id, 2, "batch")
        assert {str(job.batch_id) for job in jobs} == {batch_id}

    async def test_create_may_start_at_once(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        first = await quote(client, firm, rows("林晚晴"), start=True, key="k")
        again = await quote(client, firm, rows("林晚晴"), start=True, key="k")
        assert (first.status_code, first.json()["state"]) == (201, "running")
        assert again.json()["id"] == first.json()["id"]
        assert await credits_of(services, firm.id) == (599, 1)

    async def test_without_credits_nothing_is_held_queued_or_kept(
        self, client: httpx.AsyncClient, services: Services, sign_in: SignIn
    ) -> None:
        guest = await sign_in()
        batch_id = (await quote(client, guest, rows("a", "b", "c", "d"))).json()["id"]
        refused = await start(client, guest, batch_id)
        assert (refused.status_code, refused.json()["code"]) == (402, "insufficient_credits")
        assert (refused.json()["needed_credits"], refused.json()["available_credits"]) == (4, 3)
        assert refused.json()["packs"] == [] and "unlock" in refused.json()
        assert (await read(client, guest, batch_id))["state"] == "quoted"
        at_once = await quote(client, guest, rows("a", "b", "c", "d"), start=True)
        assert (at_once.status_code, at_once.json()["code"]) == (402, "insufficient_credits")
        async with services.sessions() as session:
            assert await session.scalar(select(func.count()).select_from(Batch)) == 1
        assert await count_jobs(services) == 0
        assert await credits_of(services, guest.id) == (3, 0)

    async def test_a_batch_without_a_good_row_cannot_start(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        batch_id = (await quote(client, firm, rows(""))).json()["id"]
        refused = await start(client, firm, batch_id)
        assert (refused.status_code, refused.json()["code"]) == (422, "batch_empty")
        at_once = await quote(client, firm, rows(""), start=True)
        assert (at_once.status_code, at_once.json()["problems"][0]["line"]) == (422, 1)

    async def test_the_same_key_replays_and_another_is_refused(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        batch_id = (await quote(client, firm, rows("林晚晴"))).json()["id"]
        first, again, other = [await start(client, firm, batch_id, key=key) for key in ("k", "k", "x")]
        assert (first.status_code, again.status_code) == (202, 202)
        assert again.headers["idempotency-replayed"] == "true"
        assert (other.status_code, other.json()["code"]) == (409, "batch_not_startable")
        assert other.json()["state"] == "running"
        assert await credits_of(services, firm.id) == (599, 1)

    async def test_a_tier_caps_the_rows_that_wait_or_run(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        await set_tier(services, firm.id, "free")
        large = (await quote(client, firm, rows(*["晚晴"] * 21))).json()["id"]
        refused = await start(client, firm, large)
        assert (refused.status_code, refused.json()["code"], refused.json()["maximum"]) == (
            403,
            "tier_limit",
            20,
        )
        assert (await quote(client, firm, rows(*["晚晴"] * 15), start=True)).status_code == 201
        more = await quote(client, firm, rows(*["晚晴"] * 6), start=True)
        assert (more.status_code, more.json()["code"]) == (429, "too_many_in_flight")
        assert (await quote(client, firm, rows(*["晚晴"] * 5), start=True)).status_code == 201
        assert await credits_of(services, firm.id) == (580, 20)

    async def test_rows_neither_count_as_in_flight_nor_stand_before_single_works(
        self, client: httpx.AsyncClient, services: Services, firm: Person, sign_in: SignIn
    ) -> None:
        batch = await quote(client, firm, rows(*["晚晴"] * 500), start=True)
        assert batch.status_code == 201, batch.text
        own = UUID((await create(client, firm)).json()["id"])
        foreign = UUID((await create(client, await sign_in())).json()["id"])
        async with services.sessions() as session:
            jobs = await session.scalars(select(Generation))
            tags = {job.id: job.fair_time for job in jobs}
            in_flight = await session.scalar(
                text("SELECT in_flight FROM credit_accounts WHERE user_id = :id"), {"id": firm.id}
            )
        assert in_flight == 1
        rows_tags = sorted(tag for job_id, tag in tags.items() if job_id not in (own, foreign))
        assert tags[own] < rows_tags[0]
        assert tags[foreign] <= rows_tags[1]
        assert (await credits_of(services, firm.id))[1] == 501

    async def test_a_second_batch_stands_behind_the_first(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        first = (await quote(client, firm, rows("a", "b", "c"), start=True)).json()["id"]
        second = (await quote(client, firm, rows("d", "e"), start=True)).json()["id"]
        async with services.sessions() as session:
            found = await session.scalars(select(Generation).order_by(Generation.fair_time))
            assert [str(job.batch_id) for job in found] == [first] * 3 + [second] * 2


class TestEnds:
    async def test_every_row_comes_to_its_end_and_pays_by_the_same_table(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        batch_id = (
            await quote(client, firm, rows("林晚晴", "reject", "invalid", "陆知远", ""), start=True)
        ).json()["id"]
        async with running_worker(services):
            ended = await until_ended(client, firm, batch_id)
        assert ended["state"] == "done"
        assert ended["progress"] == 1.0
        assert {state: count for state, count in ended["counts"].items() if count} == {
            "succeeded": 2,
            "rejected": 1,
            "failed": 1,
        }
        assert await credits_of(services, firm.id) == (598, 0)
        async with services.sessions() as session:
            hold = await session.get_one(CreditHold, UUID(batch_id))
        assert (hold.state, hold.spent_credits, hold.returned_credits) == (HoldState.SETTLED, 2, 2)

    async def test_the_rows_tell_what_became_of_them(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        batch_id = (await quote(client, firm, rows("林晚晴", "", "invalid"), start=True)).json()["id"]
        path = f"/v1/batches/{batch_id}/rows"
        waiting = (await client.get(path, headers=firm.headers)).json()["items"]
        assert [row["state"] for row in waiting] == ["queued", "bad", "queued"]
        async with running_worker(services):
            await until_ended(client, firm, batch_id)
        first = (await client.get(path, params={"limit": 2}, headers=firm.headers)).json()
        rest = (
            await client.get(path, params={"limit": 2, "cursor": first["next_cursor"]}, headers=firm.headers)
        ).json()
        made, bad = first["items"]
        (failed,) = rest["items"]
        assert rest["next_cursor"] is None
        assert (made["line"], made["state"], made["recipient"]) == (1, "succeeded", "林晚晴")
        work = await client.get(made["work"]["url"], headers=firm.headers)
        assert (work.status_code, work.json()["generation_id"]) == (200, made["generation_id"])
        assert (bad["state"], bad["work"], bad["recipient"]) == ("bad", None, None)
        assert (bad["problem"]["code"], bad["problem"]["errors"][0]["loc"]) == ("invalid_spec", ["recipient"])
        assert (failed["state"], failed["problem"]["code"]) == ("failed", "generation_failed")

    async def test_one_row_may_be_cancelled_alone(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        batch_id = (await quote(client, firm, rows("林晚晴", "陆知远"), start=True)).json()["id"]
        job_id = await first_job(services)
        cancelled = await client.post(f"/v1/generations/{job_id}/cancel", headers=firm.headers)
        assert (cancelled.status_code, cancelled.json()["batch_id"]) == (200, batch_id)
        assert await credits_of(services, firm.id) == (599, 1)
        assert (await read(client, firm, batch_id))["progress"] == 0.5
        repeated = await client.post(f"/v1/generations/{job_id}/cancel", headers=firm.headers)
        assert repeated.status_code == 200
        assert await credits_of(services, firm.id) == (599, 1)


class TestCancel:
    async def test_a_quote_is_withdrawn(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        batch_id = (await quote(client, firm, rows("林晚晴"))).json()["id"]
        path = f"/v1/batches/{batch_id}/cancel"
        answers = [await client.post(path, headers=firm.headers) for _ in range(2)]
        assert [(answer.status_code, answer.json()["state"]) for answer in answers] == [
            (200, "cancelled")
        ] * 2
        refused = await start(client, firm, batch_id)
        assert (refused.status_code, refused.json()["code"]) == (409, "batch_not_startable")

    async def test_what_waits_is_cancelled_at_once_and_comes_back(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        batch_id = (await quote(client, firm, rows("a", "b", "c"), start=True)).json()["id"]
        path = f"/v1/batches/{batch_id}/cancel"
        answers = [await client.post(path, headers=firm.headers) for _ in range(2)]
        assert [(answer.status_code, answer.json()["state"]) for answer in answers] == [
            (200, "cancelled")
        ] * 2
        assert answers[0].json()["counts"]["cancelled"] == 3
        assert await credits_of(services, firm.id) == (600, 0)

    async def test_what_runs_stops_soon(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        sent = rows(*["steps=9 stay=1"] * 3)
        batch_id = (await quote(client, firm, sent, start=True)).json()["id"]
        async with running_worker(services):
            await until(services, await first_job(services), JobState.RUNNING)
            answer = await client.post(f"/v1/batches/{batch_id}/cancel", headers=firm.headers)
            assert answer.status_code == 202
            ended = await until_ended(client, firm, batch_id)
        assert (ended["state"], ended["counts"]["cancelled"]) == ("cancelled", 3)
        assert await credits_of(services, firm.id) == (600, 0)

    async def test_a_batch_that_is_done_cannot_be_cancelled(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        batch_id = (await quote(client, firm, rows("林晚晴"), start=True)).json()["id"]
        async with running_worker(services):
            await until_ended(client, firm, batch_id)
        answer = await client.post(f"/v1/batches/{batch_id}/cancel", headers=firm.headers)
        assert (answer.status_code, answer.json()["code"]) == (409, "not_cancellable")
        assert await credits_of(services, firm.id) == (599, 0)


class TestKilled:
    async def test_a_start_that_dies_before_its_commit_leaves_a_quote(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        batch_id = UUID((await quote(client, firm, rows("a", "b"))).json()["id"])
        async with services.sessions() as session:
            batch, _ = await start_batch(
                session, services.catalog, batch_id, owner_id=firm.id, key="k", now=services.clock()
            )
            assert batch.state is BatchState.RUNNING
            await session.close()  # what the server does for a process that was killed
        assert (await read(client, firm, str(batch_id)))["state"] == "quoted"
        assert await credits_of(services, firm.id) == (600, 0)
        assert await count_jobs(services) == 0
        assert (await start(client, firm, str(batch_id), key="k")).status_code == 202
        assert await credits_of(services, firm.id) == (598, 2)

    @pytest.mark.parametrize("script", ["die", "hang"])
    async def test_a_renderer_that_dies_costs_only_its_own_row(
        self, client: httpx.AsyncClient, services: Services, firm: Person, script: str
    ) -> None:
        sent = rows("林晚晴", script, "陆知远")
        batch_id = (await quote(client, firm, sent, start=True)).json()["id"]
        async with running_worker(services):
            ended = await until_ended(client, firm, batch_id)
        assert (ended["counts"]["succeeded"], ended["counts"]["failed"]) == (2, 1)
        async with services.sessions() as session:
            failed = await session.scalars(select(Generation).where(Generation.state == JobState.FAILED))
            assert failed.one().attempts == services.settings.jobs.max_attempts
        assert await credits_of(services, firm.id) == (598, 0)
