"""What owners do with their endpoints. Every function is inside a transaction that it did not open."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Select, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from billing.errors import AccountClosedError
from core.ids import new_id
from core.keys import Keys
from models.user import User
from models.webhook import EndpointReason, EndpointState, WebhookEndpoint
from service.jobs.errors import IdempotencyKeyReusedError
from service.outbox import queries as outbox
from service.outbox.errors import EndpointNotFoundError, TooManyEndpointsError
from service.outbox.events import EventType
from service.outbox.signatures import SecretUnreadableError, new_secret, seal, show, unseal

MOST_ENDPOINTS: Final = 5
SHOWN_FOR: Final = timedelta(hours=1)  # to a retry with the same key, whose first answer was lost
OVERLAP: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class NewEndpoint:
    """event_types: None is every type."""

    url: str
    event_types: tuple[EventType, ...] | None

    def digest(self) -> bytes:
        return hashlib.sha256(json.dumps([self.url, self.event_types]).encode()).digest()


async def create(
    session: AsyncSession, keys: Keys, *, owner_id: UUID, key: str, wanted: NewEndpoint, now: datetime
) -> tuple[WebhookEndpoint, str | None, bool]:
    """Add an endpoint: (it, its secret, whether an earlier request with this key had added it).

    The secret is None for a late replay: it is shown once.

    Raises: AccountClosedError, IdempotencyKeyReusedError, TooManyEndpointsError.
    """
    await _lock_owner(session, owner_id)
    earlier = await _find_by_key(session, owner_id, key)
    if earlier is not None:
        if earlier.request_hash != wanted.digest():
            raise IdempotencyKeyReusedError("This Idempotency-Key was used for a different request.")
        is_fresh = now < earlier.created_at + SHOWN_FOR and earlier.rotation_key is None
        return earlier, _reveal(keys, earlier) if is_fresh else None, True
    if await _count(session, owner_id) >= MOST_ENDPOINTS:
        raise TooManyEndpointsError(most=MOST_ENDPOINTS)
    endpoint_id, secret = new_id(), new_secret()
    endpoint = WebhookEndpoint(
        id=endpoint_id,
        owner_id=owner_id,
        idempotency_key=key,
        request_hash=wanted.digest(),
        url=wanted.url,
        event_types=_stored(wanted.event_types),
        state=EndpointState.ENABLED,
        secret=seal(keys, endpoint_id, secret),
        last_position=0,
        failures=0,
        created_at=now,
    )
    session.add(endpoint)
    await session.flush()
    return endpoint, show(secret), False


async def get(session: AsyncSession, endpoint_id: UUID, *, owner_id: UUID) -> WebhookEndpoint:
    """Raises: EndpointNotFoundError, also for somebody else's."""
    return _require(await session.scalar(_own(endpoint_id, owner_id)))


async def lock(session: AsyncSession, endpoint_id: UUID, *, owner_id: UUID) -> WebhookEndpoint:
    """As `get`, and nobody else changes it until the transaction ends."""
    statement = _own(endpoint_id, owner_id).with_for_update()
    return _require(await session.scalar(statement, execution_options={"populate_existing": True}))


async def list_endpoints(session: AsyncSession, owner_id: UUID) -> Sequence[WebhookEndpoint]:
    """All of the owner's, oldest first; never more than MOST_ENDPOINTS."""
    statement = (
        select(WebhookEndpoint).where(WebhookEndpoint.owner_id == owner_id).order_by(WebhookEndpoint.id)
    )
    return (await session.scalars(statement)).all()


def pause(endpoint: WebhookEndpoint) -> None:
    """Keep events from now on. An attempt that is under way may still say how it ended."""
    if endpoint.state is EndpointState.ENABLED:
        endpoint.state, endpoint.reason = EndpointState.PAUSED, EndpointReason.BY_OWNER


async def resume(session: AsyncSession, endpoint: WebhookEndpoint, *, now: datetime) -> None:
    """Send what waits, with new patience; also what waits only because its next attempt is hours away."""
    endpoint.state, endpoint.reason = EndpointState.ENABLED, None
    endpoint.failures, endpoint.failing_since = 0, None
    await outbox.plan(session, endpoint, now=now)


def rotate(keys: Keys, endpoint: WebhookEndpoint, *, key: str, now: datetime) -> str:
    """A new secret for a locked endpoint; the old one signs beside it for OVERLAP.

    A retry of the newest rotation shows the same secret again.
    """
    if endpoint.rotation_key == key:
        return _reveal(keys, endpoint)
    secret = new_secret()
    if _is_readable(keys, endpoint):
        endpoint.previous_secret, endpoint.previous_secret_expires_at = endpoint.secret, now + OVERLAP
    else:
        endpoint.previous_secret = endpoint.previous_secret_expires_at = None
    endpoint.secret = seal(keys, endpoint.id, secret)
    endpoint.rotation_key = key
    return show(secret)


async def remove(session: AsyncSession, endpoint_id: UUID, *, owner_id: UUID) -> None:
    """Delete an endpoint with everything that waits for it. Raises: EndpointNotFoundError."""
    await session.delete(await lock(session, endpoint_id, owner_id=owner_id))


async def erase(session: AsyncSession, owner_id: UUID) -> None:
    """Delete all endpoints of an owner with their deliveries."""
    await session.execute(delete(WebhookEndpoint).where(WebhookEndpoint.owner_id == owner_id))


def _own(endpoint_id: UUID, owner_id: UUID) -> Select[WebhookEndpoint]:
    return select(WebhookEndpoint).where(
        WebhookEndpoint.id == endpoint_id, WebhookEndpoint.owner_id == owner_id
    )


def _require(endpoint: WebhookEndpoint | None) -> WebhookEndpoint:
    if endpoint is None:
        raise EndpointNotFoundError("There is no such endpoint.")
    return endpoint


async def _lock_owner(session: AsyncSession, owner_id: UUID) -> None:
    """Let one request of a user decide at a time, so that the limit holds."""
    statement = select(User.id).where(User.id == owner_id, User.closed_at.is_(None))
    if await session.scalar(statement.with_for_update(key_share=True)) is None:
        raise AccountClosedError("This account is closed.")


async def _find_by_key(session: AsyncSession, owner_id: UUID, key: str) -> WebhookEndpoint | None:
    statement = select(WebhookEndpoint).where(
        WebhookEndpoint.owner_id == owner_id, WebhookEndpoint.idempotency_key == key
    )
    return await session.scalar(statement)


async def _count(session: AsyncSession, owner_id: UUID) -> int:
    statement = select(func.count()).where(WebhookEndpoint.owner_id == owner_id)
    return (await session.execute(statement)).scalar_one()


def _reveal(keys: Keys, endpoint: WebhookEndpoint) -> str:
    return show(unseal(keys, endpoint.id, endpoint.secret))


def _is_readable(keys: Keys, endpoint: WebhookEndpoint) -> bool:
    try:
        unseal(keys, endpoint.id, endpoint.secret)
    except SecretUnreadableError:
        return False
    return True


def _stored(event_types: tuple[EventType, ...] | None) -> list[str] | None:
    return None if event_types is None else sorted(event.value for event in event_types)
