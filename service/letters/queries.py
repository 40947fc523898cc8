"""Letters: written once beside what they tell of, claimed one at a time, and then sent or dropped."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core.ids import new_id
from models.credit import CreditAccount
from models.letter import Letter, LetterKind, LetterState
from models.user import Channel, Contact, User

LEASE: Final = timedelta(minutes=2)  # far more than the seconds that a mail server may take


@dataclass(frozen=True, slots=True)
class Envelope:
    """A claimed letter and who gets it. address None: an account that is closed, or has no verified one."""

    letter_id: UUID
    kind: LetterKind
    facts: Mapping[str, Any]
    attempts: int
    address: str | None
    language: str
    timezone: str


async def write_once(
    session: AsyncSession,
    user_id: UUID,
    kind: LetterKind,
    key: str,
    facts: Mapping[str, Any],
    *,
    now: datetime,
) -> bool:
    """Write it for the caller's transaction; False when this was told before.

    Args:
        key: names what it tells of, beside the kind; at most 160 characters.
        facts: JSON: amounts in minor units, moments in RFC 3339.
    """
    values = {
        "id": new_id(),
        "user_id": user_id,
        "kind": kind,
        "letter_key": f"{kind.value}:{key}",
        "facts": dict(facts),
        "due_at": now,
        "created_at": now,
    }
    statement = insert(Letter).values(values).on_conflict_do_nothing().returning(Letter.id)
    return await session.scalar(statement) is not None


async def claim(session: AsyncSession, *, now: datetime) -> Envelope | None:
    """Take the letter that has waited longest, for as long as the lease; None when none is due."""
    due = (
        select(Letter.id)
        .where(Letter.state == LetterState.WAITING, Letter.due_at <= now)
        .order_by(Letter.due_at, Letter.id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    claimed = await session.scalar(
        update(Letter)
        .where(Letter.id == due)
        .values(attempts=Letter.attempts + 1, due_at=now + LEASE)
        .returning(Letter)
    )
    if claimed is None:
        return None
    user, zone, address = (await session.execute(_reader_of(claimed.user_id))).one()
    return Envelope(
        letter_id=claimed.id,
        kind=claimed.kind,
        facts=claimed.facts,
        attempts=claimed.attempts,
        address=address if user.closed_at is None else None,
        language=user.locale,
        timezone=zone or "UTC",
    )


def _reader_of(user_id: UUID) -> Any:  # noqa: ANN401 - a select of three kinds of column
    """The user, their time zone, and the address that they verified last."""
    address = (
        select(Contact.address)
        .where(Contact.user_id == User.id, Contact.channel == Channel.EMAIL, Contact.verified_at.is_not(None))
        .order_by(Contact.verified_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    return (
        select(User, CreditAccount.billing_timezone, address)
        .outerjoin(CreditAccount, CreditAccount.user_id == User.id)
        .where(User.id == user_id)
    )


async def list_letters(session: AsyncSession, user_id: UUID) -> Sequence[Letter]:
    """Everything that was written to a person, oldest first."""
    return (await session.scalars(select(Letter).where(Letter.user_id == user_id).order_by(Letter.id))).all()


async def mark_sent(session: AsyncSession, letter_id: UUID, *, now: datetime) -> None:
    await _move(session, letter_id, state=LetterState.SENT, sent_at=now)


async def drop(session: AsyncSession, letter_id: UUID) -> None:
    """Nobody will get it."""
    await _move(session, letter_id, state=LetterState.DROPPED)


async def wait(session: AsyncSession, letter_id: UUID, *, until: datetime) -> None:
    """Try again then."""
    await _move(session, letter_id, due_at=until)


async def _move(session: AsyncSession, letter_id: UUID, **values: object) -> None:
    """Only one that still waits: a slow sender must not undo what a later one has done."""
    await session.execute(
        update(Letter).where(Letter.id == letter_id, Letter.state == LetterState.WAITING).values(**values)
    )


async def purge(session: AsyncSession, *, before: datetime, limit: int) -> int:
    """Delete letters that were sent or dropped and are older than that; how many."""
    old = (
        select(Letter.id)
        .where(Letter.state != LetterState.WAITING, Letter.created_at < before)
        .order_by(Letter.created_at)
        .limit(limit)
    )
    return len((await session.scalars(delete(Letter).where(Letter.id.in_(old)).returning(Letter.id))).all())
