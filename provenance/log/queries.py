"""Every statement about the log's tables. Places are given and the head is moved under one lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from models.transparency import LeafKind, LogHead, LogLeaf, LogWitness
from provenance.log.merkle import EMPTY_ROOT, leaf_hash

HEAD: Final = 1
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('transparency_log', 0))")


@dataclass(frozen=True, slots=True)
class NewLeaf:
    kind: LeafKind
    subject_id: UUID
    entry: bytes


async def append(session: AsyncSession, leaves: Sequence[NewLeaf], *, now: datetime) -> Sequence[int]:
    """Write entries into the log: with the caller's commit they are in it for good. Their ids, in order."""
    values = [
        {
            "kind": leaf.kind,
            "subject_id": leaf.subject_id,
            "entry": leaf.entry,
            "leaf_hash": leaf_hash(leaf.entry),
            "created_at": now,
        }
        for leaf in leaves
    ]
    statement = insert(LogLeaf).returning(LogLeaf.id, sort_by_parameter_order=True)
    return (await session.scalars(statement, values)).all()


async def open_head(session: AsyncSession, origin: str) -> LogHead:
    """The head, made on first use; nobody else moves it until the caller's transaction ends."""
    await session.execute(_LOCK)
    await session.execute(
        upsert(LogHead)
        .values(
            id=HEAD,
            origin=origin,
            size=0,
            root=EMPTY_ROOT,
            peaks=b"",
            published_size=0,
            published_root=EMPTY_ROOT,
            edge=b"",
        )
        .on_conflict_do_nothing()
    )
    return (await session.scalars(select(LogHead).execution_options(populate_existing=True))).one()


async def find_head(session: AsyncSession) -> LogHead | None:
    return await session.get(LogHead, HEAD, populate_existing=True)


async def give_places(session: AsyncSession, *, size: int, limit: int) -> Sequence[bytes]:
    """Give the oldest pending leaves the next places; their hashes, in the order of those."""
    pending = (
        select(LogLeaf.id)
        .where(LogLeaf.leaf_index.is_(None))
        .order_by(LogLeaf.id)
        .limit(limit)
        .subquery("pending")
    )
    placed = select(
        pending.c.id, (func.row_number().over(order_by=pending.c.id) - 1 + size).label("place")
    ).subquery("placed")
    statement = (
        update(LogLeaf)
        .where(LogLeaf.id == placed.c.id)
        .values(leaf_index=placed.c.place)
        .returning(LogLeaf.leaf_index, LogLeaf.leaf_hash)
        .execution_options(synchronize_session=False)
    )
    rows = (await session.execute(statement)).all()
    return [found for _, found in sorted((row.leaf_index, row.leaf_hash) for row in rows)]


async def move_head(session: AsyncSession, *, old_size: int, size: int, root: bytes, peaks: bytes) -> bool:
    """False when somebody else moved it: the caller rolls back."""
    statement = (
        update(LogHead)
        .where(LogHead.id == HEAD, LogHead.size == old_size)
        .values(size=size, root=root, peaks=peaks)
        .returning(LogHead.id)
        .execution_options(synchronize_session=False)
    )
    return await session.scalar(statement) is not None


async def publish(
    session: AsyncSession,
    *,
    old_size: int,
    size: int,
    root: bytes,
    edge: bytes,
    checkpoint: str,
    now: datetime,
) -> bool:
    """Show a larger tree, whose tiles are all stored; False when somebody else did."""
    statement = (
        update(LogHead)
        .where(LogHead.id == HEAD, LogHead.published_size == old_size, LogHead.size >= size)
        .values(published_size=size, published_root=root, edge=edge, checkpoint=checkpoint, published_at=now)
        .returning(LogHead.id)
        .execution_options(synchronize_session=False)
    )
    return await session.scalar(statement) is not None


async def replace_checkpoint(session: AsyncSession, *, old: str, new: str) -> bool:
    """The same checkpoint with more signatures; False when a later one is shown already."""
    statement = (
        update(LogHead)
        .where(LogHead.id == HEAD, LogHead.checkpoint == old)
        .values(checkpoint=new)
        .returning(LogHead.id)
        .execution_options(synchronize_session=False)
    )
    return await session.scalar(statement) is not None


async def list_leaves(session: AsyncSession, start: int, end: int) -> Sequence[tuple[bytes, bytes]]:
    """(hash, entry) of the leaves in these places, in order."""
    statement = (
        select(LogLeaf.leaf_hash, LogLeaf.entry)
        .where(LogLeaf.leaf_index >= start, LogLeaf.leaf_index < end)
        .order_by(LogLeaf.leaf_index)
    )
    return [(row.leaf_hash, row.entry) for row in await session.execute(statement)]


async def find_leaf(session: AsyncSession, leaf_id: int) -> LogLeaf | None:
    return await session.get(LogLeaf, leaf_id, populate_existing=True)


async def count_pending(session: AsyncSession) -> int:
    statement = select(func.count()).where(LogLeaf.leaf_index.is_(None))
    return (await session.scalar(statement)) or 0


async def find_witness(session: AsyncSession, name: str) -> LogWitness | None:
    return await session.get(LogWitness, name, populate_existing=True)


async def note_witness(
    session: AsyncSession, name: str, *, seen_size: int, seen_at: datetime | None, failure: str | None
) -> None:
    """Remember how far a witness has seen; never less than before."""
    statement = upsert(LogWitness).values(name=name, seen_size=seen_size, seen_at=seen_at, failure=failure)
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[LogWitness.name],
            set_={
                "seen_size": func.greatest(LogWitness.seen_size, statement.excluded.seen_size),
                "seen_at": func.coalesce(statement.excluded.seen_at, LogWitness.seen_at),
                "failure": statement.excluded.failure,
            },
        )
    )
