"""While Postgres is away everything that needs it is told to come back, and nothing says that it broke."""

import asyncio
import contextlib
import traceback
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import text
from structlog.testing import capture_logs

from core.settings import Settings
from service.app import create_app
from service.engines.endpoints import Endpoints
from service.wiring import Services, open_services
from tests.factories.people import SignIn
from tests.fakes.clock import MovableClock
from tests.integration.batches.test_races import waits_for_a_lock

PATIENCE_SECONDS = 60.0
TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'"
)


@pytest.fixture
async def cut_off(
    settings: Settings, endpoints: Endpoints, clock: MovableClock, tmp_path: Path
) -> AsyncIterator[Services]:
    """Everything wired, to a Postgres that is not there."""
    nowhere = Endpoints(f"postgresql://huajian@/huajian?host={tmp_path}", endpoints.redis_url)
    async with open_services(settings, nowhere, clock=clock) as opened:
        yield opened


@pytest.fixture
async def stranded(cut_off: Services) -> AsyncIterator[httpx.AsyncClient]:
    @contextlib.asynccontextmanager
    async def already_open(_: FastAPI) -> AsyncIterator[None]:
        yield

    app = create_app(cut_off.settings, lifespan=already_open)
    app.state.services = cut_off
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://huajian") as opened:
        yield opened


class TestAway:
    @pytest.mark.parametrize("path", ["/v1/credits", "/v1/works", "/v1/generations", "/v1/me"])
    async def test_reads_are_told_to_come_back(
        self, stranded: httpx.AsyncClient, sign_in: SignIn, path: str
    ) -> None:
        person = await sign_in()
        answer = await stranded.get(path, headers=person.headers)
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert answer.headers["retry-after"] == "1"

    async def test_newcomers_too(self, stranded: httpx.AsyncClient) -> None:
        answer = await stranded.post("/v1/auth/guest", json={"device_id": "0123456789abcdef"})
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert "huajian?host" not in answer.text

    async def test_health_says_which_is_away(self, stranded: httpx.AsyncClient) -> None:
        answer = await stranded.get("/health/ready")
        assert (answer.status_code, answer.json()) == (
            503,
            {"status": "away", "postgres": "away", "redis": "ok"},
        )
        assert (await stranded.get("/health/live")).status_code == 200


class TestBug:
    async def test_the_log_has_the_trace_without_what_was_asked_with(
        self, client: httpx.AsyncClient, services: Services, sign_in: SignIn
    ) -> None:
        person, address = await sign_in(), "wan@example.org"
        async with services.sessions.begin() as session:
            await session.execute(text("ALTER TABLE contacts RENAME COLUMN code_attempts TO renamed"))
        with capture_logs() as logged:
            answer = await client.post("/v1/auth/contact", json={"email": address}, headers=person.headers)
        assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
        (unexpected,) = [entry for entry in logged if entry["event"] == "http.unexpected"]
        trace = "".join(traceback.format_exception(unexpected["exc_info"]))
        assert "code_attempts" in trace
        assert address not in trace


class TestInterrupted:
    async def test_a_request_whose_connection_is_cut_may_be_repeated(
        self, client: httpx.AsyncClient, services: Services, sign_in: SignIn
    ) -> None:
        person = await sign_in()
        holder = await asyncpg.connect(services.endpoints.database_url)
        async with holder.transaction():
            await holder.execute("LOCK TABLE credit_lots")
            asking = asyncio.create_task(client.get("/v1/credits", headers=person.headers))
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await holder.fetchval(TERMINATE):  # noqa: ASYNC110 - Postgres offers no event
                    await asyncio.sleep(0.02)
            answer = await asking
        await holder.close()
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert (await client.get("/v1/credits", headers=person.headers)).status_code == 200

    async def test_so_may_one_that_waited_in_a_circle(
        self, client: httpx.AsyncClient, services: Services, sign_in: SignIn
    ) -> None:
        person = await sign_in()
        other = await asyncpg.connect(services.endpoints.database_url)
        async with other.transaction():
            await other.execute("SET LOCAL deadlock_timeout = '1h'")  # so that the request gives in
            await other.execute("SELECT FROM credit_accounts WHERE user_id = $1 FOR UPDATE", person.id)
            leaving = asyncio.create_task(client.delete("/v1/me", headers=person.headers))
            await waits_for_a_lock(services)  # it has the user, and wants the account
            await other.execute("SELECT FROM users WHERE id = $1 FOR UPDATE", person.id)
            answer = await leaving
        await other.close()
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert (await client.delete("/v1/me", headers=person.headers)).status_code == 204


async def test_every_call_of_the_api_documents_that_it_may_have_to_be_repeated(
    client: httpx.AsyncClient,
) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    for path, operations in paths.items():
        for method, operation in operations.items():
            assert "503" in operation["responses"] or path in ("/health/live", "/metrics"), f"{method} {path}"
