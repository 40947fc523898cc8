"""Jobs gather behind a device, ride one pass together, and never pay for their neighbours."""

import asyncio
from uuid import UUID

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from billing.invariants import find_breaches
from billing.views import view_credits
from models.generation import JobState
from service.flows.cancel_generation import cancel_generation
from service.invariants import JOB_INVARIANTS
from service.jobs.events import JobEvent
from service.wiring import Services
from service.workers.chores import Chores
from tests.factories.jobs import PATIENCE_SECONDS, running_worker, until
from tests.fakes.producer import Gate
from tests.integration.jobs.conftest import Ask


def passes(kind: str = "image") -> tuple[float, float]:
    """(passes, jobs that rode in them) since this process began."""
    count = REGISTRY.get_sample_value("huajian_batch_size_count", {"kind": kind}) or 0.0
    return count, REGISTRY.get_sample_value("huajian_batch_size_sum", {"kind": kind}) or 0.0


async def all_events_of(services: Services, job_id: UUID) -> list[JobEvent]:
    """Everything that was said of it; waits for the last word."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            events = list(await services.events.read_after(job_id, 0))
            if events and events[-1].is_final:
                return events
            await asyncio.sleep(0.02)


class TestPasses:
    async def test_jobs_of_one_shape_that_wait_ride_together(
        self, services: Services, ask: Ask, owner_id: UUID, gate: Gate
    ) -> None:
        """One is on the device; four gather behind it and need one more pass, not four."""
        before = passes()
        async with running_worker(services):
            # Once let go, it is on the device for another second: what was claimed meanwhile gets there.
            first = await ask(f"steps=5 sleep=0.2 stay=1 {gate.words}", kind="image")
            await until(services, first, JobState.RUNNING)
            ids = [first, *[await ask(f"n{number}", kind="image") for number in range(4)]]
            for job_id in ids:
                await until(services, job_id, JobState.RUNNING)
            gate.open()
            jobs = await asyncio.gather(*(until(services, job_id) for job_id in ids))
        assert {job.state for job in jobs} == {JobState.SUCCEEDED}
        after = passes()
        assert (after[0] - before[0], after[1] - before[1]) == (2, 5)

    async def test_a_job_cancelled_before_its_pass_is_released(
        self, services: Services, worker: object, ask: Ask, owner_id: UUID, gate: Gate
    ) -> None:
        slow = await ask(f"stay=1 {gate.words}", kind="image")
        await until(services, slow, JobState.RUNNING)
        waiting = await ask("never made", kind="image")
        await until(services, waiting, JobState.RUNNING)  # claimed, and behind the slow one
        async with services.sessions.begin() as session:
            await cancel_generation(session, waiting, owner_id=owner_id, now=services.clock())
        assert (await until(services, waiting)).state is JobState.CANCELLED
        async with services.sessions() as session:
            assert (await state_of(services, slow)) is JobState.RUNNING
            view = await view_credits(session, owner_id, now=services.clock(), catalog=services.catalog)
        assert view is not None and (view.available, view.held) == (9, 1)

    async def test_poison_is_made_alone_and_takes_nobody_with_it(
        self, services: Services, ask: Ask, owner_id: UUID
    ) -> None:
        """What was in hand when the renderer died comes back; the poison is set aside, alone."""
        poison = await ask("steps=5 sleep=0.05 die", kind="image")
        others = [await ask(f"steps=5 sleep=0.05 n{number}", kind="image") for number in range(5)]
        async with running_worker(services):
            jobs = [await until(services, job_id) for job_id in (poison, *others)]
        assert [job.state for job in jobs] == [JobState.FAILED, *[JobState.SUCCEEDED] * 5]
        assert all(job.attempts <= 2 for job in jobs)

    async def test_finished_parts_are_shown_in_order(
        self, services: Services, worker: object, ask: Ask, owner_id: UUID
    ) -> None:
        job_id = await ask("steps=3 sleep=0.02 tell", kind="lyrics")
        await until(services, job_id)
        events = await all_events_of(services, job_id)
        told = [event.data["text"] for event in events if event.event == "section"]
        assert told == ["part 1", "part 2", "part 3"]
        assert [event.data["section"] for event in events if event.event == "section"] == [1, 2, 3]
        assert [event.number for event in events] == list(range(2, 2 + len(events)))

    @pytest.mark.parametrize("script", ["hang", "die"])
    async def test_everything_in_hand_comes_back_from_a_lost_renderer(
        self, services: Services, ask: Ask, owner_id: UUID, script: str
    ) -> None:
        ids = [await ask(script), await ask("n1"), await ask("n2")]
        async with running_worker(services):
            jobs = [await until(services, job_id) for job_id in ids]
        assert [job.state for job in jobs] == [JobState.FAILED, JobState.SUCCEEDED, JobState.SUCCEEDED]


class TestWaiting:
    async def test_what_nobody_makes_for_hours_is_given_up_and_its_credit_returned(
        self, services: Services, ask: Ask, owner_id: UUID
    ) -> None:
        old = await ask("old")
        services.clock.advance(hours=7)  # type: ignore[attr-defined]
        young = await ask("young")
        assert await Chores(services).give_up_waiting()
        assert not await Chores(services).give_up_waiting()
        job = await until(services, old)
        assert (job.state, (job.problem or {}).get("code")) == (JobState.FAILED, "waited_too_long")
        assert await state_of(services, young) is JobState.QUEUED
        (said,) = await all_events_of(services, old)
        assert said.data["problem"]["code"] == "waited_too_long"
        async with services.sessions() as session:
            assert await find_breaches(session, JOB_INVARIANTS) == []
            view = await view_credits(session, owner_id, now=services.clock(), catalog=services.catalog)
        assert view is not None and (view.available, view.held) == (9, 1)


async def state_of(services: Services, job_id: UUID) -> JobState:
    async with services.sessions() as session:
        state = await session.scalar(text("SELECT state FROM generations WHERE id = :id"), {"id": job_id})
    return JobState(state)
