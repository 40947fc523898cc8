"""Bring one claimed job to rest: its state, its work and its credits in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing import holds
from core.ids import new_id
from models.base import Json
from models.generation import JobState
from models.work import Work, WorkFile
from service.batches import queries as batches
from service.flows.qualify_help import qualify_help
from service.flows.settle_row import settle_row
from service.flows.tell_client import tell_batch_finished, tell_jobs_ended
from service.flows.who_pays import Payment, decide_payment
from service.jobs import queries as jobs
from service.jobs.claims import ClaimedJob
from service.jobs.products import MadeFile, Product


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a product, where the object store has it."""

    made: MadeFile
    object_key: str
    sha256: bytes


async def succeed(
    session: AsyncSession, job: ClaimedJob, product: Product, files: Sequence[StoredFile], *, now: datetime
) -> UUID:
    """End as succeeded: work and files stored, hold settled; the work's id.

    Raises: StaleLeaseError; nothing was written.
    """
    await _end(session, job, JobState.SUCCEEDED)
    work = Work(
        id=new_id(),
        owner_id=job.owner_id,
        generation_id=job.id,
        kind=job.kind,
        title=product.title,
        text=product.text,
        language=product.language,
        provenance=dict(product.provenance),
        details=dict(product.details),
    )
    session.add(work)
    await session.flush()
    session.add_all(_file_row(work.id, file) for file in files)
    await settle_ended(session, job.id, job.owner_id, Payment.SETTLE, proves_real=True, now=now)
    return work.id


async def reject(
    session: AsyncSession, job: ClaimedJob, problem: Json, *, free_rejections: int, now: datetime
) -> None:
    """End as refused by moderation: released, unless it happened too often today.

    Raises: StaleLeaseError; nothing was written.
    """
    await _end(session, job, JobState.REJECTED, problem)
    count = await jobs.count_rejection(session, job.owner_id, now.date())
    payment = decide_payment(JobState.REJECTED, rejections_today=count, free_rejections=free_rejections)
    await settle_ended(session, job.id, job.owner_id, payment, now=now)


async def cancel_running(session: AsyncSession, job: ClaimedJob, *, share_done: float, now: datetime) -> None:
    """End as cancelled by the owner, charged by the share of steps that were done.

    Raises: StaleLeaseError; nothing was written.
    """
    await _end(session, job, JobState.CANCELLED)
    payment = decide_payment(JobState.CANCELLED, share_done=share_done)
    await settle_ended(session, job.id, job.owner_id, payment, now=now)


async def fail(
    session: AsyncSession, job: ClaimedJob, problem: Json, *, max_attempts: int, now: datetime
) -> JobState:
    """Queue another attempt, or end as failed with the hold released when attempts are spent.

    Args:
        max_attempts: 0 when no further attempt can help.
    Returns: QUEUED or FAILED.
    Raises: StaleLeaseError; nothing was written.
    """
    if job.attempts < max_attempts:
        await jobs.requeue(session, job.id, attempts=job.attempts, leased_by=job.leased_by)
        return JobState.QUEUED
    await _end(session, job, JobState.FAILED, problem)
    await settle_ended(session, job.id, job.owner_id, decide_payment(JobState.FAILED), now=now)
    return JobState.FAILED


async def settle_ended(
    session: AsyncSession,
    job_id: UUID,
    owner_id: UUID,
    payment: Payment,
    *,
    now: datetime,
    proves_real: bool = False,
) -> None:
    """What every end of a job has in common: its hold is closed, one job less is in flight, clients are told.

    A row of a batch decides its share of the batch's hold instead, and never was in flight.

    Args:
        proves_real: a work was made, so helps that the owner gave to others qualify.
    """
    share = await batches.find_share(session, job_id)
    if share is not None:
        is_last = await settle_row(session, job_id, share, payment, now=now)
        if proves_real:
            await qualify_help(session, owner_id, now=now)
        await tell_jobs_ended(session, [job_id], owner_id=owner_id, now=now)
        if is_last:
            await tell_batch_finished(session, share.batch_id, owner_id=owner_id, now=now)
        return
    if payment is Payment.SETTLE:
        await holds.settle(session, job_id, now=now)
    else:
        await holds.release(session, job_id, now=now)
    await jobs.leave_queue(session, owner_id)
    if proves_real:
        await qualify_help(session, owner_id, now=now)
    await tell_jobs_ended(session, [job_id], owner_id=owner_id, now=now)


async def _end(session: AsyncSession, job: ClaimedJob, state: JobState, problem: Json | None = None) -> None:
    await jobs.end_claimed(
        session, job.id, attempts=job.attempts, leased_by=job.leased_by, state=state, problem=problem
    )


def _file_row(work_id: UUID, file: StoredFile) -> WorkFile:
    made = file.made
    return WorkFile(
        work_id=work_id,
        role=made.role,
        media_type=made.media_type,
        width_px=made.width_px,
        height_px=made.height_px,
        size_bytes=len(made.content),
        sha256=file.sha256,
        object_key=file.object_key,
    )
