"""The worker brings every job to rest, whatever becomes of the process that makes it."""

import asyncio
import contextlib
import time
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from billing.invariants import find_breaches
from billing.views import view_credits
from core.tasks import background, end
from models.generation import JobState
from models.work import Work, WorkFile
from service.flows.cancel_generation import cancel_generation
from service.flows.sweep_leases import sweep_leases
from service.invariants import JOB_INVARIANTS
from service.jobs import claims, queries
from service.main.runtime import make_worker
from service.wiring import Services
from service.workers.process_link import RENDERER
from service.workers.renderers import Renderer
from tests.factories.children import children
from tests.factories.jobs import PATIENCE_SECONDS, PRODUCER, progress_of, running_worker, until
from tests.fakes.producer import Gate
from tests.integration.jobs.conftest import Ask

LEASE = timedelta(seconds=30)
PROMISED_SECONDS = 1.0  # from a wish to cancel to its end
TRIES = 3  # a busy machine may lose a second once; our own slowness would lose it every time


async def available(services: Services, owner_id: UUID) -> int:
    async with services.sessions() as session:
        view = await view_credits(session, owner_id, now=services.clock(), catalog=services.catalog)
        assert view is not None
        assert await find_breaches(session, JOB_INVARIANTS) == []
    return view.available


class TestWhoPays:
    """Row by row, the table of design section 4."""

    async def test_success_is_paid(
        self, services: Services, worker: object, ask: Ask, owner_id: UUID
    ) -> None:
        job = await until(services, await ask())
        assert job.state is JobState.SUCCEEDED
        assert await available(services, owner_id) == 9
        async with services.sessions() as session:
            work = (await session.scalars(select(Work))).one()
            file = (await session.scalars(select(WorkFile))).one()
        assert (work.generation_id, work.owner_id) == (job.id, owner_id)
        assert b"".join([chunk async for chunk in services.store.read(file.object_key)])[1:4] == b"PNG"

    @pytest.mark.parametrize("script", ["fail", "die", "hang", "invalid"])
    async def test_what_breaks_on_our_side_is_released(
        self, services: Services, worker: object, ask: Ask, owner_id: UUID, script: str
    ) -> None:
        job = await until(services, await ask(script))
        assert job.state is JobState.FAILED
        assert job.attempts == (1 if script == "invalid" else 2)
        assert job.problem is not None and job.problem["code"] == "generation_failed"
        assert await available(services, owner_id) == 10

    async def test_three_refused_outputs_a_day_are_released_and_the_fourth_kept(
        self, services: Services, worker: object, ask: Ask, owner_id: UUID
    ) -> None:
        for _ in range(4):
            job = await until(services, await ask("reject"))
            assert job.state is JobState.REJECTED
        assert await available(services, owner_id) == 9
        services.clock.advance(days=1)  # type: ignore[attr-defined]
        await until(services, await ask("reject"))
        assert await available(services, owner_id) == 9

    async def test_cancelled_while_queued_is_released(
        self, services: Services, ask: Ask, owner_id: UUID
    ) -> None:
        job_id = await ask()
        for _ in range(2):  # repeating changes nothing
            async with services.sessions.begin() as session:
                job = await cancel_generation(session, job_id, owner_id=owner_id, now=services.clock())
            assert job.state is JobState.CANCELLED
        assert await available(services, owner_id) == 10

    @pytest.mark.parametrize(("step", "left"), [(1, 10), (3, 9)])
    async def test_cancelled_while_running_is_charged_from_half_of_the_steps_on(
        self, services: Services, worker: object, ask: Ask, owner_id: UUID, step: int, left: int
    ) -> None:
        spent = 10 - left
        for attempt in range(1, TRIES + 1):
            job_id = await ask(f"{attempt} steps=4 stay={step}")
            await until(services, job_id, JobState.RUNNING)
            await progress_of(services, job_id, at_least=step / 5)
            asked_at = time.monotonic()
            async with services.sessions.begin() as session:
                await cancel_generation(session, job_id, owner_id=owner_id, now=services.clock())
            job = await until(services, job_id)
            seconds = time.monotonic() - asked_at
            assert job.state is JobState.CANCELLED
            assert await available(services, owner_id) == 10 - attempt * spent
            if seconds < PROMISED_SECONDS:
                return
        pytest.fail(f"cancelling took {seconds:.1f} s at last, {TRIES} times more than {PROMISED_SECONDS} s")

    async def test_cancelled_before_it_was_begun_is_released(
        self, services: Services, ask: Ask, owner_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The wish comes while a photo is fetched, say, and the renderer knows of no such work yet."""
        may_begin, was_asked = asyncio.Event(), asyncio.Event()
        cancel = Renderer.cancel

        async def announce_running(*_: object) -> None:
            await may_begin.wait()

        def cancel_noted(renderer: Renderer, number: int) -> None:
            cancel(renderer, number)
            was_asked.set()

        monkeypatch.setattr("service.workers.publishing.Publisher.announce_running", announce_running)
        monkeypatch.setattr(Renderer, "cancel", cancel_noted)
        job_id = await ask("stay=1")
        async with running_worker(services):
            await until(services, job_id, JobState.RUNNING)
            async with services.sessions.begin() as session:
                await cancel_generation(session, job_id, owner_id=owner_id, now=services.clock())
            await asyncio.wait_for(was_asked.wait(), PATIENCE_SECONDS)
            may_begin.set()
            job = await until(services, job_id)
        assert (job.state, job.attempts) == (JobState.CANCELLED, 1)
        assert await available(services, owner_id) == 10

    async def test_a_wish_to_cancel_outlives_the_attempt_that_was_lost(
        self, services: Services, ask: Ask, owner_id: UUID
    ) -> None:
        job_id = await ask()
        async with services.sessions.begin() as session:
            (claimed,) = await claims.claim_batch(
                session, worker_id=UUID(int=1), max_batches={"card": 1}, lease=LEASE
            )
            await cancel_generation(session, job_id, owner_id=owner_id, now=services.clock())
        async with services.sessions.begin() as session:  # its worker is stopped
            await queries.requeue(session, job_id, attempts=1, leased_by=claimed.leased_by)
        async with running_worker(services):
            job = await until(services, job_id)
        assert (job.state, job.attempts) == (JobState.CANCELLED, 2)
        assert await available(services, owner_id) == 10

    async def test_storage_that_is_down_is_released(
        self, services: Services, worker: object, ask: Ask, owner_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def down(*_: object, **__: object) -> bytes:
            raise OSError("no space")

        monkeypatch.setattr("service.storage.store.FileStore.put", down)
        job = await until(services, await ask())
        assert job.state is JobState.FAILED
        assert await available(services, owner_id) == 10


class TestLeases:
    async def test_a_late_result_of_a_lost_lease_is_dropped(
        self, services: Services, ask: Ask, owner_id: UUID, gate: Gate
    ) -> None:
        job_id = await ask(f"stay=1 {gate.words}")
        async with running_worker(services):
            await until(services, job_id, JobState.RUNNING)
            async with services.sessions.begin() as session:  # the lease is lost behind the worker's back
                await session.execute(
                    text("UPDATE generations SET lease_expires_at = now() - interval '1 minute'")
                )
                swept = await sweep_leases(session, max_attempts=2, now=services.clock())
            assert [job.state for job in swept] == [JobState.QUEUED]
            gate.open()
            job = await until(services, job_id)
        assert (job.state, job.attempts) == (JobState.SUCCEEDED, 2)
        async with services.sessions() as session:
            assert await session.scalar(select(func.count()).select_from(Work)) == 1
        assert await available(services, owner_id) == 9

    async def test_a_job_whose_every_attempt_is_lost_is_set_aside(
        self, services: Services, ask: Ask, owner_id: UUID
    ) -> None:
        job_id = await ask()
        for attempt in (1, 2):
            async with services.sessions.begin() as session:
                worker_id = UUID(int=attempt)
                claimed = await claims.claim_batch(
                    session, worker_id=worker_id, max_batches={"card": 1}, lease=-LEASE
                )
                assert [job.attempts for job in claimed] == [attempt]
            async with services.sessions.begin() as session:
                await sweep_leases(session, max_attempts=2, now=services.clock())
        job = await until(services, job_id)
        assert (job.state, job.problem["code"] if job.problem else None) == (
            JobState.FAILED,
            "attempts_spent",
        )
        assert await available(services, owner_id) == 10

    async def test_heartbeats_keep_a_long_job(
        self, services: Services, ask: Ask, owner_id: UUID, gate: Gate
    ) -> None:
        jobs = services.settings.jobs.model_copy(update={"lease_seconds": 9, "deadline_seconds": 60})
        patient = replace(services, settings=services.settings.model_copy(update={"jobs": jobs}))
        job_id = await ask(f"stay=1 {gate.words}")
        async with running_worker(patient):
            first_lease = {"end": (await until(services, job_id, JobState.RUNNING)).lease_expires_at}
            is_over = False
            while not is_over:
                async with services.sessions.begin() as session:
                    assert await sweep_leases(session, max_attempts=2, now=services.clock()) == []
                    is_over = await session.scalar(text("SELECT now() > :end"), first_lease)
                await asyncio.sleep(0.2)
            gate.open()
            job = await until(services, job_id)
        assert (job.state, job.attempts) == (JobState.SUCCEEDED, 1)

    async def test_a_stopping_worker_finishes_its_batch(
        self, services: Services, ask: Ask, owner_id: UUID
    ) -> None:
        job_id = await ask("steps=10 sleep=0.05")
        async with running_worker(services):
            await until(services, job_id, JobState.RUNNING)
        assert (await until(services, job_id)).state is JobState.SUCCEEDED

    async def test_a_cancelled_worker_hands_its_batch_back(
        self, services: Services, ask: Ask, owner_id: UUID
    ) -> None:
        job_id = await ask("stay=1")
        task = asyncio.create_task(make_worker(services, producer=PRODUCER).run())
        await until(services, job_id, JobState.RUNNING)
        await end(task)
        job = await until(services, job_id, JobState.QUEUED)
        assert job.leased_by is None

    async def test_a_worker_ends_though_a_library_swallows_being_cancelled(
        self, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        is_announcing = asyncio.Event()

        async def announce(*_: object) -> None:
            with contextlib.suppress(asyncio.CancelledError):
                is_announcing.set()
                await asyncio.Event().wait()

        monkeypatch.setattr("service.jobs.estimates.Estimates.announce", announce)
        worker = make_worker(services, producer=PRODUCER)
        async with asyncio.timeout(PATIENCE_SECONDS), background(worker.run()):
            await is_announcing.wait()
        assert children(RENDERER) == []  # also of one that was just being started


class TestClaims:
    async def test_five_claimers_share_ten_jobs_without_overlap(self, services: Services, ask: Ask) -> None:
        for number in range(10):
            await ask(f"n{number}")

        async def claim_until_empty(worker_id: UUID) -> list[UUID]:
            mine: list[UUID] = []
            while True:
                async with services.sessions.begin() as session:
                    batch = await claims.claim_batch(
                        session, worker_id=worker_id, max_batches={"card": 3}, lease=LEASE
                    )
                if not batch:
                    return mine
                assert len(batch) <= 3
                mine += [job.id for job in batch]

        claimed = await asyncio.gather(*(claim_until_empty(UUID(int=n)) for n in range(5)))
        ids = [job_id for mine in claimed for job_id in mine]
        assert len(ids) == len(set(ids)) == 10

    async def test_a_retried_job_rides_alone(self, services: Services, ask: Ask) -> None:
        ids = [await ask(f"n{number}") for number in range(3)]
        async with services.sessions.begin() as session:
            await session.execute(text("UPDATE generations SET attempts = 1 WHERE id = :id"), {"id": ids[0]})
        batches = []
        for _ in range(2):
            async with services.sessions.begin() as session:
                batch = await claims.claim_batch(
                    session, worker_id=UUID(int=1), max_batches={"card": 8}, lease=LEASE
                )
            batches.append({job.id for job in batch})
        assert batches == [{ids[0]}, {ids[1], ids[2]}]

    async def test_kinds_that_are_not_offered_stay(self, services: Services, ask: Ask) -> None:
        await ask(kind="lyrics")
        async with services.sessions.begin() as session:
            assert not await claims.claim_batch(
                session, worker_id=UUID(int=1), max_batches={"card": 1}, lease=LEASE
            )
