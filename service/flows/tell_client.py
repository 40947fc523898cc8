"""Write into the outbox what a client's back end wants to know, beside the change that it tells of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from models.generation import JobState
from service.batches import queries as batches
from service.jobs import queries as jobs
from service.outbox import queries as outbox
from service.outbox.events import EventType

JOB_EVENTS: Final[Mapping[JobState, EventType]] = {
    JobState.SUCCEEDED: EventType.GENERATION_SUCCEEDED,
    JobState.REJECTED: EventType.GENERATION_REJECTED,
    JobState.FAILED: EventType.GENERATION_FAILED,
    JobState.CANCELLED: EventType.GENERATION_CANCELLED,
}


async def tell_jobs_ended(
    session: AsyncSession, job_ids: Sequence[UUID], *, owner_id: UUID, now: datetime
) -> None:
    """Tell of jobs of one owner that ended alike, in this transaction. The last thing that it locks.

    Whoever has no endpoint costs one look at an index.
    """
    if not await outbox.is_heard(session, owner_id):
        return
    found = await jobs.describe_ends(session, job_ids)
    (event,) = {JOB_EVENTS[state] for _, _, state, _, _ in found}
    data = [
        {"generation_id": job_id, "kind": kind, "work_id": work_id, "batch_id": batch_id}
        for job_id, kind, _, batch_id, work_id in found
    ]
    await outbox.append_all(session, owner_id, event, data, now=now)


async def tell_batch_finished(
    session: AsyncSession, batch_id: UUID, *, owner_id: UUID, now: datetime
) -> None:
    """Tell of a batch whose last job has ended in this transaction."""
    if not await outbox.is_heard(session, owner_id):
        return
    batch = await batches.get_batch(session, batch_id, owner_id=owner_id)
    data = {"batch_id": batch.id, "state": batch.state.value}
    await outbox.append(session, owner_id, EventType.BATCH_FINISHED, data, now=now)
