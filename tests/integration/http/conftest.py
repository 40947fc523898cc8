"""People who are signed in, and requests as they make them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from service.wiring import Services
from tests.factories.credits import give


@dataclass(frozen=True)
class Person:
    """A signed-in user and the headers that say so."""

    id: UUID
    access_token: str
    refresh_token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.access_token}"}


SignIn = Callable[..., Awaitable[Person]]


@pytest.fixture
def sign_in(client: httpx.AsyncClient, services: Services) -> SignIn:
    async def signing_in(device_id: str | None = None, *, credits: int = 0) -> Person:
        answer = await client.post("/v1/auth/guest", json={"device_id": device_id or uuid4().hex})
        assert answer.status_code == 201, answer.text
        body = answer.json()
        user_id = UUID(body["user"]["id"])
        if credits:
            async with services.sessions.begin() as session:
                await give(session, user_id, credits, now=services.clock())
        return Person(user_id, body["access_token"], body["refresh_token"])

    return signing_in


CARD: dict[str, Any] = {
    "kind": "card",
    "spec": {
        "occasion": "mid_autumn",
        "recipient": "林晚晴",
        "sender": "知夏",
        "message": None,
        "language": "zh",
        "style": "ink",
        "format": "png",
        "seed": 7,
    },
}


async def create(
    client: httpx.AsyncClient, person: Person, body: dict[str, Any] = CARD, *, key: str | None = None
) -> httpx.Response:
    """POST one generation with a fresh key."""
    headers = {**person.headers, "idempotency-key": key or f'"{uuid4()}"'}
    return await client.post("/v1/generations", json=body, headers=headers)
