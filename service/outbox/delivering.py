"""From claim to mark: a short transaction, an attempt without one, a short transaction.

Dying after the attempt and before the mark means that the receiver hears it again, under the same
`webhook-id`: at least once, never not at all.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import structlog

from core.clock import Clock
from core.database import Sessions
from core.keys import Keys
from models.webhook import EndpointReason, EndpointState, WebhookEndpoint
from service import metrics
from service.outbox import patience
from service.outbox import queries as outbox
from service.outbox.queries import Claim
from service.outbox.sending import Answer, Failure, Sender
from service.outbox.signatures import SecretUnreadableError, sign, unseal

log = structlog.get_logger()

LANES: Final = 32  # endpoints that are talked to at once: a slow one holds up itself only
LOOK_SECONDS: Final = 0.5


class Outcome(StrEnum):
    DELIVERED = "delivered"
    FAILED = "failed"  # to be tried again
    PAUSED = "paused"  # failed for a day
    DISABLED = "disabled"  # gone
    LOST = "lost"  # the lease went to somebody else, or the endpoint was stopped or deleted meanwhile


@dataclass(frozen=True, slots=True)
class Courier:
    sessions: Sessions
    keys: Keys
    sender: Sender
    clock: Clock

    async def deliver_next(self) -> Outcome | None:
        """Claim, attempt and mark one delivery; None when none is due."""
        claimed = await self.claim()
        return None if claimed is None else await self.carry(claimed)

    async def claim(self) -> Claim | None:
        async with self.sessions.begin() as session:
            return await outbox.claim(session, self.clock())

    async def carry(self, claimed: Claim) -> Outcome:
        outcome = await self._mark(claimed, await self.attempt(claimed))
        metrics.WEBHOOK_ATTEMPTS.labels(outcome.value).inc()
        return outcome

    async def deliver_due(self, *, lanes: int = LANES) -> int:
        """Deliver, side by side, until nothing is due and nothing under way; how many attempts were made."""
        attempts = 0
        under_way: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as tasks:
            while True:
                while len(under_way) < lanes and (claimed := await self.claim()) is not None:
                    under_way.add(tasks.create_task(self._carry_safely(claimed)))
                    attempts += 1
                if not under_way:
                    return attempts
                _, under_way = await asyncio.wait(
                    under_way, timeout=LOOK_SECONDS, return_when=asyncio.FIRST_COMPLETED
                )

    async def _carry_safely(self, claimed: Claim) -> None:
        """A bug in one delivery must not end the others; its lease runs out, and it is tried again."""
        try:
            await self.carry(claimed)
        except Exception as error:
            log.error("webhook.not_carried", delivery_id=str(claimed.delivery.id), exc_info=error)

    async def attempt(self, claimed: Claim) -> Answer:
        """Sign anew and send; nothing is written down yet."""
        endpoint, delivery = claimed.endpoint, claimed.delivery
        body = delivery.body.encode()
        now = self.clock()
        try:
            secrets = [unseal(self.keys, endpoint.id, endpoint.secret)]
            expires_at = endpoint.previous_secret_expires_at
            if endpoint.previous_secret is not None and expires_at is not None and now < expires_at:
                secrets.append(unseal(self.keys, endpoint.id, endpoint.previous_secret))
        except SecretUnreadableError:
            return Answer(failure=Failure.SECRET_UNREADABLE)
        return await self.sender.send(endpoint.url, sign(secrets, str(delivery.event_id), now, body), body)

    async def _mark(self, claimed: Claim, answer: Answer) -> Outcome:
        now = self.clock()
        async with self.sessions.begin() as session:
            endpoint = await outbox.lock_leased(session, claimed)
            if endpoint is None:
                return Outcome.LOST
            await outbox.note_attempt(
                session, claimed.delivery.id, status=answer.status, failure=answer.failure, now=now
            )
            if answer.failure is None:
                await outbox.note_success(session, endpoint, now=now)
                return Outcome.DELIVERED
            endpoint.failures += 1
            endpoint.failing_since = endpoint.failing_since or now
            return _be_patient(endpoint, endpoint.failing_since, answer, now)


def _be_patient(endpoint: WebhookEndpoint, failing_since: datetime, answer: Answer, now: datetime) -> Outcome:
    """What a failure means: disabled at once, paused after a day, else tried again."""
    if answer.is_gone:
        outbox.stop(endpoint, EndpointState.DISABLED, EndpointReason.GONE)
        return Outcome.DISABLED
    again_at = patience.next_attempt(failures=endpoint.failures, failing_since=failing_since, now=now)
    if again_at is None:
        outbox.stop(endpoint, EndpointState.PAUSED, EndpointReason.FAILED_FOR_A_DAY)
        return Outcome.PAUSED
    outbox.postpone(endpoint, again_at)
    return Outcome.FAILED
