"""Apply what a channel reports of a refund: each by its own id, in part or whole, and back when it fails."""

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from billing import clawback
from billing.ledger.templates import Money
from billing.memberships.rules import MembershipRules
from billing.orders import goods, queries
from billing.orders.errors import MismatchedPaymentError, OrderUnpaidError
from billing.orders.movements import UNKNOWN_REGION, settle_movement
from billing.orders.returning import put_off
from billing.orders.standing import settle_standing
from billing.payments import RefundFacts, RefundStatus
from models.order import Order, OrderRefund, RefundState

RANKS: Final = {RefundState.PENDING: 0, RefundState.SUCCEEDED: 1, RefundState.FAILED: 2}
STATES: Final = {
    RefundStatus.PENDING: RefundState.PENDING,
    RefundStatus.SUCCEEDED: RefundState.SUCCEEDED,
    RefundStatus.FAILED: RefundState.FAILED,
}


async def apply_refund(
    session: AsyncSession, order: Order, facts: RefundFacts, *, rules: MembershipRules, now: datetime
) -> None:
    """Bring a paid order to what the facts say; older facts than it knows change nothing.

    The caller has locked the order. Money counts as gone from the moment that the refund exists, since it
    has left our balance then.

    Raises: OrderUnpaidError, MismatchedPaymentError; what posting raises.
    """
    _require_match(order, facts)
    state = STATES[facts.status]
    refund = await queries.find_refund(session, order.channel, facts.id)
    if refund is None:
        refund = await _open(session, order, facts, now)
    if RANKS[state] > RANKS[refund.state]:
        if state is RefundState.FAILED:
            await _undo(session, order, refund, now)
        refund.state = state
    for movement in facts.movements:
        moved_minor = facts.amount_minor if movement.amount_minor > 0 else -facts.amount_minor
        await settle_movement(session, order, moved_minor, movement, now=now)
    await settle_standing(session, order, rules=rules, now=now)


def _require_match(order: Order, facts: RefundFacts) -> None:
    if order.paid_at is None:
        raise OrderUnpaidError(f"{facts.id} refunds an order that is not paid")
    if (facts.payment_id, facts.currency) != (order.payment_id, order.currency):
        raise MismatchedPaymentError(f"{facts.id} refunds another payment")


async def _open(session: AsyncSession, order: Order, facts: RefundFacts, now: datetime) -> OrderRefund:
    """Take the credits back and book the money; also where it has failed since, which is undone next."""
    if order.refunded_minor + facts.amount_minor > order.amount_minor:
        raise MismatchedPaymentError(f"{facts.id} refunds more than is left of the order")
    credits = clawback.credits_of_refund(
        order.credits,
        paid_minor=order.amount_minor,
        before_minor=order.refunded_minor,
        refund_minor=facts.amount_minor,
    )
    await goods.refund(
        session,
        order,
        key=_key(order, facts.id),
        amount_credits=credits,
        back=_back(order, facts.amount_minor),
        occurred_at=facts.created_at,
        now=now,
    )
    order.refunded_minor += facts.amount_minor
    refund = OrderRefund(
        channel=order.channel,
        refund_id=facts.id,
        order_id=order.id,
        amount_minor=facts.amount_minor,
        credits=credits,
        state=RefundState.PENDING,
    )
    session.add(refund)
    return refund


async def _undo(session: AsyncSession, order: Order, refund: OrderRefund, now: datetime) -> None:
    """The buyer did not get the money: the credits come back, with the time that they lost."""
    key = f"{order.channel}:refund_failed:{refund.refund_id}"
    given = await goods.undo(session, order, key=key, of_key=_key(order, refund.refund_id), now=now)
    order.refunded_minor -= refund.amount_minor
    if order.return_reason is not None:
        put_off(order, now)
    if given and refund.credits == order.credits:
        order.lot_id = given[0]  # what the order brings now; a part of it would not replace the rest


def _back(order: Order, amount_minor: int) -> Money:
    """What goes back, with its part of the tax; all parts together hold all of the tax."""
    after_minor = order.refunded_minor + amount_minor
    tax_minor = (
        order.tax_minor * after_minor // order.amount_minor
        - order.tax_minor * order.refunded_minor // order.amount_minor
    )
    region = (order.tax_region or UNKNOWN_REGION) if tax_minor else ""
    return Money(order.currency, amount_minor, tax_minor, region)


def _key(order: Order, refund_id: str) -> str:
    return f"{order.channel}:refund:{refund_id}"
