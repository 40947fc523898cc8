"""One app, one worker and one browser for all page tests; every test is a newcomer in a fresh profile."""

import asyncio
import contextlib
import itertools
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import uvicorn
from fastapi import FastAPI
from playwright.async_api import Browser, async_playwright, expect
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from core.clock import utc_now
from core.settings import AuthSettings, JobSettings, LimitSettings, Settings
from core.tasks import background
from service.app import create_app
from service.children.pool import ChildPool
from service.engines.endpoints import Endpoints
from service.main.runtime import make_worker
from service.wiring import Services, open_services
from tests.e2e.browsers import ARGUMENTS, CHROMIUM
from tests.e2e.test_pages.producer import GATES_VARIABLE, Gate
from tests.e2e.test_pages.visitors import PATIENCE_MS, Profiles, Visitor

PRODUCER = "tests.e2e.test_pages.producer:make_producer"


class LateClock:
    """The real time, and as much later as a test says."""

    def __init__(self) -> None:
        self.offset = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.offset

    @contextlib.contextmanager
    def later(self, **amount: float) -> Iterator[None]:
        """Let it be later by a `timedelta(**amount)`, for a while."""
        self.offset = timedelta(**amount)
        try:
            yield
        finally:
            self.offset = timedelta()


@dataclass
class Site:
    """The running service."""

    url: str
    services: Services
    clock: LateClock
    gates: Path


@pytest.fixture(scope="session")
async def site(
    engines: Endpoints, template: str, tmp_path_factory: pytest.TempPathFactory, workshops: ChildPool
) -> AsyncIterator[Site]:
    """A database of the page tests' own, a worker with the scripted producer, a port on the loopback."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("pages"),
        auth=AuthSettings(secret=SecretStr("test-secret-test-secret-test-secret")),
        jobs=JobSettings(stop_seconds=2),
        limits=LimitSettings(
            per_user_minute=100_000, per_address_minute=100_000, sign_ups_per_address_hour=100_000
        ),
    )
    clock = LateClock()
    gates = tmp_path_factory.mktemp("gates")
    os.environ[GATES_VARIABLE] = str(gates)
    async with contextlib.AsyncExitStack() as stack:
        database_url = await stack.enter_async_context(_database(engines, template))
        endpoints = Endpoints(database_url, engines.redis_url)
        services = await stack.enter_async_context(
            open_services(settings, endpoints, clock=clock, workshops=workshops)
        )
        worker = make_worker(services, producer=PRODUCER)
        for work in (
            services.hub.run(),
            services.admissions.run(),
            services.unlocking.helps.run(),
            worker.run(),
        ):
            await stack.enter_async_context(background(work))
        url = await stack.enter_async_context(_serving(services))
        yield Site(url, services, clock, gates)


_numbers = itertools.count(1)


@pytest.fixture
def gate(site: Site) -> Iterator[Gate]:
    """One that is open at the end, whatever happens."""
    gate = Gate(site.gates / str(next(_numbers)))
    yield gate
    gate.open()


@contextlib.asynccontextmanager
async def _database(engines: Endpoints, template: str) -> AsyncIterator[str]:
    name = f"pages_{uuid4().hex}"
    connection = await asyncpg.connect(engines.database_url)
    try:
        await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        url = make_url(engines.database_url).set(database=name)
        yield url.render_as_string(hide_password=False)
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def _serving(services: Services) -> AsyncIterator[str]:
    @contextlib.asynccontextmanager
    async def already_open(_: FastAPI) -> AsyncIterator[None]:
        yield

    app = create_app(services.settings, lifespan=already_open)
    app.state.services = services
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())  # `serve` would take over the run's signal handlers
    while not server.started:  # noqa: ASYNC110 - uvicorn offers no event
        await asyncio.sleep(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        services.stopping.set()
        server.should_exit = True
        await task


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One for all."""
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture(scope="session")
async def profiles(site: Site, browser: Browser) -> Profiles:
    return Profiles(browser, site.url)


Arrive = Callable[..., Awaitable[Visitor]]


@pytest.fixture
async def arrive(profiles: Profiles) -> AsyncIterator[Arrive]:
    """Come to a page as somebody new. No test may leave an error in the console behind."""
    visitors: list[Visitor] = []

    async def arriving(path: str = "/", **options: Any) -> Visitor:
        visitor = await profiles.take(**options)
        visitors.append(visitor)
        await visitor.page.goto(path)
        return visitor

    yield arriving
    complaints = [await profiles.give_back(visitor) for visitor in visitors]
    assert not any(complaints), complaints
