"""Jobs that nobody made for hours, such as a kind that no worker offers: ended, their credits returned."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from models.generation import JobState
from service.flows.finish_generation import settle_ended
from service.flows.who_pays import decide_payment
from service.jobs import queries as jobs

LIMIT: Final = 100
WAITED_TOO_LONG: Final = {
    "code": "waited_too_long",
    "title": "The work could not be made",
    "detail": "Nobody was free to make it for hours. Your credits were returned.",
}


async def give_up_waiting(session: AsyncSession, *, wait: timedelta, now: datetime) -> list[UUID]:
    """End every job that has been queued for so long; two keepers at once take different rows.

    Returns: the jobs that ended, at most LIMIT.
    """
    ended = []
    for job in await jobs.find_waiting(session, since=now - wait, limit=LIMIT):
        if await jobs.give_up_queued(session, job.id, problem=dict(WAITED_TOO_LONG)):
            payment = decide_payment(JobState.FAILED)
            await settle_ended(session, job.id, job.owner_id, payment, now=now)
            ended.append(job.id)
    return ended
