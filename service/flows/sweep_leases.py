"""Jobs whose worker went silent: back into the queue, or set aside when they spent their attempts."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from models.generation import Generation, JobState
from service.flows.finish_generation import settle_ended
from service.flows.who_pays import decide_payment
from service.jobs import queries as jobs

SWEEP_LIMIT: Final = 100
ATTEMPTS_SPENT: Final = {
    "code": "attempts_spent",
    "title": "The work could not be made",
    "detail": "Every attempt was interrupted. Your credits were returned.",
}


@dataclass(frozen=True, slots=True)
class Swept:
    job_id: UUID
    state: JobState


async def sweep_leases(session: AsyncSession, *, max_attempts: int, now: datetime) -> list[Swept]:
    """Move every job with an expired lease along one edge; two sweeps at once take different rows."""
    swept = []
    for job in await jobs.find_expired(session, limit=SWEEP_LIMIT):
        state = _next_state(job, max_attempts)
        if await jobs.lose_attempt(session, job, state, problem=_problem(state)):
            if state is not JobState.QUEUED:
                await settle_ended(session, job.id, job.owner_id, decide_payment(state), now=now)
            swept.append(Swept(job.id, state))
    return swept


def _next_state(job: Generation, max_attempts: int) -> JobState:
    if job.cancel_requested_at is not None:
        return JobState.CANCELLED
    return JobState.QUEUED if job.attempts < max_attempts else JobState.FAILED


def _problem(state: JobState) -> dict[str, str] | None:
    return dict(ATTEMPTS_SPENT) if state is JobState.FAILED else None
