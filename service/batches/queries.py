"""Reading batches and their rows, and moving them along the edges of BATCH_TRANSITIONS by compare-and-set."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Row, case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.batch import BATCH_ENDS, ArchiveState, Batch, BatchRow, BatchState
from models.generation import Generation, JobState
from models.work import Work
from service.batches.errors import BatchNotFoundError

LIVE: Final = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class Share:
    """What a job is of its batch's hold."""

    batch_id: UUID
    price_credits: int


async def find_share(session: AsyncSession, job_id: UUID) -> Share | None:
    """The job's share; None for a job that is no row of a batch."""
    statement = select(Generation.batch_id, Generation.price_credits).where(Generation.id == job_id)
    batch_id, price_credits = (await session.execute(statement)).one()
    return None if batch_id is None else Share(batch_id, price_credits)


async def get_batch(session: AsyncSession, batch_id: UUID, *, owner_id: UUID) -> Batch:
    """The owner's batch as it now stands. Raises: BatchNotFoundError, also for somebody else's."""
    statement = select(Batch).where(Batch.id == batch_id, Batch.owner_id == owner_id)
    batch = await session.scalar(statement, execution_options={"populate_existing": True})
    if batch is None:
        raise BatchNotFoundError("There is no such batch.")
    return batch


async def find_by_key(session: AsyncSession, owner_id: UUID, key: str) -> Batch | None:
    statement = select(Batch).where(Batch.owner_id == owner_id, Batch.idempotency_key == key)
    return await session.scalar(statement)


async def list_batches(
    session: AsyncSession, owner_id: UUID, *, before_id: UUID | None, limit: int
) -> Sequence[Batch]:
    """The owner's batches, newest first."""
    statement = select(Batch).where(Batch.owner_id == owner_id).order_by(Batch.id.desc()).limit(limit)
    if before_id is not None:
        statement = statement.where(Batch.id < before_id)
    return (await session.scalars(statement)).all()


async def list_open(session: AsyncSession, owner_id: UUID) -> Sequence[Batch]:
    """The owner's batches that have not ended."""
    statement = select(Batch).where(Batch.owner_id == owner_id, Batch.state.not_in(BATCH_ENDS))
    return (await session.scalars(statement)).all()


async def count_quotes(session: AsyncSession, owner_id: UUID, now: datetime) -> int:
    """The owner's quotes that can still be started: of theirs alone, or a plan may go over everybody's."""
    can_be_started = (Batch.state == BatchState.QUOTED) & (Batch.expires_at > now)
    statement = select(func.count().filter(can_be_started)).where(Batch.owner_id == owner_id)
    return (await session.execute(statement)).scalar_one()


async def list_rows(
    session: AsyncSession, batch_id: UUID, *, after: int = 0, limit: int
) -> Sequence[Row[BatchRow, Generation | None, UUID | None]]:
    """(row, its job once started, its work's id once made), in the order in which they were sent."""
    statement = (
        select(BatchRow, Generation, Work.id)
        .outerjoin(Generation, Generation.id == BatchRow.id)
        .outerjoin(Work, (Work.generation_id == BatchRow.id) & Work.erased_at.is_(None))
        .where(BatchRow.batch_id == batch_id, BatchRow.position > after)
        .order_by(BatchRow.position)
        .limit(limit)
    )
    return (await session.execute(statement)).all()


async def list_bad_rows(session: AsyncSession, batch_id: UUID) -> Sequence[BatchRow]:
    statement = (
        select(BatchRow)
        .where(BatchRow.batch_id == batch_id, BatchRow.problems.is_not(None))
        .order_by(BatchRow.position)
    )
    return (await session.scalars(statement)).all()


async def list_good_rows(session: AsyncSession, batch_id: UUID) -> Sequence[BatchRow]:
    statement = (
        select(BatchRow)
        .where(BatchRow.batch_id == batch_id, BatchRow.spec.is_not(None))
        .order_by(BatchRow.position)
    )
    return (await session.scalars(statement)).all()


async def count_jobs(session: AsyncSession, batch_ids: Sequence[UUID]) -> Mapping[UUID, Counter[JobState]]:
    """Jobs by state, for each of the batches."""
    statement = (
        select(Generation.batch_id, Generation.state, func.count())
        .where(Generation.batch_id.in_(batch_ids))
        .group_by(Generation.batch_id, Generation.state)
    )
    counts: dict[UUID, Counter[JobState]] = {batch_id: Counter() for batch_id in batch_ids}
    for batch_id, state, count in await session.execute(statement):
        if batch_id is not None:
            counts[batch_id][state] = count
    return counts


async def measure_live_rows(session: AsyncSession, owner_id: UUID) -> tuple[int, datetime | None]:
    """How many rows of the owner's batches are queued or running, and the last of their tags."""
    statement = select(func.count(), func.max(Generation.fair_time)).where(
        Generation.owner_id == owner_id, Generation.batch_id.is_not(None), Generation.state.in_(LIVE)
    )
    count, last_tag = (await session.execute(statement)).one()
    return count, last_tag


async def find_last_queued(session: AsyncSession, batch_id: UUID) -> Generation | None:
    """The batch's job that will be served last."""
    statement = (
        select(Generation)
        .where(Generation.batch_id == batch_id, Generation.state == JobState.QUEUED)
        .order_by(Generation.fair_time.desc(), Generation.id.desc())
        .limit(1)
    )
    return await session.scalar(statement)


async def list_live_jobs(session: AsyncSession, batch_id: UUID) -> Sequence[UUID]:
    statement = select(Generation.id).where(Generation.batch_id == batch_id, Generation.state.in_(LIVE))
    return (await session.scalars(statement)).all()


async def start(session: AsyncSession, batch_id: UUID, *, owner_id: UUID, key: str, now: datetime) -> bool:
    """Move a quote to RUNNING; False when it is no quote any more, ran out or has no good row."""
    statement = (
        update(Batch)
        .where(Batch.id == batch_id, Batch.owner_id == owner_id, Batch.state == BatchState.QUOTED)
        .where(Batch.expires_at > now, Batch.rows_good > 0)
        .values(state=BatchState.RUNNING, started_at=now, start_key=key)
        .returning(Batch.id)
    )
    return await session.scalar(statement) is not None


async def cancel_quote(session: AsyncSession, batch_id: UUID, *, now: datetime) -> bool:
    """End a quote that was not started; False when it is none any more."""
    statement = (
        update(Batch)
        .where(Batch.id == batch_id, Batch.state == BatchState.QUOTED)
        .values(state=BatchState.CANCELLED, finished_at=now)
        .returning(Batch.id)
    )
    return await session.scalar(statement) is not None


async def cancel_queued_jobs(session: AsyncSession, batch_id: UUID) -> Sequence[tuple[UUID, int]]:
    """End the batch's queued jobs as cancelled: (id, price in credits) of each.

    Locked in id order, so that two that cancel at once cannot wait for each other in a circle.
    """
    queued = (
        select(Generation.id)
        .where(Generation.batch_id == batch_id, Generation.state == JobState.QUEUED)
        .order_by(Generation.id)
        .with_for_update()
        .cte("queued")
    )
    statement = (
        update(Generation)
        .where(Generation.id.in_(select(queued.c.id)), Generation.state == JobState.QUEUED)
        .values(state=JobState.CANCELLED, finished_at=func.now())
        .returning(Generation.id, Generation.price_credits)
        .execution_options(synchronize_session=False)
    )
    return [(job_id, price) for job_id, price in await session.execute(statement)]


async def ask_to_cancel(session: AsyncSession, batch_id: UUID, *, now: datetime) -> bool:
    """Leave the wish with a running batch: it will end as CANCELLED. False when it is not running."""
    statement = (
        update(Batch)
        .where(Batch.id == batch_id, Batch.state == BatchState.RUNNING)
        .values(cancel_requested_at=func.coalesce(Batch.cancel_requested_at, now))
        .returning(Batch.id)
    )
    return await session.scalar(statement) is not None


async def finish(session: AsyncSession, batch_id: UUID, *, now: datetime) -> None:
    """End a running batch, whose hold has just been closed, and have its works packed."""
    wish = Batch.cancel_requested_at.is_not(None)
    statement = (
        update(Batch)
        .where(Batch.id == batch_id, Batch.state == BatchState.RUNNING)
        .values(
            state=case((wish, BatchState.CANCELLED.value), else_=BatchState.DONE.value),
            finished_at=now,
            archive_state=ArchiveState.DUE,
        )
        .returning(Batch.id)
    )
    if await session.scalar(statement) is None:
        raise RuntimeError(f"batch {batch_id} closed its hold but was not running")


async def expire_quotes(session: AsyncSession, *, now: datetime, limit: int) -> int:
    """End quotes whose time is over and forget their rows; how many were found."""
    due = (
        select(Batch.id)
        .where(Batch.state == BatchState.QUOTED, Batch.expires_at <= now)
        .order_by(Batch.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = (await session.scalars(due)).all()
    statement = update(Batch).where(Batch.id.in_(ids)).values(state=BatchState.EXPIRED, finished_at=now)
    await session.execute(statement)
    await delete_rows(session, ids)
    return len(ids)


async def delete_rows(session: AsyncSession, batch_ids: Sequence[UUID]) -> None:
    """Forget what was sent."""
    await session.execute(delete(BatchRow).where(BatchRow.batch_id.in_(batch_ids)))


async def erase(session: AsyncSession, owner_id: UUID) -> None:
    """Forget what the owner's batches said; their archives are gone already."""
    ids = (await session.scalars(select(Batch.id).where(Batch.owner_id == owner_id))).all()
    await delete_rows(session, ids)
    await session.execute(update(Batch).where(Batch.owner_id == owner_id).values(template={}))
