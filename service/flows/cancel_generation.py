"""The owner stops a job, queued or running."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from models.generation import Generation, JobState
from service.flows.finish_generation import settle_ended
from service.flows.who_pays import decide_payment
from service.jobs import queries as jobs
from service.jobs.errors import NotCancellableError


async def cancel_generation(
    session: AsyncSession, job_id: UUID, *, owner_id: UUID, now: datetime
) -> Generation:
    """Cancel a queued job at once; ask a running one to stop. Repeating it changes nothing.

    Returns: the job as it then stands: CANCELLED, or RUNNING until its worker has stopped.
    Raises: GenerationNotFoundError, NotCancellableError when it ended otherwise.
    """
    job = await jobs.get_job(session, job_id, owner_id=owner_id)
    if await jobs.cancel_queued(session, job_id):
        await settle_ended(session, job_id, owner_id, decide_payment(JobState.CANCELLED), now=now)
    elif not await jobs.ask_to_cancel(session, job_id):
        await session.refresh(job)
        if job.state is not JobState.CANCELLED:
            raise NotCancellableError(f"This generation has {job.state.value}.")
    await session.refresh(job)
    return job
