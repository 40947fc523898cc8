"""Apply what a channel reports of a checkout: pay the order once, whatever tells of it and how often."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from billing import queries as credits
from billing.ledger import packs, templates
from billing.ledger.postings import post
from billing.ledger.templates import Money
from billing.memberships.prepaid import sell_months
from billing.memberships.rules import MembershipRules
from billing.orders import queries
from billing.orders.errors import MismatchedPaymentError, NotOursError, UnknownOrderError
from billing.orders.movements import UNKNOWN_REGION, settle_movement
from billing.orders.standing import settle_standing
from billing.payments import CheckoutFacts, CheckoutStatus
from models.order import ItemKind, Order, OrderState, ReturnReason

GIVEN_UP: Final = {
    CheckoutStatus.EXPIRED: OrderState.EXPIRED,
    CheckoutStatus.FAILED: OrderState.FAILED,
}


async def apply_checkout(
    session: AsyncSession, facts: CheckoutFacts, *, rules: MembershipRules, now: datetime
) -> Order:
    """Bring the order to what the facts say; older facts than it knows change nothing.

    That a subscription was opened pays nothing: its invoices do.

    Raises: NotOursError, UnknownOrderError, MismatchedPaymentError; what posting raises.
    """
    if facts.order_id is None:
        raise NotOursError("a checkout of somebody else")
    order = await queries.lock_order(session, facts.order_id)
    if order is None:
        raise UnknownOrderError(f"no order {facts.order_id}")
    if facts.status is CheckoutStatus.PAID and order.kind is not ItemKind.MEMBERSHIP:
        await _pay(session, order, facts, rules, now)
    elif order.state in queries.UNPAID:
        _follow(order, facts)
    return order


def _follow(order: Order, facts: CheckoutFacts) -> None:
    order.checkout_id = order.checkout_id or facts.id
    if facts.id == order.checkout_id:
        order.state = GIVEN_UP.get(facts.status, OrderState.PENDING)
        if facts.status is not CheckoutStatus.OPEN:
            order.checkout_url = None  # nobody is to pay twice


async def _pay(
    session: AsyncSession, order: Order, facts: CheckoutFacts, rules: MembershipRules, now: datetime
) -> None:
    _require_match(order, facts)
    if facts.payment_id is None or facts.charge is None:
        raise MismatchedPaymentError(f"{facts.id} is paid, but by no charge")
    if order.paid_at is None:
        paid_at = facts.charge.created_at
        order.checkout_id, order.payment_id = facts.id, facts.payment_id
        await _sell(session, order, facts, facts.payment_id, paid_at, rules, now)
        order.tax_minor, order.tax_region = facts.tax_minor, facts.tax_region
        order.paid_at, order.state, order.checkout_url = paid_at, OrderState.PAID, None
        await session.flush()
        await settle_standing(session, order, rules=rules, now=now)
    if facts.charge.movement is not None:
        await settle_movement(session, order, order.amount_minor, facts.charge.movement, now=now)


async def _sell(
    session: AsyncSession,
    order: Order,
    facts: CheckoutFacts,
    payment_id: str,
    paid_at: datetime,
    rules: MembershipRules,
    now: datetime,
) -> None:
    """Book the sale and give what was bought; a certificate is given by a flow, which knows the work."""
    paid, key = _money(order, facts), f"{order.channel}:payment:{payment_id}"
    if order.kind is ItemKind.MONTHS:
        await sell_months(session, order, paid, payment_id, paid_at=paid_at, rules=rules, now=now)
    elif order.kind is ItemKind.CERTIFICATION:
        await post(session, templates.certification_sold(key, paid, occurred_at=paid_at), now=now)
    else:
        is_closed = await credits.is_closed(session, order.owner_id)
        order.lot_id = await packs.sell(
            session,
            key=key,
            user_id=order.owner_id,
            quantity=order.credits,
            paid=paid,
            occurred_at=paid_at,
            now=now,
            expires_at=paid_at + timedelta(days=order.days),
        )
        if is_closed:
            order.return_reason = ReturnReason.ACCOUNT_CLOSED


def _require_match(order: Order, facts: CheckoutFacts) -> None:
    """Raises: MismatchedPaymentError: other money than was agreed on, or a second time."""
    if (facts.amount_minor, facts.currency) != (order.amount_minor, order.currency):
        raise MismatchedPaymentError(f"{facts.id}: {facts.amount_minor} {facts.currency} were paid")
    if order.checkout_id not in (None, facts.id) or order.payment_id not in (None, facts.payment_id):
        raise MismatchedPaymentError(
            f"{facts.id}: the order was paid by {order.payment_id or order.checkout_id}"
        )


def _money(order: Order, facts: CheckoutFacts) -> Money:
    region = (facts.tax_region or UNKNOWN_REGION) if facts.tax_minor else ""
    return Money(order.currency, order.amount_minor, facts.tax_minor, region)
