"""What owners see of deliveries, and what they have sent again."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.ids import new_id
from models.webhook import DeliveryState, EndpointState, WebhookDelivery, WebhookEndpoint
from service.jobs.errors import IdempotencyKeyReusedError
from service.outbox.errors import DeliveryNotFoundError, EndpointNotEnabledError
from service.outbox.events import TEST_EVENT, write_body

MOST_REPLAYED: Final = 10_000


async def list_deliveries(
    session: AsyncSession,
    endpoint_id: UUID,
    *,
    state: DeliveryState | None,
    before_position: int | None,
    limit: int,
) -> Sequence[WebhookDelivery]:
    """Of one endpoint, newest first."""
    statement = (
        select(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == endpoint_id)
        .order_by(WebhookDelivery.position.desc())
        .limit(limit)
    )
    if state is not None:
        statement = statement.where(WebhookDelivery.state == state)
    if before_position is not None:
        statement = statement.where(WebhookDelivery.position < before_position)
    return (await session.scalars(statement)).all()


async def send_test(
    session: AsyncSession, endpoint: WebhookEndpoint, *, key: str, now: datetime
) -> WebhookDelivery:
    """Queue a `webhook.test` behind everything else of a locked endpoint, once for each key.

    Raises: EndpointNotEnabledError.
    """
    event_id = uuid5(endpoint.id, key)
    earlier = await _find_by_event(session, endpoint.id, event_id)
    if earlier is not None:
        return earlier
    if endpoint.state is not EndpointState.ENABLED:
        raise EndpointNotEnabledError(f"This endpoint is {endpoint.state.value}.")
    endpoint.last_position += 1
    endpoint.next_attempt_at = endpoint.next_attempt_at or now
    delivery = WebhookDelivery(
        id=new_id(),
        endpoint_id=endpoint.id,
        event_id=event_id,
        event_type=TEST_EVENT,
        position=endpoint.last_position,
        body=write_body(TEST_EVENT, {"endpoint_id": endpoint.id}, now=now),
        state=DeliveryState.WAITING,
        attempts=0,
        created_at=now,
    )
    session.add(delivery)
    await session.flush()
    return delivery


async def replay_since(
    session: AsyncSession, endpoint: WebhookEndpoint, *, since: datetime, key: str, now: datetime
) -> int:
    """Let what was delivered wait again, if it happened at `since` or later: how many, oldest first.

    They go before what has waited since, because they are older. A retry of the newest replay changes
    nothing.

    Raises: IdempotencyKeyReusedError.
    """
    if endpoint.replay_key == key and endpoint.replay_count is not None:
        if endpoint.replay_since != since:
            raise IdempotencyKeyReusedError("This Idempotency-Key was used for a different request.")
        return endpoint.replay_count
    chosen = (
        select(WebhookDelivery.id)
        .where(
            WebhookDelivery.endpoint_id == endpoint.id,
            WebhookDelivery.state == DeliveryState.DELIVERED,
            WebhookDelivery.created_at >= since,
        )
        .order_by(WebhookDelivery.position)
        .limit(MOST_REPLAYED)
    )
    statement = (
        update(WebhookDelivery)
        .where(WebhookDelivery.id.in_(chosen))
        .values(state=DeliveryState.WAITING, delivered_at=None)
        .returning(WebhookDelivery.id)
        .execution_options(synchronize_session=False)
    )
    count = len((await session.scalars(statement)).all())
    endpoint.replay_key, endpoint.replay_since, endpoint.replay_count = key, since, count
    if count:
        endpoint.next_attempt_at = endpoint.next_attempt_at or now
    return count


async def replay_one(
    session: AsyncSession, endpoint: WebhookEndpoint, delivery_id: UUID, *, key: str, now: datetime
) -> WebhookDelivery:
    """Let one delivery of a locked endpoint wait again; once for each key. Raises: DeliveryNotFoundError."""
    statement = select(WebhookDelivery).where(
        WebhookDelivery.id == delivery_id, WebhookDelivery.endpoint_id == endpoint.id
    )
    delivery = await session.scalar(statement)
    if delivery is None:
        raise DeliveryNotFoundError("There is no such delivery.")
    if delivery.state is DeliveryState.DELIVERED and delivery.replay_key != key:
        delivery.state, delivery.delivered_at, delivery.replay_key = DeliveryState.WAITING, None, key
        endpoint.next_attempt_at = endpoint.next_attempt_at or now
    return delivery


async def list_all(session: AsyncSession, endpoint_id: UUID) -> list[dict[str, object]]:
    """For the owner's copy of their data."""
    statement = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    found = (await session.scalars(statement.order_by(WebhookDelivery.position))).all()
    return [
        {
            "event_id": delivery.event_id,
            "payload": json.loads(delivery.body),
            "state": delivery.state.value,
            "attempts": delivery.attempts,
            "delivered_at": delivery.delivered_at,
        }
        for delivery in found
    ]


async def _find_by_event(session: AsyncSession, endpoint_id: UUID, event_id: UUID) -> WebhookDelivery | None:
    statement = select(WebhookDelivery).where(
        WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.event_id == event_id
    )
    return await session.scalar(statement)
