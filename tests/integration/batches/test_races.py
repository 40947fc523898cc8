"""Arranged races: each decision is a conditional write, so exactly one of two can be right."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import func, select, text

from billing.errors import HoldClosedError, InsufficientCreditsError
from models.base import Json
from models.batch import Batch, BatchState
from models.generation import Generation, JobState
from service.batches.errors import BatchNotStartableError
from service.flows import finish_generation as finish
from service.flows.cancel_batch import cancel_batch
from service.flows.finish_generation import settle_ended
from service.flows.start_batch import start_batch
from service.flows.sweep_leases import sweep_leases
from service.flows.who_pays import Payment
from service.jobs import claims
from service.jobs.claims import ClaimedJob
from service.jobs.errors import NotCancellableError, StaleLeaseError
from service.jobs.products import Product
from service.wiring import Services
from tests.factories.batches import credits_of, quote, rows, start
from tests.factories.people import Person

LEASE = timedelta(seconds=30)
PROBLEM: Json = {"code": "generation_failed"}
PRODUCT = Product("Title", None, "zh", {"ai": False}, {}, ())


@pytest.fixture
async def running(client: httpx.AsyncClient, firm: Person) -> UUID:
    """A batch of two rows whose jobs wait."""
    return UUID((await quote(client, firm, rows("林晚晴", "陆知远"), start=True)).json()["id"])


async def claim(services: Services, *, limit: int = 1) -> list[ClaimedJob]:
    async with services.sessions.begin() as session:
        return await claims.claim_batch(session, worker_id=uuid4(), max_batches={"card": limit}, lease=LEASE)


async def succeed(services: Services, job: ClaimedJob) -> None:
    async with services.sessions.begin() as session:
        await finish.succeed(session, job, PRODUCT, [], now=services.clock())


async def state_of(services: Services, batch_id: UUID) -> BatchState:
    async with services.sessions() as session:
        return (await session.get_one(Batch, batch_id)).state


async def waits_for_a_lock(services: Services) -> None:
    """Until some statement waits for another transaction: the race is then under way."""
    async with asyncio.timeout(30):
        while True:
            async with services.sessions() as session:
                waiting = await session.scalar(
                    text("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype <> 'relation'")
                )
            if waiting:
                return
            await asyncio.sleep(0.01)


class TestStarts:
    async def test_of_two_starts_at_once_one_holds_and_queues(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        batch_id = UUID((await quote(client, firm, rows("a", "b"))).json()["id"])
        details: dict[str, Any] = {"owner_id": firm.id, "now": services.clock()}
        async with services.sessions() as first, services.sessions() as second:
            await start_batch(first, services.catalog, batch_id, key="first", **details)
            racer = asyncio.create_task(
                start_batch(second, services.catalog, batch_id, key="second", **details)
            )
            await waits_for_a_lock(services)
            await first.commit()
            with pytest.raises(BatchNotStartableError):
                await racer
        assert await credits_of(services, firm.id) == (598, 2)
        async with services.sessions() as session:
            assert await session.scalar(select(func.count()).select_from(Generation)) == 2

    async def test_the_same_start_sent_many_times_is_one(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        batch_id = (await quote(client, firm, rows("a", "b"))).json()["id"]
        answers = await asyncio.gather(*(start(client, firm, batch_id, key="k") for _ in range(8)))
        assert {answer.status_code for answer in answers} == {202}
        replays = [answer.headers["idempotency-replayed"] for answer in answers]
        assert sorted(replays) == ["false", *["true"] * 7]
        assert await credits_of(services, firm.id) == (598, 2)

    async def test_two_batches_cannot_hold_the_same_credits(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        ids = [UUID((await quote(client, firm, rows(*["a"] * 400))).json()["id"]) for _ in range(2)]
        details: dict[str, Any] = {"owner_id": firm.id, "key": "k", "now": services.clock()}
        async with services.sessions() as first, services.sessions() as second:
            await start_batch(first, services.catalog, ids[0], **details)
            racer = asyncio.create_task(start_batch(second, services.catalog, ids[1], **details))
            await waits_for_a_lock(services)
            await first.commit()
            with pytest.raises(InsufficientCreditsError):
                await racer
        assert await credits_of(services, firm.id) == (200, 400)

    async def test_the_same_order_sent_many_times_is_one_batch(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        answers = await asyncio.gather(
            *(quote(client, firm, rows("a"), key="k", start=True) for _ in range(8))
        )
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert await credits_of(services, firm.id) == (599, 1)

    async def test_a_cancel_meets_a_start(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        batch_id = UUID((await quote(client, firm, rows("a", "b"))).json()["id"])
        details: dict[str, Any] = {"owner_id": firm.id, "now": services.clock()}
        async with services.sessions() as first, services.sessions.begin() as second:
            await start_batch(first, services.catalog, batch_id, key="k", **details)
            racer = asyncio.create_task(cancel_batch(second, batch_id, **details))
            await waits_for_a_lock(services)
            await first.commit()
            assert (await racer).state is BatchState.CANCELLED
        assert await credits_of(services, firm.id) == (600, 0)


class TestEnds:
    async def test_the_last_jobs_end_wins_over_a_cancel_that_waits_for_it(
        self, services: Services, firm: Person, running: UUID
    ) -> None:
        for job in (await claim(services))[:1]:
            await succeed(services, job)
        (last,) = await claim(services)
        async with services.sessions() as ending, services.sessions() as cancelling:
            await finish.succeed(ending, last, PRODUCT, [], now=services.clock())
            racer = asyncio.create_task(
                cancel_batch(cancelling, running, owner_id=firm.id, now=services.clock())
            )
            await waits_for_a_lock(services)
            await ending.commit()
            with pytest.raises(NotCancellableError):
                await racer
        assert await state_of(services, running) is BatchState.DONE
        assert await credits_of(services, firm.id) == (598, 0)

    async def test_a_cancel_wins_over_the_claim_that_waits_for_it(
        self, services: Services, firm: Person, running: UUID
    ) -> None:
        async with services.sessions() as cancelling:
            await cancel_batch(cancelling, running, owner_id=firm.id, now=services.clock())
            assert await claim(services, limit=8) == []
            await cancelling.commit()
        assert await claim(services, limit=8) == []
        assert await credits_of(services, firm.id) == (600, 0)

    async def test_a_row_that_runs_when_the_batch_is_cancelled_decides_its_share_last(
        self, services: Services, firm: Person, running: UUID
    ) -> None:
        (job,) = await claim(services)
        async with services.sessions.begin() as session:
            batch = await cancel_batch(session, running, owner_id=firm.id, now=services.clock())
        assert batch.state is BatchState.RUNNING
        assert await credits_of(services, firm.id) == (599, 1)
        await succeed(services, job)
        assert await state_of(services, running) is BatchState.CANCELLED
        assert await credits_of(services, firm.id) == (599, 0)

    async def test_the_last_two_jobs_end_at_once(
        self, services: Services, firm: Person, running: UUID
    ) -> None:
        jobs = await claim(services, limit=2)
        assert len(jobs) == 2
        async with services.sessions() as first, services.sessions.begin() as second:
            await finish.succeed(first, jobs[0], PRODUCT, [], now=services.clock())
            racer = asyncio.create_task(
                finish.fail(second, jobs[1], PROBLEM, max_attempts=0, now=services.clock())
            )
            await waits_for_a_lock(services)
            await first.commit()
            assert await racer is JobState.FAILED
        assert await state_of(services, running) is BatchState.DONE
        assert await credits_of(services, firm.id) == (599, 0)

    async def test_a_row_ends_once_however_often_it_is_ended(
        self, services: Services, firm: Person, running: UUID
    ) -> None:
        (job,) = await claim(services)
        await succeed(services, job)
        for again in (succeed(services, job), reject(services, job)):
            with pytest.raises(StaleLeaseError):
                await again
        assert await credits_of(services, firm.id) == (598, 1)

    async def test_even_without_the_fence_of_the_job_no_share_comes_back_twice(
        self, services: Services, firm: Person, running: UUID
    ) -> None:
        """What if a bug called the end of one job twice: the hold and the journal refuse."""
        (job,) = await claim(services, limit=1)
        async with services.sessions.begin() as session:
            await finish.fail(session, job, PROBLEM, max_attempts=0, now=services.clock())
        with pytest.raises(Exception, match="uq_credit_entries_hold_share"):
            async with services.sessions.begin() as session:
                await settle_ended(session, job.id, firm.id, Payment.RELEASE, now=services.clock())
        (other,) = await claim(services, limit=1)
        await succeed(services, other)
        with pytest.raises(HoldClosedError):
            async with services.sessions.begin() as session:
                await settle_ended(session, other.id, firm.id, Payment.SETTLE, now=services.clock())
        assert await credits_of(services, firm.id) == (599, 0)

    async def test_a_worker_that_dies_between_two_rows_loses_neither(
        self, services: Services, firm: Person, running: UUID
    ) -> None:
        jobs = await claim(services, limit=2)
        await succeed(services, jobs[0])
        async with services.sessions.begin() as session:
            await session.execute(
                text(
                    "UPDATE generations SET lease_expires_at = now() - interval '1 second'"
                    " WHERE state = 'running'"
                )
            )
        for _ in range(2):
            async with services.sessions.begin() as session:
                await sweep_leases(session, max_attempts=2, now=services.clock())
        with pytest.raises(StaleLeaseError):
            await succeed(services, jobs[1])
        (again,) = await claim(services)
        assert (again.id, again.attempts) == (jobs[1].id, 2)
        await succeed(services, again)
        assert await state_of(services, running) is BatchState.DONE
        assert await credits_of(services, firm.id) == (598, 0)

    async def test_lost_for_good_a_row_gives_its_credit_back(
        self, services: Services, firm: Person, running: UUID
    ) -> None:
        await claim(services, limit=2)
        async with services.sessions.begin() as session:
            await session.execute(
                text("UPDATE generations SET lease_expires_at = now() - interval '1 second', attempts = 2")
            )
        async with services.sessions.begin() as session:
            assert len(await sweep_leases(session, max_attempts=2, now=services.clock())) == 2
        assert await state_of(services, running) is BatchState.DONE
        assert await credits_of(services, firm.id) == (600, 0)


async def reject(services: Services, job: ClaimedJob) -> None:
    async with services.sessions.begin() as session:
        await finish.reject(session, job, PROBLEM, free_rejections=3, now=services.clock())
