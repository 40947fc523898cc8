"""The end of one row's job decides its share of the batch's hold; the last one ends the batch."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing import holds
from service.batches import queries as batches
from service.batches.queries import Share
from service.flows.who_pays import Payment


async def settle_row(
    session: AsyncSession, job_id: UUID, share: Share, payment: Payment, *, now: datetime
) -> bool:
    """Spend or return the share of a job that has just ended, in the transaction that ended it.

    That a job ends once is decided by its state; that no more than the hold is given out, by the hold.

    Returns: whether it was the last, and the batch ended with it.
    """
    if payment is Payment.SETTLE:
        is_last = await holds.settle_share(
            session, share.batch_id, amount_credits=share.price_credits, now=now
        )
    else:
        is_last = await holds.release_share(
            session, share.batch_id, share_id=job_id, amount_credits=share.price_credits, now=now
        )
    if is_last:
        await batches.finish(session, share.batch_id, now=now)
    return is_last
