"""What every process starts with: engines, schema, services, and the tasks that keep them going."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import structlog

from core.settings import Settings
from core.tasks import background, end
from models.migrations.run import migrate
from service.engines.engines import Engines
from service.wiring import Services, open_services
from service.workers.chores import Chores
from service.workers.generation import GenerationWorker
from service.workers.keeper import keep
from service.workers.publishing import Publisher

log = structlog.get_logger()

PRODUCER = "service.workers.backends:make_producer"


@dataclass(frozen=True, slots=True)
class Parts:
    """Which parts of the service this process runs."""

    web: bool = False
    worker: bool = False
    keeper: bool = False


@asynccontextmanager
async def run_parts(settings: Settings, parts: Parts) -> AsyncIterator[Services]:
    """Start what `parts` names and stop it in reverse order, letting the work in hand finish."""
    engines = Engines(settings.data_dir, database_url=settings.database_url, redis_url=settings.redis_url)
    endpoints = await engines.start()
    try:
        async with open_services(settings, endpoints) as services:
            before, after = await migrate(services.engine)
            if before != after:
                log.info("database.migrated", before=before, after=after)
            async with contextlib.AsyncExitStack() as stack:
                await stack.enter_async_context(background(engines.watch()))
                await stack.enter_async_context(background(services.hub.run()))
                if parts.keeper:
                    await stack.enter_async_context(background(keep(Chores(services).all())))
                if parts.worker:
                    await stack.enter_async_context(_working(services))
                if parts.web:
                    await stack.enter_async_context(background(services.admissions.run()))
                yield services
    finally:
        await engines.stop()


def make_worker(services: Services, *, producer: str | None = None) -> GenerationWorker:
    """A worker over these services; `producer` names what makes the works, our backends by default."""
    settings = services.settings.jobs
    publisher = Publisher(
        services.sessions,
        services.store,
        services.events,
        services.estimates,
        services.clock,
        max_attempts=settings.max_attempts,
        free_rejections=settings.kept_rejections_after,
    )
    return GenerationWorker(
        services.sessions,
        services.hub,
        publisher,
        producer=producer or PRODUCER,
        lanes=settings.render_processes,
        lease=timedelta(seconds=settings.lease_seconds),
        deadline_seconds=settings.deadline_seconds,
    )


@asynccontextmanager
async def _working(services: Services) -> AsyncIterator[None]:
    """Run a worker; on the way out it finishes its batch, or hands it back when that takes too long."""
    worker = make_worker(services)
    task = asyncio.create_task(worker.run(), name="worker")
    try:
        yield
    finally:
        worker.stop()
        await asyncio.wait({task}, timeout=services.settings.jobs.stop_seconds)
        await end(task)
