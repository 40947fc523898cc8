"""Every statement of the risk score. Each looks at a bounded number of rows."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import TextClause, delete, func, insert, or_, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from models.risk import RiskSighting, RiskSignal, RiskVerdict, SightingKind
from models.user import Contact, Device, User

MAX_DEVICES: Final = 20  # of one user
MAX_CONTACTS: Final = 20

# The last 500 helps of the owner within the time.
OTHERS: Final = text("""
SELECT
  count(DISTINCT helper_id) FILTER (WHERE device_hash = ANY(:devices)) AS others_on_device,
  count(DISTINCT helper_id) FILTER (WHERE mailbox_hash = ANY(:mailboxes)) AS others_with_mailbox,
  count(DISTINCT helper_id) FILTER (
    WHERE address_hash = ANY(:addresses) AND agent_hash = ANY(:agents)
  ) AS others_at_place
FROM (
  SELECT helper_id, device_hash, mailbox_hash, address_hash, agent_hash FROM risk_signals
  WHERE owner_id = :owner_id AND created_at > :since AND helper_id <> :helper_id
  ORDER BY created_at DESC LIMIT 500
) AS others
""")

# Who else was seen on these devices, whether the owner was, and whether the owner was at this place.
SEEN: Final = text("""
SELECT
  (SELECT count(DISTINCT user_id) FROM (
     SELECT user_id FROM risk_sightings
     WHERE kind = 'device' AND hash = ANY(:devices) AND user_id <> :helper_id LIMIT 100
   ) AS users) AS accounts_on_device,
  EXISTS (SELECT FROM risk_sightings
          WHERE kind = 'device' AND hash = ANY(:devices) AND user_id = :owner_id) AS is_own_device,
  EXISTS (SELECT FROM risk_sightings
          WHERE kind = 'place' AND hash = ANY(:places) AND user_id = :owner_id) AS is_owner_place,
  EXISTS (SELECT FROM risk_sightings
          WHERE kind = 'address' AND hash = ANY(:addresses) AND user_id = :owner_id) AS is_owner_address,
  (SELECT count(*) FROM risk_sightings
   WHERE user_id = :owner_id AND kind = 'device' AND epoch = :epoch AND seen_at > :since) AS owner_devices,
  (SELECT count(*) FROM risk_sightings
   WHERE user_id = :owner_id AND kind = 'network' AND epoch = :epoch AND seen_at > :since) AS owner_networks
""")

# A help is an edge from helper to owner. A ring is a way from the owner back to the helper, looked for from
# both ends, so that three steps cost what two do. At most 30 edges are followed from anybody.
GRAPH: Final = text("""
WITH forth AS (
  SELECT DISTINCT owner_id AS node FROM (
    SELECT owner_id FROM risk_signals WHERE helper_id = :owner_id AND created_at > :since
    ORDER BY created_at DESC LIMIT 30) AS edges
), back AS (
  SELECT DISTINCT helper_id AS node FROM (
    SELECT helper_id FROM risk_signals
    WHERE owner_id = :helper_id AND created_at > :since AND helper_id <> :owner_id
    ORDER BY created_at DESC LIMIT 30) AS edges
), further AS (
  SELECT DISTINCT edges.owner_id AS node FROM forth CROSS JOIN LATERAL (
    SELECT owner_id FROM risk_signals WHERE helper_id = forth.node AND created_at > :since
    ORDER BY created_at DESC LIMIT 30) AS edges
  WHERE forth.node <> :helper_id AND edges.owner_id NOT IN (:owner_id, :helper_id)
), mine AS (
  SELECT DISTINCT owner_id FROM (
    SELECT owner_id FROM risk_signals
    WHERE helper_id = :helper_id AND created_at > :since AND owner_id <> :owner_id
    ORDER BY created_at DESC LIMIT 30) AS edges
), others AS (
  SELECT DISTINCT helper_id FROM (
    SELECT helper_id FROM risk_signals
    WHERE owner_id = :owner_id AND created_at > :since AND helper_id <> :helper_id
    ORDER BY created_at DESC LIMIT 30) AS edges
), shared AS (
  SELECT count(DISTINCT edges.owner_id) AS owners FROM others CROSS JOIN LATERAL (
    SELECT owner_id FROM risk_signals WHERE helper_id = others.helper_id AND created_at > :since
    ORDER BY created_at DESC LIMIT 30) AS edges
  WHERE edges.owner_id IN (SELECT owner_id FROM mine)
  GROUP BY others.helper_id
), circle AS (
  SELECT CAST(:owner_id AS uuid) AS person UNION SELECT :helper_id UNION (
    SELECT helper_id FROM risk_signals
    WHERE owner_id = :owner_id AND link_id = :link_id AND created_at > :since
    ORDER BY created_at DESC LIMIT 30)
), circles AS (
  SELECT links.link_id FROM circle CROSS JOIN LATERAL (
    (SELECT link_id FROM risk_signals
     WHERE helper_id = person AND owner_id <> :owner_id AND created_at > :since
     ORDER BY created_at DESC LIMIT 30)
    UNION
    (SELECT link_id FROM risk_signals
     WHERE owner_id = person AND person <> :owner_id AND created_at > :since
     ORDER BY created_at DESC LIMIT 60)) AS links
  GROUP BY links.link_id HAVING count(DISTINCT person) >= 3
), leaves AS (
  SELECT helper_id FROM (
    SELECT helper_id, created_at FROM risk_signals
    WHERE owner_id = :owner_id AND created_at > :since AND is_new AND helper_id <> :helper_id
    ORDER BY created_at DESC LIMIT 40) AS newcomers
  WHERE created_at < :settled
)
SELECT
  EXISTS (SELECT FROM forth WHERE node = :helper_id) AS is_reciprocal,
  (SELECT count(*) FROM forth JOIN back USING (node))
    + (SELECT count(*) FROM further JOIN back USING (node)) AS rings,
  (SELECT coalesce(max(owners), 0) FROM shared) AS shared_owners,
  (SELECT count(*) FROM circles) AS circles,
  (SELECT count(*) FROM leaves) AS leaves,
  (SELECT count(*) FROM leaves WHERE NOT EXISTS (
     SELECT FROM generations WHERE owner_id = leaves.helper_id AND state = 'succeeded')) AS idle_leaves,
  (SELECT count(*) FROM (
     SELECT FROM generations WHERE owner_id = :helper_id AND state = 'succeeded' LIMIT 3) AS made) AS works
""")


@dataclass(frozen=True, slots=True)
class Mailbox:
    user_id: UUID
    canonical_address: str
    is_verified: bool


async def list_devices(
    session: AsyncSession, user_ids: Sequence[UUID], device_hash: bytes | None
) -> Sequence[tuple[UUID, bytes]]:
    """Devices of these users, and whose the device with this hash is."""
    is_meant = or_(Device.user_id.in_(user_ids), Device.device_hash == device_hash)
    statement = select(Device.user_id, Device.device_hash).where(is_meant).limit(2 * MAX_DEVICES)
    return [(user_id, stored) for user_id, stored in await session.execute(statement)]


async def list_mailboxes(session: AsyncSession, user_ids: Sequence[UUID]) -> Sequence[Mailbox]:
    statement = (
        select(Contact.user_id, Contact.canonical_address, Contact.verified_at.is_not(None))
        .where(Contact.user_id.in_(user_ids))
        .order_by(Contact.verified_at.is_(None), Contact.id)
        .limit(2 * MAX_CONTACTS)
    )
    return [Mailbox(*row) for row in await session.execute(statement)]


async def look(session: AsyncSession, statement: TextClause, facts: Mapping[str, Any]) -> Mapping[str, Any]:
    """The one row of OTHERS, SEEN or GRAPH; each takes of the facts what it names."""
    wanted = {name: facts[name] for name in _names(statement)}
    return dict((await session.execute(statement, wanted)).mappings().one())


@functools.cache
def _names(statement: TextClause) -> tuple[str, ...]:
    return tuple(statement.compile().params)


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


async def note_sightings(
    session: AsyncSession,
    user_id: UUID,
    sightings: Sequence[tuple[SightingKind, bytes]],
    *,
    epoch: int,
    now: datetime,
) -> None:
    """Remember them, or that they were seen again."""
    if not sightings:
        return
    rows = [
        {"kind": kind, "hash": seen, "user_id": user_id, "epoch": epoch, "seen_at": now}
        for kind, seen in sorted(set(sightings))  # two requests of one user lock rows in one order
    ]
    statement = upsert(RiskSighting).values(rows)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[RiskSighting.kind, RiskSighting.hash, RiskSighting.user_id],
            set_={"seen_at": func.greatest(RiskSighting.seen_at, statement.excluded.seen_at)},
        )
    )


async def add_signal(session: AsyncSession, values: Mapping[str, Any]) -> None:
    await session.execute(insert(RiskSignal).values(**values))


async def find_signal(session: AsyncSession, help_id: UUID) -> RiskSignal | None:
    return await session.get(RiskSignal, help_id)


async def set_mailbox(session: AsyncSession, help_id: UUID, mailbox_hash: bytes) -> None:
    """The helper proved a contact after the tap."""
    await session.execute(
        update(RiskSignal).where(RiskSignal.help_id == help_id).values(mailbox_hash=mailbox_hash)
    )


async def add_verdict(session: AsyncSession, values: Mapping[str, Any]) -> None:
    await session.execute(insert(RiskVerdict).values(**values))


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
