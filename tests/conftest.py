"""One real Postgres and one real Valkey for the whole run; a fresh, migrated database for each test."""

import contextlib
import gc
import os
import shutil
import signal
from collections import deque
from collections.abc import AsyncIterator, Generator, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import asyncpg
import httpx
import pytest
import structlog
from fastapi import FastAPI
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from core.database import Sessions, create_engine
from core.settings import AuthSettings, LimitSettings, Settings
from core.tasks import background
from generators.fonts.store import default_folder
from models.migrations.run import migrate
from service.app import create_app
from service.certificates.bench import open_workshops
from service.children.pool import ChildPool
from service.engines.blocking import BlockingEngines
from service.engines.endpoints import Endpoints
from service.http import certificates
from service.wiring import Services, open_services
from tests.fakes.clock import MovableClock
from tests.scratch import in_memory

TEMPLATE = "huajian_template"
_apps: deque[tuple[Settings, FastAPI]] = deque(maxlen=8)


def pytest_configure(config: pytest.Config) -> None:
    """Choose once, before anything asks, where the run's files are; workers get their places below."""
    if config.option.basetemp is None and (folder := in_memory()) is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))
    # A shell has what it starts in the background ignore Ctrl-C, and what a test starts would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # A busy machine changes nothing: by default an example that takes a fifth of a second fails.
    unhurried = hypothesis_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    hypothesis_settings.register_profile("unhurried", unhurried)
    hypothesis_settings.load_profile("unhurried")
    _log_plainly()


def pytest_report_header() -> str:
    place = os.environ.get("PYTEST_DEBUG_TEMPROOT") or "on the disk, which takes longer"
    return f"files of this run: {place}"


def _log_plainly() -> None:
    """Tracebacks without colours and frames: drawing them took longer than the tests that cause them."""
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*structlog.get_config()["processors"][:-1], plain])


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported meanwhile stays, a million objects, and need not be looked through again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    folder = tmp_path_factory.mktemp("data")
    with BlockingEngines(folder) as endpoints:
        yield endpoints
    shutil.rmtree(folder)  # also after a run with failures, whose other files are kept


@pytest.fixture(scope="session")
async def template(engines: Endpoints) -> str:
    """A migrated database to copy from: a copy takes milliseconds, migrating takes longer."""
    # Nothing here survives the run, so nothing waits for a disk; tests that kill Postgres have their own. Nor
    # does Postgres tidy up: no database can be copied or removed while somebody looks through it.
    for setting in ("fsync", "full_page_writes", "autovacuum"):
        await _execute(engines.database_url, f"ALTER SYSTEM SET {setting} = off")
    await _execute(engines.database_url, "SELECT pg_reload_conf()")
    await _execute(engines.database_url, f"CREATE DATABASE {TEMPLATE}")
    engine = create_engine(_database(engines.database_url, TEMPLATE), pool_size=2)
    await migrate(engine)
    await engine.dispose()
    return TEMPLATE


@pytest.fixture(scope="session")
async def overseer(engines: Endpoints) -> AsyncIterator[asyncpg.Connection]:
    """Who makes and removes the databases."""
    connection = await asyncpg.connect(engines.database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def endpoints(
    engines: Endpoints, template: str, overseer: asyncpg.Connection
) -> AsyncIterator[Endpoints]:
    """A database and a Redis of this test's own."""
    name = f"test_{uuid4().hex}"
    # Copying the files costs half of what Postgres' default does, which writes every page to its log too.
    await overseer.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    yield replace(engines, database_url=_database(engines.database_url, name))
    await overseer.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path,
        auth=AuthSettings(secret=SecretStr("test-secret-test-secret-test-secret")),
        limits=LimitSettings(
            per_user_minute=100_000, per_address_minute=100_000, sign_ups_per_address_hour=100_000
        ),
    )


@pytest.fixture(scope="session", autouse=True)
def patience() -> Iterator[None]:
    """Files are made before they are answered for: nobody waits here, and the machine may be busy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certificates, "PATIENCE_SECONDS", 120.0)
        yield


@pytest.fixture(scope="session")
def workshops() -> Iterator[ChildPool]:
    """Started by the first test that has a file made: starting one takes a second or two."""
    pool = open_workshops(default_folder())
    yield pool
    pool.close()


@pytest.fixture
async def services(
    settings: Settings, endpoints: Endpoints, clock: MovableClock, workshops: ChildPool
) -> AsyncIterator[Services]:
    """Everything wired, with admissions and the event hub running; no worker, no keeper."""
    async with open_services(settings, endpoints, clock=clock, workshops=workshops) as opened:
        await opened.redis.flushdb()
        async with (
            background(opened.hub.run()),
            background(opened.admissions.run()),
            background(opened.unlocking.helps.run()),
        ):
            yield opened


@pytest.fixture
def sessions(services: Services) -> Sessions:
    return services.sessions


@pytest.fixture
def app(services: Services) -> Iterator[FastAPI]:
    app = _app_of(services.settings)
    app.state.services = services
    yield app
    del app.state.services


def _app_of(settings: Settings) -> FastAPI:
    """The app under these settings, made once: all that differs between two is `app.state.services`."""
    alike = settings.model_copy(update={"data_dir": Path()})
    for known, app in _apps:
        if known == alike:
            return app

    @contextlib.asynccontextmanager
    async def already_open(_: FastAPI) -> AsyncIterator[None]:
        yield

    app = create_app(settings, lifespan=already_open)
    _apps.append((alike, app))
    return app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Speaks to the app in this process; a 500 is an answer here, as it is to a real client."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False, client=("127.0.0.1", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://huajian") as opened:
        yield opened


def _database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
