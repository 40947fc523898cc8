"""Write down that a purchase was taken back, beside the change itself: the buyer's proof of the wish."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from billing.memberships.withdrawing import Withdrawal
from models.letter import LetterKind
from models.membership import MembershipState
from service.letters import queries as letters


async def tell_withdrawn(session: AsyncSession, withdrawal: Withdrawal, *, now: datetime) -> None:
    """When it was asked for, what goes back and what does not, also where nothing does.

    Source: EU 2023/2673, article 11a(4).
    """
    order, membership = withdrawal.order, withdrawal.membership
    has_ended = membership.state is MembershipState.ENDED
    facts = {
        "item": withdrawal.item,
        "tier": membership.tier,
        "order": str(order.id),
        "currency": membership.currency,
        "price_minor": withdrawal.refund_minor,
        "kept_minor": withdrawal.kept_minor,
        "at": now.isoformat(),
        "until": membership.paid_until.isoformat(),
        "base_url": order.base_url,
        "terms": ["withdrawn_ended" if has_ended else "withdrawn_shortened", _outcome(withdrawal)],
    }
    await letters.write_once(
        session, order.owner_id, LetterKind.ORDER_WITHDRAWN, str(order.id), facts, now=now
    )


def _outcome(withdrawal: Withdrawal) -> str:
    """The paragraph that says what became of the money."""
    if not withdrawal.refund_minor:
        return "withdrawn_used_up"
    if withdrawal.kept_minor:
        return "withdrawn_part"
    owes = any(part.used_credits and not part.is_use_paid for part in withdrawal.parts)
    return "withdrawn_owing" if owes else "withdrawn_whole"
