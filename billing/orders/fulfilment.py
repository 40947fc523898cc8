"""Apply what a channel reports of a checkout: pay the order once, whatever tells of it and how often."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from billing.ledger import packs, templates
from billing.ledger.postings import post
from billing.ledger.templates import Money
from billing.orders import queries
from billing.orders.errors import MismatchedPaymentError, NotOursError, UnknownOrderError
from billing.orders.standing import settle_standing
from billing.payments import CheckoutFacts, CheckoutStatus, Movement
from models.order import Order, OrderState

UNKNOWN_REGION: Final = "ZZ"
GIVEN_UP: Final = {
    CheckoutStatus.EXPIRED: OrderState.EXPIRED,
    CheckoutStatus.FAILED: OrderState.FAILED,
}


async def apply_checkout(session: AsyncSession, facts: CheckoutFacts, *, now: datetime) -> Order:
    """Bring the order to what the facts say; older facts than it knows change nothing.

    Raises: NotOursError, UnknownOrderError, MismatchedPaymentError; what posting raises.
    """
    if facts.order_id is None:
        raise NotOursError("a checkout of somebody else")
    order = await queries.lock_order(session, facts.order_id)
    if order is None:
        raise UnknownOrderError(f"no order {facts.order_id}")
    if facts.status is CheckoutStatus.PAID:
        await _pay(session, order, facts, now)
    elif order.state in queries.UNPAID:
        _follow(order, facts)
    return order


def _follow(order: Order, facts: CheckoutFacts) -> None:
    order.checkout_id = order.checkout_id or facts.id
    if facts.id == order.checkout_id:
        order.state = GIVEN_UP.get(facts.status, OrderState.PENDING)
        if facts.status is not CheckoutStatus.OPEN:
            order.checkout_url = None  # nobody is to pay twice


async def _pay(session: AsyncSession, order: Order, facts: CheckoutFacts, now: datetime) -> None:
    _require_match(order, facts)
    if facts.payment_id is None or facts.charge is None:
        raise MismatchedPaymentError(f"{facts.id} is paid, but by no charge")
    if order.paid_at is None:
        paid_at = facts.charge.created_at
        order.lot_id = await packs.sell(
            session,
            key=f"{order.channel}:payment:{facts.payment_id}",
            user_id=order.owner_id,
            quantity=order.credits,
            paid=_money(order, facts),
            occurred_at=paid_at,
            now=now,
            expires_at=paid_at + timedelta(days=order.days),
        )
        order.checkout_id, order.payment_id = facts.id, facts.payment_id
        order.tax_minor, order.tax_region = facts.tax_minor, facts.tax_region
        order.paid_at, order.state = paid_at, OrderState.PAID
        await session.flush()
        await settle_standing(session, order, now=now)
    if facts.charge.movement is not None:
        await settle_movement(session, order, order.amount_minor, facts.charge.movement, now=now)


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


async def settle_movement(
    session: AsyncSession, order: Order, amount_minor: int, movement: Movement, *, now: datetime
) -> None:
    """Book the channel's fee, and its exchange where its balance is kept in another currency.

    Args:
        amount_minor: what moved, in the order's currency; negative left us.
    """
    key = f"{order.channel}:movement:{movement.id}"
    at = movement.occurred_at
    if movement.currency != order.currency:
        came, went = (movement.currency, movement.amount_minor), (order.currency, amount_minor)
        await post(
            session, templates.converted(f"{key}:exchange", sold=went, bought=came, occurred_at=at), now=now
        )
    if movement.fee_minor:
        fee = templates.processor_fee(f"{key}:fee", movement.currency, movement.fee_minor, occurred_at=at)
        await post(session, fee, now=now)
