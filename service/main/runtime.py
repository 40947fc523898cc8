"""What every process starts with: engines, schema, services, and the tasks that keep them going."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog

from core.clock import Clock, utc_now
from core.settings import Settings
from core.tasks import background, end
from models.migrations.run import migrate
from service.engines.engines import Engines
from service.main.doctor.findings import without_secrets
from service.main.patience import Patience
from service.main.rehearsing import open_rehearsal
from service.photos.reading import make_loader
from service.rehearsal.server import Rehearsal
from service.wiring import Services, open_services
from service.workers.chores import Chores
from service.workers.generation import GenerationWorker
from service.workers.keeper import keep
from service.workers.lanes import Fleet, LocalFleet
from service.workers.passes import PassRecorder
from service.workers.photos import for_specs
from service.workers.publishing import Publisher
from service.workers.renderers import Renderer

log = structlog.get_logger()

PRODUCER = "service.workers.backends:make_producer"
ENGINE_TRIES = 3


@dataclass(frozen=True, slots=True)
class Parts:
    """Which parts of the service this process runs."""

    web: bool = False
    worker: bool = False
    keeper: bool = False
    own_url: str | None = None  # where the web part listens; None: not known
    fleet: Fleet | None = None  # what the worker's renderers run on; None: processes of this machine


@asynccontextmanager
async def run_parts(settings: Settings, parts: Parts, patience: Patience) -> AsyncIterator[Services]:
    """Start what `parts` names and stop it in reverse order, letting the work in hand finish.

    Raises: StartError: Postgres or Redis stayed away for longer than `patience` lasts.
    """
    engines = Engines(settings.data_dir, database_url=settings.database_url, redis_url=settings.redis_url)
    try:
        endpoints = await patience.insist("The embedded engines", engines.start, tries=ENGINE_TRIES)
        # Watched from here on: an engine that dies while others still wait for it is brought back.
        async with (
            background(engines.watch()),
            open_rehearsal(settings if parts.web else None) as (payments, rehearsal),
            open_services(
                settings,
                endpoints,
                clock=_clock(rehearsal),
                payments=payments,
                rehearsal=rehearsal,
                own_url=parts.own_url,
            ) as services,
        ):
            await _await_engines(services, patience)
            async with contextlib.AsyncExitStack() as stack:
                await stack.enter_async_context(background(services.hub.run()))
                if parts.keeper:
                    await stack.enter_async_context(background(keep(Chores(services).all())))
                if parts.worker:
                    await stack.enter_async_context(_working(services, parts.fleet))
                if parts.web:
                    await stack.enter_async_context(background(services.admissions.run()))
                    await stack.enter_async_context(background(services.unlocking.helps.run()))
                yield services
    finally:
        await engines.stop()


def _clock(rehearsal: Rehearsal | None) -> Clock:
    """The real time; at a rehearsal the one that people may move on."""
    return utc_now if rehearsal is None or rehearsal.clock is None else rehearsal.clock


async def _await_engines(services: Services, patience: Patience) -> None:
    """Wait for both, and bring the schema up to date."""
    settings = services.settings
    await patience.insist(f"Redis ({_place(settings.redis_url)})", services.redis.ping)
    migration = partial(migrate, services.engine)
    before, after = await patience.insist(f"Postgres ({_place(settings.database_url)})", migration)
    if before != after:
        log.info("database.migrated", before=before, after=after)


def _place(url: str | None) -> str:
    return "embedded" if url is None else without_secrets(url)


def make_worker(
    services: Services, *, producer: str | None = None, fleet: Fleet | None = None
) -> GenerationWorker:
    """A worker over these services; `producer` names what makes the works, our backends by default."""
    settings = services.settings.jobs
    fleet = fleet or LocalFleet(settings.render_processes)
    publisher = Publisher(
        services.sessions,
        services.store,
        services.events,
        services.clock,
        max_attempts=settings.max_attempts,
        free_rejections=settings.kept_rejections_after,
    )
    recorder = PassRecorder(services.estimates)
    renderers = [
        Renderer(
            link,
            silence_seconds=settings.deadline_seconds,
            start_seconds=settings.start_seconds,
            watch=recorder,
        )
        for link in fleet.open_links(producer or PRODUCER)
    ]
    return GenerationWorker(
        services.sessions,
        services.hub,
        publisher,
        services.estimates,
        renderers,
        clock=services.clock,
        always=fleet.always,
        load_photo=for_specs(make_loader(services.sessions, services.store, services.clock)),
        lease=timedelta(seconds=settings.lease_seconds),
    )


@asynccontextmanager
async def _working(services: Services, fleet: Fleet | None) -> AsyncIterator[None]:
    """Run a worker; on the way out it finishes its batch, or hands it back when that takes too long."""
    worker = make_worker(services, fleet=fleet)
    task = asyncio.create_task(worker.run(), name="worker")
    try:
        yield
    finally:
        worker.stop()
        await asyncio.wait({task}, timeout=services.settings.jobs.stop_seconds)
        await end(task)
