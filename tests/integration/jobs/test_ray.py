"""Works made by actors of a real Ray cluster on this machine: placed, killed, added and taken away."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import psutil
import pytest
import ray

from models.generation import JobState
from service.flows.cancel_generation import cancel_generation
from service.main.runtime import make_worker
from service.wiring import Services
from service.workers import lanes
from service.workers.generation import GenerationWorker
from service.workers.ray_link import RayFleet, Share
from tests.factories.jobs import PATIENCE_SECONDS, PRODUCER, until
from tests.fakes.producer import Gate
from tests.integration.jobs.conftest import Ask


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    yield
    ray.shutdown()


@contextlib.asynccontextmanager
async def ray_worker(
    services: Services, *, always: int = 1, most: int = 1
) -> AsyncIterator[GenerationWorker]:
    fleet = RayFleet(Share(cpus=0.25), always, most)
    worker = make_worker(services, producer=PRODUCER, fleet=fleet)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await asyncio.wait_for(task, PATIENCE_SECONDS)


async def lanes_are(worker: GenerationWorker, count: int) -> None:
    """Wait until so many lanes are open."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if worker.open_lanes == count:
                return
            await asyncio.sleep(0.05)


async def opens_within(worker: GenerationWorker, count: int, *, seconds: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await lanes_are(worker, count)
            return True
    return False


async def the_actor() -> psutil.Process:
    """The only one of our cluster, once those of earlier tests have gone."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = [one for one in psutil.Process().children(recursive=True) if _is_actor(one)]
            if len(found) == 1:
                return found[0]
            await asyncio.sleep(0.05)


def _is_actor(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline()).startswith("ray::RenderingActor")
    return False


class TestRay:
    async def test_actors_make_works_and_report(self, services: Services, ask: Ask, owner_id: UUID) -> None:
        async with ray_worker(services, always=2, most=2):
            ids = [await ask(f"steps=3 sleep=0.05 n{number}", kind="image") for number in range(8)]
            jobs = [await until(services, job_id) for job_id in ids]
        assert {job.state for job in jobs} == {JobState.SUCCEEDED}
        events = await services.events.read_after(ids[0], 0)
        assert events[0].event == "state"
        assert "progress" in {event.event for event in events}

    async def test_an_actor_killed_in_mid_pass_only_means_another_attempt(
        self, services: Services, ask: Ask, owner_id: UUID, gate: Gate
    ) -> None:
        async with ray_worker(services):
            ids = [await ask(f"stay=1 {gate.words} n{number}", kind="image") for number in range(3)]
            for job_id in ids:
                await until(services, job_id, JobState.RUNNING)
            os.kill((await the_actor()).pid, signal.SIGKILL)
            gate.open()
            jobs = [await until(services, job_id) for job_id in ids]
        assert [(job.state, job.attempts) for job in jobs] == [(JobState.SUCCEEDED, 2)] * 3

    async def test_spare_actors_come_while_jobs_wait_and_go_when_they_do_not(
        self, services: Services, ask: Ask, owner_id: UUID, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("service.workers.generation.WAIT_SECONDS", 0.2)
        monkeypatch.setattr(lanes, "IDLE_SECONDS", 0.5)
        async with ray_worker(services, always=1, most=2) as worker:
            await lanes_are(worker, 1)
            ids = [await ask(f"steps=10 sleep=0.1 n{number}") for number in range(9)]
            assert not await opens_within(worker, 2, seconds=1.0)  # nobody has waited yet, by the clock
            services.clock.advance(seconds=1)  # type: ignore[attr-defined]
            await lanes_are(worker, 2)
            for job_id in ids:
                assert (await until(services, job_id)).state is JobState.SUCCEEDED
            await lanes_are(worker, 1)

    async def test_cancelling_reaches_the_actor(self, services: Services, ask: Ask, owner_id: UUID) -> None:
        async with ray_worker(services):
            job_id = await ask("stay=1")
            await until(services, job_id, JobState.RUNNING)
            async with services.sessions.begin() as session:
                await cancel_generation(session, job_id, owner_id=owner_id, now=services.clock())
            assert (await until(services, job_id)).state is JobState.CANCELLED
