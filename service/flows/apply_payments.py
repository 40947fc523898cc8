"""Bring orders to what the payment channel reports: read first, without a transaction; then apply in one."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing.orders import queries as orders
from billing.orders.disputes import apply_dispute
from billing.orders.errors import NotOursError, OrderUnpaidError, UnknownOrderError
from billing.orders.fulfilment import apply_checkout
from billing.orders.refunds import apply_refund
from billing.orders.standing import settle_standing
from billing.payments import (
    CheckoutFacts,
    DisputeFacts,
    PaymentChannel,
    RefundFacts,
    Subject,
    WarningFacts,
)
from core.database import Sessions
from models.order import Order
from service.flows.tell_order import OrderMoney, tell_order_moved

Facts = CheckoutFacts | RefundFacts | DisputeFacts | WarningFacts


@dataclass(frozen=True, slots=True)
class Report:
    """`checkout` comes along where money of an order goes back before we learned that it had come."""

    facts: Facts
    checkout: CheckoutFacts | None = None


async def read_report(
    sessions: Sessions, channel: PaymentChannel, subject: Subject, object_id: str
) -> Report:
    """What the channel says of an object now, and of its order's checkout where we need it.

    Raises: PaymentsAwayError, UnknownObjectError, NotOursError, UnknownOrderError, OrderUnpaidError.
    """
    if subject is Subject.CHECKOUT:
        return Report(await channel.read_checkout(object_id))
    if subject is Subject.REFUND:
        return await complete(sessions, channel, await channel.read_refund(object_id))
    if subject is Subject.DISPUTE:
        return await complete(sessions, channel, await channel.read_dispute(object_id))
    return await complete(sessions, channel, await channel.read_warning(object_id))


async def complete(sessions: Sessions, channel: PaymentChannel, facts: Facts) -> Report:
    """Facts that presuppose a paid order, with the checkout where it is not.

    Raises: as `read_report`.
    """
    if isinstance(facts, CheckoutFacts):
        return Report(facts)
    async with sessions() as session:
        order = await orders.find_order(session, _order_id(facts))
    if order is None:
        raise UnknownOrderError(f"no order {facts.order_id}")
    if order.paid_at is not None:
        return Report(facts)
    if order.checkout_id is None:
        raise OrderUnpaidError("the order does not know its checkout yet")
    return Report(facts, await channel.read_checkout(order.checkout_id))


async def apply_report(session: AsyncSession, report: Report, *, now: datetime) -> None:
    """Apply what was read, and tell the buyer's back end; whatever is known already changes nothing.

    Raises: FactsError, NotOursError; what posting raises. The caller rolls back.
    """
    before = await _look(session, report.facts.order_id)
    await _apply(session, report, now)
    after = await _look(session, report.facts.order_id)
    if after is not None:
        await tell_order_moved(session, after, before, now=now)


async def _look(session: AsyncSession, order_id: UUID | None) -> OrderMoney | None:
    """What of the order's money is where, with the order locked."""
    order = None if order_id is None else await orders.lock_order(session, order_id)
    return None if order is None else OrderMoney.of(order)


async def _apply(session: AsyncSession, report: Report, now: datetime) -> None:
    facts = report.facts
    if isinstance(facts, CheckoutFacts):
        await apply_checkout(session, facts, now=now)
        return
    if report.checkout is not None:
        await apply_checkout(session, report.checkout, now=now)
    order = await orders.lock_order(session, _order_id(facts))
    if order is None:
        raise UnknownOrderError(f"no order {facts.order_id}")
    if isinstance(facts, RefundFacts):
        await apply_refund(session, order, facts, now=now)
    elif isinstance(facts, DisputeFacts):
        await apply_dispute(session, order, facts, now=now)
    else:
        await _heed_warning(session, order, now)


async def _heed_warning(session: AsyncSession, order: Order, now: datetime) -> None:
    """A bank suspects fraud: the credits wait until a dispute or an operator decides."""
    order.warned_at = order.warned_at or now
    await settle_standing(session, order, now=now)


def _order_id(facts: RefundFacts | DisputeFacts | WarningFacts) -> UUID:
    if facts.order_id is None:
        raise NotOursError("a payment of somebody else")
    return facts.order_id
