"""The owner stops a batch: what waits at once, what runs as soon as it can."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing import holds
from core.database import Sessions
from models.batch import Batch, BatchState
from service.batches import queries as batches
from service.flows.cancel_generation import cancel_generation
from service.flows.tell_client import tell_batch_finished, tell_jobs_ended
from service.jobs.errors import NotCancellableError


async def cancel_batch(session: AsyncSession, batch_id: UUID, *, owner_id: UUID, now: datetime) -> Batch:
    """Withdraw a quote, or cancel the queued rows of a running batch and return their credits.

    Locks in the order of every job's end: jobs, hold, account, batch. Running rows are left to
    `stop_running_rows`, after the commit. Repeating it changes nothing.

    Returns: the batch as it then stands: CANCELLED, or RUNNING until its last job has ended.
    Raises: BatchNotFoundError, NotCancellableError when it ended otherwise.
    """
    await batches.get_batch(session, batch_id, owner_id=owner_id)
    if await batches.cancel_quote(session, batch_id, now=now):
        await batches.delete_rows(session, [batch_id])
        return await batches.get_batch(session, batch_id, owner_id=owner_id)
    cancelled = await batches.cancel_queued_jobs(session, batch_id)
    is_last = await _release_all(session, batch_id, cancelled, now)
    is_running = await batches.ask_to_cancel(session, batch_id, now=now)
    if is_last:
        await batches.finish(session, batch_id, now=now)
    if cancelled:
        await tell_jobs_ended(session, [job_id for job_id, _ in cancelled], owner_id=owner_id, now=now)
    if is_last:
        await tell_batch_finished(session, batch_id, owner_id=owner_id, now=now)
    batch = await batches.get_batch(session, batch_id, owner_id=owner_id)
    if not is_running and batch.state is not BatchState.CANCELLED:
        raise NotCancellableError(f"This batch is {batch.state.value}.")
    return batch


async def _release_all(
    session: AsyncSession, batch_id: UUID, cancelled: Sequence[tuple[UUID, int]], now: datetime
) -> bool:
    """Whether the hold was closed with them."""
    if not cancelled:
        return False
    return await holds.release_share(
        session,
        batch_id,
        share_id=min(job_id for job_id, _ in cancelled),  # of all of them; a job is cancelled only once
        amount_credits=sum(price for _, price in cancelled),
        now=now,
    )


async def stop_running_rows(sessions: Sessions, batch_id: UUID, *, owner_id: UUID, now: datetime) -> None:
    """Ask the rows that still run to stop, one by one: a lock on many would cross a worker's heartbeat.

    Dying in between leaves rows that finish as if nobody had asked, and are paid for.
    """
    async with sessions() as session:
        job_ids = await batches.list_live_jobs(session, batch_id)
    for job_id in job_ids:
        try:
            async with sessions.begin() as session:
                await cancel_generation(session, job_id, owner_id=owner_id, now=now)
        except NotCancellableError:
            continue  # it ended by itself meanwhile
