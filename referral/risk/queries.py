"""What the risk score reads and writes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from models.risk import RiskSighting, RiskSignal, RiskVerdict, SightingKind
from models.user import User
from referral.risk.statements import AROUND, KEEP, PEOPLE, SIGHTINGS, VERDICT

MAX_DEVICES: Final = 20  # of one user


@dataclass(frozen=True, slots=True)
class Mailbox:
    user_id: UUID
    canonical_address: str
    is_verified: bool


@dataclass(frozen=True, slots=True)
class People:
    """Who has which device (the sent one's too), and which contacts, proved ones first."""

    devices: Sequence[tuple[UUID, bytes]]
    mailboxes: Sequence[Mailbox]


async def read_people(
    session: AsyncSession, user_ids: Sequence[UUID], sent_device: bytes | None = None
) -> People:
    rows = (
        await session.execute(PEOPLE, {"people": list(user_ids), "sent_device": sent_device or b""})
    ).all()
    return People(
        [(row.user_id, row.device_hash) for row in rows if row.device_hash is not None],
        [Mailbox(row.user_id, row.mailbox, row.is_verified) for row in rows if row.mailbox is not None],
    )


async def look_around(session: AsyncSession, facts: Mapping[str, Any]) -> dict[str, Any]:
    return dict((await session.execute(AROUND, dict(facts))).mappings().one())


async def created_at(session: AsyncSession, user_id: UUID) -> datetime:
    return (await session.scalars(select(User.created_at).where(User.id == user_id))).one()


async def is_seen_on(session: AsyncSession, hashes: Sequence[bytes], *, besides: UUID) -> bool:
    """Whether another user was seen on one of these devices."""
    statement = (
        select(RiskSighting.user_id)
        .where(
            RiskSighting.kind == SightingKind.DEVICE,
            RiskSighting.hash.in_(hashes),
            RiskSighting.user_id != besides,
        )
        .limit(1)
    )
    return await session.scalar(statement) is not None


def sighting_values(sightings: Sequence[tuple[SightingKind, bytes]]) -> dict[str, Any]:
    """Each once and in one order, so that two requests of one user lock their rows alike."""
    distinct = sorted(set(sightings))
    return {"kinds": [kind.value for kind, _ in distinct], "hashes": [seen for _, seen in distinct]}


async def note_sightings(
    session: AsyncSession,
    user_id: UUID,
    sightings: Sequence[tuple[SightingKind, bytes]],
    *,
    epoch: int,
    now: datetime,
) -> None:
    """Remember them, or that they were seen again."""
    values = {"helper_id": user_id, "epoch": epoch, "now": now}
    await session.execute(SIGHTINGS, values | sighting_values(sightings))


async def keep(session: AsyncSession, values: Mapping[str, Any]) -> None:
    """A help's signals and verdict, and where its helper was seen."""
    await session.execute(KEEP, dict(values))


async def add_verdict(session: AsyncSession, values: Mapping[str, Any]) -> None:
    await session.execute(VERDICT, dict(values))


async def find_signal(session: AsyncSession, help_id: UUID) -> RiskSignal | None:
    return await session.get(RiskSignal, help_id)


async def set_mailbox(session: AsyncSession, help_id: UUID, mailbox_hash: bytes) -> None:
    """The helper proved a contact after the tap."""
    await session.execute(
        update(RiskSignal).where(RiskSignal.help_id == help_id).values(mailbox_hash=mailbox_hash)
    )


async def find_verdict(session: AsyncSession, help_id: UUID) -> RiskVerdict | None:
    """The latest verdict on a help."""
    statement = (
        select(RiskVerdict)
        .where(RiskVerdict.help_id == help_id)
        .order_by(RiskVerdict.created_at.desc(), RiskVerdict.id.desc())
        .limit(1)
    )
    return await session.scalar(statement)


async def list_verdicts(session: AsyncSession, help_ids: Sequence[UUID]) -> Mapping[UUID, RiskVerdict]:
    """The latest verdict on each of these helps."""
    statement = (
        select(RiskVerdict)
        .ext(distinct_on(RiskVerdict.help_id))
        .where(RiskVerdict.help_id.in_(help_ids))
        .order_by(RiskVerdict.help_id, RiskVerdict.created_at.desc(), RiskVerdict.id.desc())
    )
    return {verdict.help_id: verdict for verdict in await session.scalars(statement)}


async def purge(session: AsyncSession, *, before: datetime, limit: int) -> int:
    """Forget what is older; how many rows, at most `limit` of each kind."""
    signals = select(RiskSignal.help_id).where(RiskSignal.created_at < before).limit(limit)
    verdicts = select(RiskVerdict.id).where(RiskVerdict.created_at < before).limit(limit)
    gone = await session.execute(
        delete(RiskSignal).where(RiskSignal.help_id.in_(signals)).returning(RiskSignal.help_id)
    )
    gone_verdicts = await session.execute(
        delete(RiskVerdict).where(RiskVerdict.id.in_(verdicts)).returning(RiskVerdict.id)
    )
    return len(gone.all()) + len(gone_verdicts.all()) + await _purge_sightings(session, before, limit)


async def _purge_sightings(session: AsyncSession, before: datetime, limit: int) -> int:
    old = (
        select(RiskSighting.kind, RiskSighting.hash, RiskSighting.user_id)
        .where(RiskSighting.seen_at < before)
        .limit(limit)
        .subquery()
    )
    statement = (
        delete(RiskSighting)
        .where(
            RiskSighting.kind == old.c.kind,
            RiskSighting.hash == old.c.hash,
            RiskSighting.user_id == old.c.user_id,
        )
        .returning(RiskSighting.user_id)
    )
    return len((await session.execute(statement)).all())
