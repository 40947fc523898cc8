"""People who are signed in, and requests as they make them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx


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
