"""Reading jobs, and moving them along the edges of TRANSITIONS by compare-and-set."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, case, func, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.base import Json
from models.credit import CreditAccount
from models.generation import ENDS, TRANSITIONS, Generation, JobState
from models.work import Work
from service.jobs.errors import GenerationNotFoundError, StaleLeaseError

POSITION_CAP: Final = 1000


async def get_job(session: AsyncSession, job_id: UUID, *, owner_id: UUID) -> Generation:
    """The owner's job. Raises: GenerationNotFoundError, also for somebody else's."""
    statement = select(Generation).where(Generation.id == job_id, Generation.owner_id == owner_id)
    job = await session.scalar(statement)
    if job is None:
        raise GenerationNotFoundError("There is no such generation.")
    return job


async def list_jobs(
    session: AsyncSession, owner_id: UUID, *, before_id: UUID | None, limit: int
) -> Sequence[Generation]:
    """The owner's jobs, newest first."""
    statement = (
        select(Generation).where(Generation.owner_id == owner_id).order_by(Generation.id.desc()).limit(limit)
    )
    if before_id is not None:
        statement = statement.where(Generation.id < before_id)
    return (await session.scalars(statement)).all()


async def list_unfinished(session: AsyncSession, owner_id: UUID) -> Sequence[Generation]:
    """The owner's jobs that are queued or running; at most as many as the tier allows, rows included."""
    statement = select(Generation).where(
        Generation.owner_id == owner_id, Generation.state.in_((JobState.QUEUED, JobState.RUNNING))
    )
    return (await session.scalars(statement)).all()


async def erase_specs(session: AsyncSession, owner_id: UUID) -> None:
    """Forget what a closed account asked for; states, prices and times stay."""
    await session.execute(
        update(Generation).where(Generation.owner_id == owner_id).values(spec={}, problem=None)
    )


async def find_work_ids(session: AsyncSession, job_ids: Sequence[UUID]) -> dict[UUID, UUID]:
    """Work id by job id, for the jobs that made one that still exists."""
    statement = select(Work.generation_id, Work.id).where(
        Work.generation_id.in_(job_ids), Work.erased_at.is_(None)
    )
    return {row.generation_id: row.id for row in await session.execute(statement)}


async def describe_ends(
    session: AsyncSession, job_ids: Sequence[UUID]
) -> Sequence[Row[UUID, str, JobState, UUID | None, UUID | None]]:
    """(id, kind, state, batch's id, work's id) of jobs as this transaction left them, by id."""
    statement = (
        select(Generation.id, Generation.kind, Generation.state, Generation.batch_id, Work.id)
        .outerjoin(Work, (Work.generation_id == Generation.id) & Work.erased_at.is_(None))
        .where(Generation.id.in_(job_ids))
        .order_by(Generation.id)
    )
    return (await session.execute(statement)).all()


async def count_ahead(session: AsyncSession, job: Generation) -> int:
    """Queued jobs that stand before this one, counted to POSITION_CAP at most."""
    ahead = (
        select(Generation.id)
        .where(
            Generation.state == JobState.QUEUED,
            tuple_(Generation.fair_time, Generation.id) < (job.fair_time, job.id),
        )
        .limit(POSITION_CAP)
        .subquery()
    )
    return await session.scalar(select(func.count()).select_from(ahead)) or 0


async def end_claimed(
    session: AsyncSession,
    job_id: UUID,
    *,
    attempts: int,
    leased_by: UUID,
    state: JobState,
    problem: Json | None = None,
) -> None:
    """End the attempt this worker owns. Raises: StaleLeaseError when it no longer does."""
    ended = await _move(
        session,
        Generation.id == job_id,
        Generation.attempts == attempts,
        Generation.leased_by == leased_by,
        start=JobState.RUNNING,
        end=state,
        problem=problem,
    )
    if ended is None:
        raise StaleLeaseError


async def cancel_queued(session: AsyncSession, job_id: UUID) -> bool:
    """End a queued job as cancelled; False when it is no longer queued."""
    ended = await _move(session, Generation.id == job_id, start=JobState.QUEUED, end=JobState.CANCELLED)
    return ended is not None


async def ask_to_cancel(session: AsyncSession, job_id: UUID) -> bool:
    """Leave the wish with a running job; its worker sees it within a second. False when not running."""
    statement = (
        update(Generation)
        .where(Generation.id == job_id, Generation.state == JobState.RUNNING)
        .values(cancel_requested_at=func.coalesce(Generation.cancel_requested_at, func.now()))
        .returning(Generation.id)
    )
    return await session.scalar(statement) is not None


async def requeue(session: AsyncSession, job_id: UUID, *, attempts: int, leased_by: UUID) -> None:
    """Put a failed attempt's job back in its old place. Raises: StaleLeaseError."""
    await end_claimed(session, job_id, attempts=attempts, leased_by=leased_by, state=JobState.QUEUED)


async def lose_attempt(
    session: AsyncSession, job: Generation, state: JobState, *, problem: Json | None
) -> bool:
    """Move a job whose lease ran out; False when its worker ended it first."""
    moved = await _move(
        session,
        Generation.id == job.id,
        Generation.attempts == job.attempts,
        start=JobState.RUNNING,
        end=state,
        problem=problem,
    )
    return moved is not None


async def find_expired(session: AsyncSession, *, limit: int) -> Sequence[Generation]:
    """Running jobs whose lease has run out, locked for this sweep; others sweep other rows."""
    statement = (
        select(Generation)
        .where(Generation.state == JobState.RUNNING, Generation.lease_expires_at < func.now())
        .order_by(Generation.lease_expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(statement)).all()


async def find_waiting(session: AsyncSession, *, since: datetime, limit: int) -> Sequence[Generation]:
    """Jobs that were queued before `since` and still are, the oldest first, locked; others take others."""
    statement = (
        select(Generation)
        .where(
            Generation.state == JobState.QUEUED,
            Generation.created_at < since,
            Generation.fair_time < since,  # rows of a long list stand in line for hours, as they were told
        )
        .order_by(Generation.created_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return (await session.scalars(statement)).all()


async def give_up_queued(session: AsyncSession, job_id: UUID, *, problem: Json) -> bool:
    """End a queued job as failed; False when it is no longer queued."""
    ended = await _move(
        session, Generation.id == job_id, start=JobState.QUEUED, end=JobState.FAILED, problem=problem
    )
    return ended is not None


async def has_waited(session: AsyncSession, since: datetime) -> bool:
    """Whether some job was queued before `since` and still is."""
    waiting = (
        select(Generation.id)
        .where(Generation.state == JobState.QUEUED, Generation.created_at < since)
        .order_by(Generation.fair_time, Generation.id)  # who stands first has waited longest, as a rule
        .limit(1)
    )
    return await session.scalar(waiting) is not None


async def leave_queue(session: AsyncSession, owner_id: UUID) -> None:
    """Count one job less in flight; called once with every end of a job."""
    await session.execute(
        update(CreditAccount)
        .where(CreditAccount.user_id == owner_id)
        .values(in_flight=CreditAccount.in_flight - 1)
    )


async def count_rejection(session: AsyncSession, owner_id: UUID, today: date) -> int:
    """Count one refused output of this user today; the number so far, this one included."""
    statement = (
        update(CreditAccount)
        .where(CreditAccount.user_id == owner_id)
        .values(
            rejected_on=today,
            rejected_count=case(
                (CreditAccount.rejected_on == today, CreditAccount.rejected_count + 1), else_=1
            ),
        )
        .returning(CreditAccount.rejected_count)
    )
    return (await session.execute(statement)).scalar_one()


async def _move(
    session: AsyncSession,
    *conditions: ColumnElement[bool],
    start: JobState,
    end: JobState,
    problem: Json | None = None,
) -> UUID | None:
    """The one place where a state changes: along an edge, from exactly the state it was seen in."""
    if end not in TRANSITIONS[start]:
        raise ValueError(f"no edge from {start} to {end}")
    statement = (
        update(Generation)
        .where(*conditions, Generation.state == start)
        .values(
            state=end,
            lease_expires_at=None,
            leased_by=None,
            finished_at=func.now() if end in ENDS else None,
            problem=problem,
        )
        .returning(Generation.id)
    )
    return await session.scalar(statement)


LIVE_DEPTH: Final = text("""
SELECT kind, count(*) AS depth, coalesce(extract(epoch FROM now() - min(created_at)), 0) AS oldest_seconds
FROM generations WHERE state = 'queued' GROUP BY kind
""")


async def measure_queue(session: AsyncSession) -> Sequence[tuple[str, int, float]]:
    """(kind, jobs queued, age of the oldest in seconds) for the metrics page."""
    rows = (await session.execute(LIVE_DEPTH)).all()
    return [(row.kind, row.depth, float(row.oldest_seconds)) for row in rows]
