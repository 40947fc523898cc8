"""People with works that are certified, or not yet."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from generators.specs import Kind
from service.certificates.bench import Bench
from service.children.pool import ChildPool
from service.wiring import Services
from tests.factories.people import Person, SignIn
from tests.factories.works import finish_work

Certify = Callable[..., Awaitable[httpx.Response]]
Export = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
def bench(workshops: ChildPool) -> Bench:
    """For makers of a test's own."""
    return Bench(workshops, time_stamp_seconds=20)


@pytest.fixture
async def owner(sign_in: SignIn) -> Person:
    """Somebody with credits to spend."""
    return await sign_in(credits=5)


@pytest.fixture
async def work_id(services: Services, owner: Person) -> UUID:
    """A small picture of theirs."""
    return await finish_work(services, owner.id)


@pytest.fixture
async def lyrics_id(services: Services, owner: Person) -> UUID:
    return await finish_work(services, owner.id, Kind.LYRICS)


@pytest.fixture
def certify(client: httpx.AsyncClient, owner: Person) -> Certify:
    async def certifying(
        work_id: UUID, *, person: Person = owner, key: str | None = None, **body: Any
    ) -> httpx.Response:
        headers = {**person.headers, "idempotency-key": key or str(uuid4())}
        return await client.post(f"/v1/works/{work_id}/certificate", json=body, headers=headers)

    return certifying


@pytest.fixture
def export(client: httpx.AsyncClient, owner: Person) -> Export:
    async def exporting(work_id: UUID, wanted: str, *, key: str | None = None, **body: Any) -> httpx.Response:
        headers = {**owner.headers, "idempotency-key": key or str(uuid4())}
        sent = {"format": wanted, **body}
        return await client.post(f"/v1/works/{work_id}/exports", json=sent, headers=headers)

    return exporting
