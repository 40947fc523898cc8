"""A running worker over the scripted producer, and patience for what it does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from uuid import UUID

from models.generation import ENDS, Generation, JobState
from service.jobs.events import channel_of
from service.main.runtime import make_worker
from service.wiring import Services
from service.workers.generation import GenerationWorker

PRODUCER = "tests.fakes.producer:make_producer"
PATIENCE_SECONDS = 60.0


@contextlib.asynccontextmanager
async def running_worker(
    services: Services, *, producer: str | None = PRODUCER
) -> AsyncIterator[GenerationWorker]:
    """`producer` None takes our own backends."""
    worker = make_worker(services, producer=producer)
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        worker.stop()
        await asyncio.wait_for(task, PATIENCE_SECONDS)


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
