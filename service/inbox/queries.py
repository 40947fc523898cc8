"""Every statement about the inbox."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from billing.payments import IncomingEvent
from core.ids import new_id
from models.inbox import InboxEvent, InboxState

OPEN: Final = (InboxState.WAITING, InboxState.DEAD)
MAX_ATTEMPTS: Final = 16
FIRST_WAIT: Final = timedelta(seconds=2)
LONGEST_WAIT: Final = timedelta(hours=6)
MAX_REASON_CHARS: Final = 300

# The next attempt is set before anybody acts: a keeper that dies in the middle leaves the event to the next.
CLAIM = text("""
UPDATE inbox_events e
SET attempts = e.attempts + 1,
    next_attempt_at = CAST(:now AS timestamptz)
      + least(CAST(:first_wait AS interval) * power(2, least(e.attempts, 20)),
              CAST(:longest_wait AS interval))
WHERE e.id = (
  SELECT id FROM inbox_events WHERE state = 'waiting' AND next_attempt_at <= :now
  ORDER BY next_attempt_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING e.id
""")


async def record(
    session: AsyncSession, source: str, event: IncomingEvent, *, reason: str | None, now: datetime
) -> bool:
    """Keep a message once; False when it came before. With a `reason` it is ignored from the start."""
    is_waiting = reason is None
    statement = (
        insert(InboxEvent)
        .values(
            id=new_id(),
            source=source,
            external_id=event.id,
            kind=event.kind,
            subject=event.subject,
            object_id=event.object_id,
            is_live=event.is_live,
            envelope=dict(event.envelope),
            occurred_at=event.occurred_at,
            state=InboxState.WAITING if is_waiting else InboxState.IGNORED,
            attempts=0,
            next_attempt_at=now if is_waiting else None,
            handled_at=None if is_waiting else now,
            reason=reason,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[InboxEvent.source, InboxEvent.external_id])
        .returning(InboxEvent.id)
    )
    return await session.scalar(statement) is not None


async def claim(session: AsyncSession, now: datetime) -> InboxEvent | None:
    """The event that waits longest and is due; it is not due again until this attempt has had its time."""
    parameters = {"now": now, "first_wait": FIRST_WAIT, "longest_wait": LONGEST_WAIT}
    event_id = await session.scalar(CLAIM, parameters)
    return None if event_id is None else await session.get(InboxEvent, event_id, populate_existing=True)


async def lock_waiting(session: AsyncSession, event_id: UUID) -> bool:
    """Lock an event to act on it; False when somebody has done so meanwhile."""
    statement = (
        select(InboxEvent.id)
        .where(InboxEvent.id == event_id, InboxEvent.state == InboxState.WAITING)
        .with_for_update()
    )
    return await session.scalar(statement) is not None


async def close(
    session: AsyncSession, event_id: UUID, state: InboxState, now: datetime, *, reason: str | None = None
) -> None:
    """Act no more upon a waiting event."""
    values = {"state": state, "next_attempt_at": None, "handled_at": now, "reason": _short(reason)}
    await session.execute(
        update(InboxEvent)
        .where(InboxEvent.id == event_id, InboxEvent.state == InboxState.WAITING)
        .values(**values)
    )


async def note_failure(session: AsyncSession, event_id: UUID, reason: str) -> None:
    """Say why an attempt failed; when the next one comes was decided by `claim`."""
    await session.execute(
        update(InboxEvent)
        .where(InboxEvent.id == event_id, InboxEvent.state == InboxState.WAITING)
        .values(reason=_short(reason))
    )


async def replay(session: AsyncSession, event_id: UUID, now: datetime) -> bool:
    """Let an event that is over wait again, as if it had just come; False when there is none such."""
    statement = (
        update(InboxEvent)
        .where(InboxEvent.id == event_id, InboxEvent.state != InboxState.WAITING)
        .where(InboxEvent.subject.is_not(None))
        .values(state=InboxState.WAITING, attempts=0, next_attempt_at=now, handled_at=None, reason=None)
        .returning(InboxEvent.id)
    )
    return await session.scalar(statement) is not None


async def list_events(session: AsyncSession, *, state: InboxState | None, limit: int) -> Sequence[InboxEvent]:
    """Newest first."""
    statement = select(InboxEvent).order_by(InboxEvent.id.desc()).limit(limit)
    if state is not None:
        statement = statement.where(InboxEvent.state == state)
    return (await session.scalars(statement)).all()


async def count_open(session: AsyncSession) -> dict[InboxState, int]:
    """How many wait, and how many a person is to look at; what is over is not counted, however long ago."""
    statement = (
        select(InboxEvent.state, func.count()).where(InboxEvent.state.in_(OPEN)).group_by(InboxEvent.state)
    )
    found = {state: count for state, count in await session.execute(statement)}  # noqa: C416 - typed rows
    return dict.fromkeys(OPEN, 0) | found


def _short(reason: str | None) -> str | None:
    return None if reason is None else reason[:MAX_REASON_CHARS]
