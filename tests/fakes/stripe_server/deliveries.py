"""Bring the rehearsal's events to our webhook as Stripe would: signed, again and again, in any order."""

import json
import random
from typing import Any

import httpx

from billing.stripe_signatures import sign
from service.rehearsal.server import Rehearsal
from tests.fakes.clock import MovableClock
from tests.fakes.stripe_server.keys import WEBHOOK_SECRET

PATH = "/webhooks/stripe"


class Deliveries:
    """Remembers which events were taken, as Stripe does; a duplicate is one that was taken before."""

    def __init__(self, rehearsal: Rehearsal, client: httpx.AsyncClient, clock: MovableClock) -> None:
        self._rehearsal = rehearsal
        self._client = client
        self._clock = clock
        self._taken: set[str] = set()

    def waiting(self) -> list[dict[str, Any]]:
        """Events that nobody has taken, oldest first."""
        events = self._rehearsal.objects.all("event")[::-1]
        return [event for event in events if event["id"] not in self._taken]

    def forget(self) -> None:
        """The network loses everything that is under way, for good."""
        self._taken |= {event["id"] for event in self.waiting()}

    async def deliver(self, *, shuffle: random.Random | None = None, copies: int = 1) -> None:
        """Everything that waits."""
        events = self.waiting() * copies
        if shuffle is not None:
            shuffle.shuffle(events)
        for event in events:
            answer = await self.send(event)
            assert answer.status_code == 202, answer.text
            self._taken.add(event["id"])

    async def send(self, event: dict[str, Any], *, secret: str = WEBHOOK_SECRET) -> httpx.Response:
        body = json.dumps(event).encode()
        return await self.post(body, sign(body, secret, self._clock()))

    async def post(self, body: bytes, signature: str) -> httpx.Response:
        return await self._client.post(PATH, content=body, headers={"stripe-signature": signature})
