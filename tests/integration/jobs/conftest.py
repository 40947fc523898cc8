"""A running worker over the scripted producer, and the jobs it is given."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest

from core.settings import JobSettings, Settings
from models.generation import ENDS, Generation, JobState
from service.jobs.admission import Admission
from service.jobs.events import channel_of
from service.main.runtime import make_worker
from service.wiring import Services
from service.workers.generation import GenerationWorker
from tests.factories.credits import give, make_user, skip_month

PRODUCER = "tests.fakes.producer:make_producer"
PATIENCE_SECONDS = 20.0


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Short leases and patience, so that losses are noticed within the test."""
    jobs = JobSettings(lease_seconds=2, deadline_seconds=3, max_attempts=2)
    return settings.model_copy(update={"jobs": jobs})


@contextlib.asynccontextmanager
async def running_worker(services: Services) -> AsyncIterator[GenerationWorker]:
    worker = make_worker(services, producer=PRODUCER)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await asyncio.wait_for(task, PATIENCE_SECONDS)


@pytest.fixture
async def worker(services: Services) -> AsyncIterator[GenerationWorker]:
    async with running_worker(services) as started:
        yield started


@pytest.fixture
async def owner_id(services: Services) -> UUID:
    """A user with ten credits in one lot and no free month."""
    async with services.sessions.begin() as session:
        user_id = await make_user(session, tier="studio")
        await skip_month(session, user_id, now=services.clock())
        await give(session, user_id, 10, now=services.clock())
    return user_id


Ask = Callable[..., Awaitable[UUID]]


@pytest.fixture
def ask(services: Services, owner_id: UUID) -> Ask:
    """Queue a job with a script; its id."""

    async def asking(script: str = "", *, kind: str = "card", owner: UUID | None = None) -> UUID:
        spec = json.dumps({"recipient": script, "seed": 1})
        admitted = await services.admissions.submit(
            Admission(owner or owner_id, f"{id(spec)}:{script}", spec.encode(), kind, spec, kind, 1)
        )
        return admitted.id

    return asking


async def progress_of(services: Services, job_id: UUID, *, at_least: float) -> None:
    """Wait until the job has come so far."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        with services.hub.listen(channel_of(job_id)) as heard:
            while True:
                heard.clear()
                if await services.events.latest_progress(job_id) >= at_least:
                    return
                await heard.wait()


async def until(services: Services, job_id: UUID, *states: JobState) -> Generation:
    """Wait until the job is in one of the states (an end, by default)."""
    wanted = states or tuple(ENDS)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with services.sessions() as session:
                job = await session.get(Generation, job_id)
            if job is not None and job.state in wanted:
                return job
            await asyncio.sleep(0.02)
