"""The outbox: events written beside what they tell of, and taken from the head of each endpoint's queue.

Locks: an endpoint's row before its deliveries, and both after everything else that a transaction locks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.ids import new_id
from models.webhook import DeliveryState, EndpointReason, EndpointState, WebhookDelivery, WebhookEndpoint
from service.outbox.events import EventType, write_body

LEASE: Final = timedelta(seconds=60)  # far more than the 15 that an attempt may take

# Plain SQL: every job's end asks it, and building the statement would cost more than its answer.
IS_HEARD: Final = text("""
SELECT EXISTS (SELECT id FROM webhook_endpoints WHERE owner_id = :owner_id AND state <> 'disabled')
""")
ADVANCE: Final = text("""
UPDATE webhook_endpoints
SET last_position = last_position + :count,
    next_attempt_at = coalesce(next_attempt_at, CAST(:now AS timestamptz))
WHERE id IN (
  SELECT id FROM webhook_endpoints
  WHERE owner_id = :owner_id AND state <> 'disabled'
    AND (event_types IS NULL OR :event_type = ANY(event_types))
  ORDER BY id FOR UPDATE
)
RETURNING id, last_position
""")
CLAIM: Final = text("""
UPDATE webhook_endpoints
SET lease_id = :lease_id, lease_expires_at = CAST(:now AS timestamptz) + CAST(:lease AS interval)
WHERE id = (
  SELECT id FROM webhook_endpoints
  WHERE state = 'enabled' AND next_attempt_at <= :now AND (lease_id IS NULL OR lease_expires_at <= :now)
  ORDER BY next_attempt_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id
""")


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to make one attempt, until the lease is over."""

    lease_id: UUID
    endpoint: WebhookEndpoint
    delivery: WebhookDelivery


async def append(
    session: AsyncSession, owner_id: UUID, event: EventType, data: Mapping[str, object], *, now: datetime
) -> None:
    """Tell the owner's endpoints, once the caller's transaction is committed, and only then.

    Call it last: it locks the endpoints, and what comes later would wait with them locked. Without an
    endpoint it costs one look at an index.
    """
    await append_all(session, owner_id, event, [data], now=now)


async def append_all(
    session: AsyncSession,
    owner_id: UUID,
    event: EventType,
    data: Sequence[Mapping[str, object]],
    *,
    now: datetime,
) -> None:
    """As `append`, for several of the same type, in this order."""
    parameters = {"owner_id": owner_id, "event_type": event.value, "count": len(data), "now": now}
    advanced = (await session.execute(ADVANCE, parameters)).all()
    if not advanced or not data:
        return
    events = [(new_id(), write_body(event.value, each, now=now)) for each in data]
    await session.execute(
        insert(WebhookDelivery),
        [
            {
                "id": new_id(),
                "endpoint_id": endpoint_id,
                "event_id": event_id,
                "event_type": event.value,
                "position": last_position - len(events) + number,
                "body": body,
                "state": DeliveryState.WAITING,
                "attempts": 0,
                "created_at": now,
            }
            for endpoint_id, last_position in advanced
            for number, (event_id, body) in enumerate(events, start=1)
        ],
    )


async def is_heard(session: AsyncSession, owner_id: UUID) -> bool:
    """Whether the owner has an endpoint that keeps events: asked before an event is put together."""
    return bool(await session.scalar(IS_HEARD, {"owner_id": owner_id}))


async def claim(session: AsyncSession, now: datetime) -> Claim | None:
    """Lease the endpoint that is due for longest, with its oldest waiting delivery; None when none is due."""
    lease_id = new_id()
    endpoint_id = await session.scalar(CLAIM, {"lease_id": lease_id, "lease": LEASE, "now": now})
    if endpoint_id is None:
        return None
    endpoint = await session.get_one(WebhookEndpoint, endpoint_id, populate_existing=True)
    delivery = await _find_head(session, endpoint_id)
    if delivery is None:  # what waited was cleared away
        endpoint.next_attempt_at = endpoint.lease_id = endpoint.lease_expires_at = None
        return None
    return Claim(lease_id, endpoint, delivery)


async def lock_leased(session: AsyncSession, claimed: Claim) -> WebhookEndpoint | None:
    """The endpoint, locked to say how the attempt ended; None when its lease went to somebody else."""
    statement = (
        select(WebhookEndpoint)
        .where(WebhookEndpoint.id == claimed.endpoint.id, WebhookEndpoint.lease_id == claimed.lease_id)
        .with_for_update()
    )
    return await session.scalar(statement, execution_options={"populate_existing": True})


async def note_attempt(
    session: AsyncSession, delivery_id: UUID, *, status: int | None, failure: str | None, now: datetime
) -> None:
    """Write down how an attempt ended; without a failure the delivery is over."""
    is_delivered = failure is None
    values: dict[str, object] = {
        "attempts": WebhookDelivery.attempts + 1,
        "attempted_at": now,
        "answer_status": status,
        "failure": failure,
    }
    if is_delivered:
        values |= {"state": DeliveryState.DELIVERED, "delivered_at": now}
    await session.execute(update(WebhookDelivery).where(WebhookDelivery.id == delivery_id).values(**values))


async def note_success(session: AsyncSession, endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """Give the lease back; the next event, if there is one, is due at once."""
    endpoint.failures, endpoint.failing_since = 0, None
    _give_back(endpoint)
    await plan(session, endpoint, now=now)


async def plan(session: AsyncSession, endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """Have the next attempt made now, if anything waits. The row is locked, so nothing slips in between."""
    endpoint.next_attempt_at = now if await _find_head(session, endpoint.id) is not None else None


def postpone(endpoint: WebhookEndpoint, until: datetime) -> None:
    """Give the lease back and wait."""
    _give_back(endpoint)
    endpoint.next_attempt_at = until


def stop(endpoint: WebhookEndpoint, state: EndpointState, reason: EndpointReason) -> None:
    """Send nothing more. Whatever is under way may arrive, and is then not written down."""
    endpoint.state, endpoint.reason = state, reason
    _give_back(endpoint)


def _give_back(endpoint: WebhookEndpoint) -> None:
    endpoint.lease_id = endpoint.lease_expires_at = None


async def _find_head(session: AsyncSession, endpoint_id: UUID) -> WebhookDelivery | None:
    statement = (
        select(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == DeliveryState.WAITING)
        .order_by(WebhookDelivery.position)
        .limit(1)
    )
    return await session.scalar(statement, execution_options={"populate_existing": True})


async def purge(session: AsyncSession, *, before: datetime, limit: int) -> int:
    """Forget old deliveries, also such as a paused endpoint never fetched; how many."""
    old = (
        select(WebhookDelivery.id)
        .where(WebhookDelivery.created_at < before)
        .order_by(WebhookDelivery.created_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    statement = delete(WebhookDelivery).where(WebhookDelivery.id.in_(old)).returning(WebhookDelivery.id)
    return len((await session.scalars(statement)).all())


async def find_oldest_waiting(session: AsyncSession) -> datetime | None:
    """Since when the event waits that waits longest, among endpoints that are not paused."""
    statement = (
        select(func.min(WebhookDelivery.created_at))
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
        .where(WebhookEndpoint.state == EndpointState.ENABLED, WebhookDelivery.state == DeliveryState.WAITING)
    )
    return await session.scalar(statement)
