"""What all integration tests may ask for."""

from uuid import UUID, uuid4

import httpx
import pytest

from service.wiring import Services
from tests.factories.credits import give
from tests.factories.people import Person, SignIn


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
