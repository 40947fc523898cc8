"""The archive of an ended batch: what is due, what goes in, what became of it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from models.batch import ArchiveState, Batch
from models.generation import Generation
from models.work import Work

MAX_ATTEMPTS: Final = 5


def key_of(batch_id: UUID) -> str:
    """Where the archive lies, or would."""
    return f"batches/{batch_id}/cards.zip"


async def begin(session: AsyncSession) -> Batch | None:
    """The next batch to pack, one attempt counted; None when nothing is due.

    Those with fewer attempts come first, so that one that cannot be packed keeps nobody waiting. After
    MAX_ATTEMPTS it is set aside and None is returned in its place.
    """
    due = (
        select(Batch)
        .where(Batch.archive_state == ArchiveState.DUE)
        .order_by(Batch.archive_attempts, Batch.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    batch = await session.scalar(due)
    if batch is None:
        return None
    if batch.archive_attempts >= MAX_ATTEMPTS:
        batch.archive_state = ArchiveState.FAILED
        return None
    batch.archive_attempts += 1
    return batch


async def list_works(session: AsyncSession, batch_id: UUID) -> Sequence[Work]:
    """The batch's works with their files."""
    statement = (
        select(Work)
        .join(Generation, Generation.id == Work.generation_id)
        .where(Generation.batch_id == batch_id, Work.erased_at.is_(None))
        .options(selectinload(Work.files))
    )
    return (await session.scalars(statement)).all()


async def finish(session: AsyncSession, batch_id: UUID, *, object_key: str, size_bytes: int) -> bool:
    """Mark an archive as ready; False when it is no longer due, such as after an erasure."""
    statement = (
        update(Batch)
        .where(Batch.id == batch_id, Batch.archive_state == ArchiveState.DUE)
        .values(archive_state=ArchiveState.READY, object_key=object_key, archive_bytes=size_bytes)
        .returning(Batch.id)
    )
    return await session.scalar(statement) is not None


async def find_ready(session: AsyncSession, batch_id: UUID) -> tuple[str, datetime] | None:
    """(object key, when the batch ended) of a ready archive, for whoever holds a signed link to it."""
    statement = select(Batch.object_key, Batch.created_at).where(
        Batch.id == batch_id, Batch.archive_state == ArchiveState.READY
    )
    row = (await session.execute(statement)).one_or_none()
    return None if row is None or row.object_key is None else (row.object_key, row.created_at)


async def give_up(session: AsyncSession, batch_id: UUID) -> None:
    """There is nothing to pack."""
    await session.execute(
        update(Batch)
        .where(Batch.id == batch_id, Batch.archive_state == ArchiveState.DUE)
        .values(archive_state=ArchiveState.NONE)
    )


async def withdraw(session: AsyncSession, owner_id: UUID) -> Sequence[str]:
    """Let no archive of the owner be served or finished any more; the keys of all there may be.

    One that is being packed now finds out when it wants to finish, and deletes its object itself.
    """
    statement = (
        update(Batch)
        .where(Batch.owner_id == owner_id, Batch.started_at.is_not(None))
        .values(archive_state=ArchiveState.NONE, object_key=None, archive_bytes=None)
        .returning(Batch.id)
    )
    return [key_of(batch_id) for batch_id in await session.scalars(statement)]
