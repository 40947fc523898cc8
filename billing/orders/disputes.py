"""Apply what a channel reports of a dispute: freeze while it is open, take back when it is lost."""

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from billing import clawback
from billing.ledger import templates
from billing.ledger.postings import post
from billing.ledger.templates import Money
from billing.memberships.rules import MembershipRules
from billing.movements import Movement
from billing.orders import goods, queries
from billing.orders.errors import MismatchedPaymentError, OrderUnpaidError
from billing.orders.movements import settle_movement
from billing.orders.standing import settle_standing
from billing.payments import DisputeFacts, DisputeStatus
from models.order import DisputeState, Order, OrderDispute

RANKS: Final = {
    DisputeState.INQUIRY: 0,
    DisputeState.OPEN: 1,
    DisputeState.LOST: 2,
    DisputeState.WON: 3,  # also what was lost may be won after all
}
STATES: Final = {
    DisputeStatus.INQUIRY: DisputeState.INQUIRY,
    DisputeStatus.OPEN: DisputeState.OPEN,
    DisputeStatus.LOST: DisputeState.LOST,
    DisputeStatus.WON: DisputeState.WON,
}


async def apply_dispute(
    session: AsyncSession, order: Order, facts: DisputeFacts, *, rules: MembershipRules, now: datetime
) -> None:
    """Bring a paid order to what the facts say; older facts than it knows change nothing.

    The caller has locked the order.

    Raises: OrderUnpaidError, MismatchedPaymentError; what posting raises.
    """
    _require_match(order, facts)
    dispute = await queries.find_dispute(session, order.channel, facts.id)
    if dispute is None:
        dispute = OrderDispute(
            channel=order.channel,
            dispute_id=facts.id,
            order_id=order.id,
            amount_minor=facts.amount_minor,
            reason=facts.reason,
            state=DisputeState.INQUIRY,
        )
        session.add(dispute)
    state = STATES[facts.status]
    has_moved = RANKS[state] > RANKS[dispute.state]
    was_lost, dispute.state = dispute.state is DisputeState.LOST, state if has_moved else dispute.state
    if was_lost and dispute.state is DisputeState.WON:
        key = f"{order.channel}:dispute_won_after_all:{facts.id}"
        await goods.undo(session, order, key=key, of_key=_lost_key(order, facts.id), now=now)
    for movement in facts.movements:
        await _book(session, order, facts, movement, now)
    if has_moved and state is DisputeState.LOST and facts.movements:
        await _lose(session, order, facts, now)
    await settle_standing(session, order, rules=rules, now=now)


def _require_match(order: Order, facts: DisputeFacts) -> None:
    if order.paid_at is None:
        raise OrderUnpaidError(f"{facts.id} disputes an order that is not paid")
    if (facts.payment_id, facts.currency) != (order.payment_id, order.currency):
        raise MismatchedPaymentError(f"{facts.id} disputes another payment")


async def _book(
    session: AsyncSession, order: Order, facts: DisputeFacts, movement: Movement, now: datetime
) -> None:
    """The money that the bank took or gave back. A fee in another currency is booked beside it."""
    held = Money(order.currency, facts.amount_minor)
    is_same = movement.currency == order.currency
    template = templates.dispute_opened if movement.amount_minor < 0 else templates.dispute_won
    fee_minor = movement.fee_minor if movement.amount_minor < 0 else -movement.fee_minor
    posting = template(
        f"{order.channel}:dispute:{movement.id}",
        held,
        occurred_at=movement.occurred_at,
        fee_minor=fee_minor if is_same else 0,
    )
    await post(session, posting, now=now)
    if not is_same:
        moved_minor = facts.amount_minor if movement.amount_minor > 0 else -facts.amount_minor
        await settle_movement(session, order, moved_minor, movement, now=now)


async def _lose(session: AsyncSession, order: Order, facts: DisputeFacts, now: datetime) -> None:
    # The last part of the price, whatever was refunded first: so refund and dispute may come in any order.
    credits = clawback.credits_of_refund(
        order.credits,
        paid_minor=order.amount_minor,
        before_minor=max(0, order.amount_minor - facts.amount_minor),
        refund_minor=facts.amount_minor,
    )
    await goods.lose_dispute(
        session,
        order,
        key=_lost_key(order, facts.id),
        amount_credits=credits,
        held=Money(order.currency, facts.amount_minor),
        now=now,
    )


def _lost_key(order: Order, dispute_id: str) -> str:
    return f"{order.channel}:dispute_lost:{dispute_id}"
