"""Batches as a business user sends them."""

from typing import Any
from uuid import UUID, uuid4

import httpx
from sqlalchemy import text

from billing.invariants import find_breaches
from billing.views import view_credits
from service.invariants import JOB_INVARIANTS
from service.wiring import Services
from tests.factories.people import Person

TEMPLATE: dict[str, Any] = {"occasion": "mid_autumn", "sender": "知夏", "seed": 7}


def rows(*recipients: str) -> list[dict[str, Any]]:
    return [{"recipient": recipient} for recipient in recipients]


async def quote(
    client: httpx.AsyncClient,
    person: Person,
    sent: list[dict[str, Any]],
    *,
    key: str | None = None,
    template: dict[str, Any] = TEMPLATE,
    start: bool = False,
) -> httpx.Response:
    """POST one batch with a fresh key."""
    headers = {**person.headers, "idempotency-key": key or str(uuid4())}
    body = {"template": template, "rows": sent, "start": start}
    return await client.post("/v1/batches", json=body, headers=headers)


async def start(
    client: httpx.AsyncClient, person: Person, batch_id: str, *, key: str | None = None
) -> httpx.Response:
    headers = {**person.headers, "idempotency-key": key or str(uuid4())}
    return await client.post(f"/v1/batches/{batch_id}/start", headers=headers)


async def read(client: httpx.AsyncClient, person: Person, batch_id: str) -> dict[str, Any]:
    answer = await client.get(f"/v1/batches/{batch_id}", headers=person.headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def set_tier(services: Services, user_id: UUID, tier: str) -> None:
    async with services.sessions.begin() as session:
        await session.execute(
            text("UPDATE credit_accounts SET tier = :tier WHERE user_id = :user_id"),
            {"tier": tier, "user_id": user_id},
        )


async def credits_of(services: Services, user_id: UUID) -> tuple[int, int]:
    """(available, held); every invariant is proved on the way."""
    async with services.sessions() as session:
        assert await find_breaches(session, JOB_INVARIANTS) == []
        view = await view_credits(session, user_id, now=services.clock(), catalog=services.catalog)
    assert view is not None
    return view.available, view.held
