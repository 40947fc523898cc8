"""End an unlock link whose time is over; what qualified in time is counted first."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from models.referral import LinkState
from referral import counting
from referral.risk.assessor import Assessor
from service.flows.tally_link import expire, tally_link


async def expire_link(session: AsyncSession, risk: Assessor, link_id: UUID, *, now: datetime) -> LinkState:
    """The state that the link is left in; a link that met its goal in time is rewarded, not expired.

    Raises: LinkNotFoundError.
    """
    standing = await tally_link(session, risk, link_id, now=now)
    link = await counting.lock_link(session, link_id)
    if link is not None and link.state is LinkState.OPEN and link.expires_at <= now:
        await expire(session, link, counting.LAPSED_EXPIRED, now=now)
        return link.state
    return standing.state
