"""Tell members in time that a membership renews, for how much, or that months paid in advance end."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing.memberships import queries as memberships
from core.database import Sessions
from models.letter import LetterKind
from models.membership import MembershipState
from service.letters import queries as letters


async def write_notices(sessions: Sessions, *, notice: timedelta, now: datetime, limit: int) -> int:
    """Write the notices that are due; how many memberships were looked at.

    Each is claimed and written in a transaction of its own: a notice is never lost, and never given twice.
    """
    async with sessions() as session:
        due = await memberships.list_due_notices(session, notice=notice, now=now, limit=limit)
    for membership in due:
        async with sessions() as session:
            if await _write(session, membership.id, membership.paid_until, now):
                await session.commit()
    return len(due)


async def _write(session: AsyncSession, membership_id: UUID, paid_until: datetime, now: datetime) -> bool:
    """False when there is nothing to tell after all: the member was quicker, or another keeper."""
    if not await memberships.claim_notice(session, membership_id, paid_until, now=now):
        return False
    membership = await memberships.get(session, membership_id)  # as it is, now that the claim holds its row
    is_prepaid = membership.subscription_id is None
    if not (membership.renews or is_prepaid) or membership.state is not MembershipState.ACTIVE:
        return False
    facts: dict[str, object] = {
        "tier": membership.scheduled_tier or membership.tier,
        "currency": membership.currency,
        "at": paid_until.isoformat(),
    }
    if not is_prepaid:
        facts["price_minor"] = membership.renewal_minor
    kind = LetterKind.ENDING_DUE if is_prepaid else LetterKind.RENEWAL_DUE
    key = f"{membership.id}:{paid_until:%Y%m%dT%H%M%S}"
    await letters.write_once(session, membership.user_id, kind, key, facts, now=now)
    return True
