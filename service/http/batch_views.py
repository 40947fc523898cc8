"""Batches and their rows as they are shown."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from generators.specs import Kind
from models.batch import ArchiveState, Batch, BatchRow, BatchState
from models.generation import ENDS, Generation, JobState
from service.batches import queries as batches
from service.http.batch_schemas import (
    ArchiveRead,
    BatchRead,
    BatchSummary,
    JobCounts,
    RowProblem,
    RowRead,
    RowTotals,
    RowWork,
)
from service.jobs import queries as jobs
from service.wiring import Services

AREA: Final = "archives"  # of the signed links to ZIPs


async def read_batch(services: Services, session: AsyncSession, batch: Batch) -> BatchRead:
    counts = await batches.count_jobs(session, [batch.id])
    summary = await summarise(services, session, batch, counts[batch.id])
    problems = [
        RowProblem(line=row.line, loc=found["loc"], msg=found["msg"], code=found["code"])
        for row in await batches.list_bad_rows(session, batch.id)
        for found in row.problems or ()
    ]
    return BatchRead(**dict(summary), problems=problems)


async def summarise(
    services: Services, session: AsyncSession, batch: Batch, counts: Counter[JobState]
) -> BatchSummary:
    ended = sum(counts[state] for state in ENDS)
    return BatchSummary(
        id=batch.id,
        kind=Kind.CARD.value,
        state=state_at(services, batch),
        rows=RowTotals(total=batch.rows_total, good=batch.rows_good, bad=batch.rows_total - batch.rows_good),
        unit_price_credits=batch.unit_price_credits,
        price_credits=batch.price_credits,
        counts=count_by_state(counts),
        progress=round(ended / batch.rows_good, 3) if batch.rows_good else 0.0,
        eta_seconds=await _estimate(services, session, batch),
        created_at=batch.created_at,
        expires_at=batch.expires_at,
        started_at=batch.started_at,
        finished_at=batch.finished_at,
        archive=_archive(services, batch),
    )


def state_at(services: Services, batch: Batch) -> BatchState:
    """A quote whose time is over has expired, whether or not the keeper has been there yet."""
    is_over = batch.state is BatchState.QUOTED and batch.expires_at <= services.clock()
    return BatchState.EXPIRED if is_over else batch.state


def count_by_state(counts: Counter[JobState]) -> JobCounts:
    return JobCounts(**{state.value: counts[state] for state in JobState})


async def _estimate(services: Services, session: AsyncSession, batch: Batch) -> int | None:
    """Seconds until the row that stands last will be done."""
    if batch.state is not BatchState.RUNNING:
        return None
    last = await batches.find_last_queued(session, batch.id)
    ahead = await jobs.count_ahead(session, last) if last is not None else 0
    return await services.estimates.eta_seconds(Kind.CARD.value, jobs_ahead=ahead)


def _archive(services: Services, batch: Batch) -> ArchiveRead | None:
    if batch.archive_state is ArchiveState.NONE:
        return None
    is_ready = batch.archive_state is ArchiveState.READY
    return ArchiveRead(
        state=batch.archive_state,
        size_bytes=batch.archive_bytes,
        url=services.links.sign(AREA, batch.id, now=services.clock()) if is_ready else None,
    )


def read_row(row: BatchRow, job: Generation | None, work_id: UUID | None) -> RowRead:
    return RowRead(
        line=row.line,
        position=row.position,
        state="bad" if row.problems else job.state.value if job else BatchState.QUOTED.value,
        recipient=str(row.spec["recipient"]) if row.spec else None,
        generation_id=job.id if job else None,
        work=_work(work_id) if work_id else None,
        problem=_problem(row.problems) if row.problems else job.problem if job else None,
    )


def _work(work_id: UUID) -> RowWork:
    return RowWork(id=work_id, kind=Kind.CARD.value, url=f"/v1/works/{work_id}")


def _problem(problems: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    errors = [{"loc": found["loc"], "msg": found["msg"]} for found in problems]
    return {**problems[0], "errors": errors}
