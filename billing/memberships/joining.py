"""Who may begin a membership, and at which price. What is asked here is decided when the money comes."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing.memberships import queries
from billing.memberships.errors import AlreadyMemberError
from billing.memberships.marks import Mark


async def require_may_join(session: AsyncSession, user_id: UUID, item: str) -> None:
    """One membership at a time; but months in advance prolong months in advance of the same tier.

    Raises: AlreadyMemberError.
    """
    live = await queries.find_live(session, user_id)
    if live is None:
        return
    kind, tier = item.split(":")[:2]
    if kind == "months" and live.subscription_id is None and live.tier == tier:
        return
    raise AlreadyMemberError(tier=live.tier, paid_until=live.paid_until)


async def may_have_first_month(session: AsyncSession, marks: Sequence[Mark]) -> bool:
    """Whether none of the marks has had a cheaper first month. Claims nothing."""
    return not await queries.are_claimed(session, marks)
