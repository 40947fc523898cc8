"""Endpoints as client back ends have them, and signatures checked as the reference library does."""

import base64
import hashlib
import hmac
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import httpx

from core.clock import Clock
from models.webhook import WebhookEndpoint
from service.outbox import queries as outbox
from service.outbox.addresses import Rules
from service.outbox.delivering import Courier
from service.outbox.events import EventType
from service.outbox.resolving import SystemResolver
from service.outbox.sending import Sender
from service.wiring import Services
from tests.factories.people import Person
from tests.fakes.webhook_receiver import Received

PATH = "/v1/webhook-endpoints"


def courier_for(services: Services, *, clock: Clock | None = None) -> Courier:
    """What a keeper delivers with, allowed to speak to this machine."""
    sender = Sender(Rules(allow_loopback=True, allow_any_port=True), SystemResolver())
    return Courier(services.sessions, services.keys, sender, clock or services.clock)


async def post(
    client: httpx.AsyncClient,
    person: Person,
    path: str = "",
    body: dict[str, Any] | None = None,
    *,
    key: str | None = None,
) -> httpx.Response:
    """POST below /v1/webhook-endpoints with a fresh key."""
    headers = {**person.headers, "idempotency-key": key or str(uuid4())}
    return await client.post(PATH + path, json=body, headers=headers)


async def add_endpoint(
    client: httpx.AsyncClient, person: Person, url: str, *, event_types: list[str] | None = None
) -> dict[str, Any]:
    answer = await post(client, person, body={"url": url, "event_types": event_types})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def see(client: httpx.AsyncClient, person: Person, endpoint: dict[str, Any]) -> dict[str, Any]:
    """The endpoint as its owner sees it now."""
    answer = await client.get(f"{PATH}/{endpoint['id']}", headers=person.headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def deliveries(
    client: httpx.AsyncClient, person: Person, endpoint: dict[str, Any], *, language: str = "en"
) -> list[dict[str, Any]]:
    """The newest 20, newest first."""
    headers = {**person.headers, "accept-language": language}
    answer = await client.get(f"{PATH}/{endpoint['id']}/deliveries", headers=headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def row(services: Services, endpoint: dict[str, Any]) -> WebhookEndpoint:
    """The endpoint as the database has it."""
    async with services.sessions() as session:
        return await session.get_one(WebhookEndpoint, UUID(endpoint["id"]))


async def renew(client: httpx.AsyncClient, person: Person) -> Person:
    """The same person, after the time of an access token."""
    body = {"grant_type": "refresh_token", "refresh_token": person.refresh_token}
    answer = await client.post("/v1/auth/token", json=body)
    assert answer.status_code == 200, answer.text
    tokens = answer.json()
    return replace(person, access_token=tokens["access_token"], refresh_token=tokens["refresh_token"])


async def happen(
    services: Services, owner_id: UUID, *numbers: int, event: EventType = EventType.ORDER_PAID
) -> None:
    """One event for each number, each in a transaction of its own."""
    for number in numbers:
        async with services.sessions.begin() as session:
            await outbox.append(session, owner_id, event, {"order_id": number}, now=services.clock())


def numbers(received: list[Received]) -> list[int]:
    return [one.event["data"]["order_id"] for one in received]


def verify(secret: str, received: Received) -> bool:
    """Source: standard-webhooks/libraries/python, `Webhook.verify`, less its look at the time."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{received.id}.{received.headers['webhook-timestamp']}.{received.body.decode()}".encode()
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    for versioned in received.headers["webhook-signature"].split(" "):
        version, signature = versioned.split(",")
        if version == "v1" and hmac.compare_digest(signature, expected):
            return True
    return False
