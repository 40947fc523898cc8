"""Bring orders to what the payment channel reports: read first, without a transaction; then apply in one."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from billing.memberships import queries as memberships
from billing.memberships.applying import apply_membership
from billing.memberships.facts import MembershipFacts
from billing.memberships.rules import MembershipRules
from billing.orders import queries as orders
from billing.orders.disputes import apply_dispute
from billing.orders.errors import NotOursError, OrderUnpaidError, UnknownOrderError
from billing.orders.fulfilment import apply_checkout
from billing.orders.refunds import apply_refund
from billing.orders.standing import settle_standing
from billing.payments import (
    CheckoutFacts,
    CheckoutStatus,
    DisputeFacts,
    PaymentChannel,
    RefundFacts,
    Subject,
    WarningFacts,
)
from core.database import Sessions
from models.order import Order
from referral.payers import note_cards
from service.flows.first_month import marks_of
from service.flows.read_membership import read_membership
from service.flows.sell_certificate import deliver_certificate
from service.flows.tell_membership import MembershipStanding, tell_membership_moved
from service.flows.tell_order import OrderMoney, tell_order_moved

MoneyFacts = RefundFacts | DisputeFacts | WarningFacts
Facts = CheckoutFacts | MoneyFacts | MembershipFacts


@dataclass(frozen=True, slots=True)
class Report:
    """What was read of one object.

    checkout, membership: come along where money went back before we learned that it had come, and where a
        checkout opened a subscription.
    """

    channel: str
    facts: Facts
    checkout: CheckoutFacts | None = None
    membership: MembershipFacts | None = None


async def read_report(
    sessions: Sessions, channel: PaymentChannel, subject: Subject, object_id: str
) -> Report:
    """What the channel says of an object now, and of what it presupposes where we do not know that yet.

    Raises: PaymentsAwayError, UnknownObjectError, NotOursError, UnknownOrderError, OrderUnpaidError.
    """
    if subject is Subject.CHECKOUT:
        return await complete(sessions, channel, await channel.read_checkout(object_id))
    if subject is Subject.SUBSCRIPTION:
        return await complete(sessions, channel, await read_membership(sessions, channel, object_id))
    if subject is Subject.INVOICE:
        invoice = await channel.read_invoice(object_id)
        if invoice.subscription_id is None or invoice.order_id is None:
            raise NotOursError("an invoice of somebody else")
        facts = await read_membership(sessions, channel, invoice.subscription_id, invoice_id=object_id)
        return await complete(sessions, channel, facts)
    if subject is Subject.REFUND:
        return await complete(sessions, channel, await channel.read_refund(object_id))
    if subject is Subject.DISPUTE:
        return await complete(sessions, channel, await channel.read_dispute(object_id))
    return await complete(sessions, channel, await channel.read_warning(object_id))


async def complete(sessions: Sessions, channel: PaymentChannel, facts: Facts) -> Report:
    """Facts with what they presuppose: a subscription that was opened, a payment that we do not know.

    Raises: as `read_report`.
    """
    if isinstance(facts, MembershipFacts):
        return Report(channel.name, facts)
    if isinstance(facts, CheckoutFacts):
        if facts.subscription_id is None or facts.order_id is None:
            return Report(channel.name, facts)
        opened = await read_membership(sessions, channel, facts.subscription_id)
        return Report(channel.name, facts, membership=opened)
    async with sessions() as session:
        order = await _find_order(session, channel.name, facts)
    if order is not None and order.paid_at is not None:
        return Report(channel.name, facts)
    if order is None:
        return Report(channel.name, facts, membership=await _read_payer(sessions, channel, facts))
    if order.checkout_id is None:
        raise OrderUnpaidError("the order does not know its checkout yet")
    return Report(channel.name, facts, await channel.read_checkout(order.checkout_id))


async def _read_payer(sessions: Sessions, channel: PaymentChannel, facts: MoneyFacts) -> MembershipFacts:
    """The subscription that an unknown payment was made for."""
    if facts.order_id is not None:
        raise UnknownOrderError(f"no order {facts.order_id}")
    invoice_id = None if facts.payment_id is None else await channel.find_invoice(facts.payment_id)
    invoice = None if invoice_id is None else await channel.read_invoice(invoice_id)
    if invoice is None or invoice.subscription_id is None or invoice.order_id is None:
        raise NotOursError("a payment of somebody else")
    return await read_membership(sessions, channel, invoice.subscription_id, invoice_id=invoice.id)


async def apply_report(
    session: AsyncSession, report: Report, *, rules: MembershipRules, now: datetime
) -> None:
    """Apply what was read, and tell the buyer and their back end; what is known already changes nothing.

    Raises: FactsError, NotOursError; what posting raises. The caller rolls back.
    """
    await _lock(session, report)
    before = await _look(session, report)
    newly_paid = await _apply(session, report, rules, now)
    await session.flush()
    order = await lock_reported_order(session, report)
    if order is not None:
        await deliver_certificate(session, order, now=now)
    after = await _look(session, report)
    for order in newly_paid:
        if after.order is None or order.id != after.order.id:
            await tell_order_moved(session, OrderMoney.of(order), None, now=now)
    if after.order is not None:
        await tell_order_moved(session, after.order, before.order, now=now)
    if after.membership is not None and after.membership != before.membership:
        is_same = before.membership is not None and before.membership.id == after.membership.id
        was = before.membership if is_same else None
        await tell_membership_moved(session, after.membership, was, now=now)


async def _lock(session: AsyncSession, report: Report) -> None:
    """Every order that the report is about, in id order: who takes a purchase back locks them so as well."""
    found = await _find_order(session, report.channel, report.facts)
    named = [one.order_id for one in (report.facts, report.checkout, report.membership) if one is not None]
    ids = {order_id for order_id in named if order_id is not None} | ({found.id} if found else set())
    if len(ids) > 1:
        await orders.lock_orders(session, ids)


@dataclass(frozen=True, slots=True)
class _Seen:
    """How the order that facts are about stands, and its buyer's membership."""

    order: OrderMoney | None
    membership: MembershipStanding | None


async def _look(session: AsyncSession, report: Report) -> _Seen:
    """Locks the order, and its buyer's account."""
    order = await lock_reported_order(session, report)
    if order is None:
        return _Seen(None, None)
    membership = await memberships.find_newest(session, order.owner_id)
    standing = None if membership is None else MembershipStanding.of(membership)
    return _Seen(OrderMoney.of(order), standing)


async def _apply(session: AsyncSession, report: Report, rules: MembershipRules, now: datetime) -> list[Order]:
    """The orders that invoices paid now."""
    facts = report.facts
    checkout = facts if isinstance(facts, CheckoutFacts) else report.checkout
    if checkout is not None:
        order = await apply_checkout(session, checkout, rules=rules, now=now)
        if checkout.status is CheckoutStatus.PAID and checkout.card is not None:
            await note_cards(session, order.owner_id, [rules.mark_card(checkout.card).digest], now=now)
    membership = facts if isinstance(facts, MembershipFacts) else report.membership
    paid = [] if membership is None else await _apply_membership(session, membership, rules, now)
    if isinstance(facts, RefundFacts | DisputeFacts | WarningFacts):
        await _apply_money(session, report, facts, rules, now)
    return paid


async def _apply_membership(
    session: AsyncSession, facts: MembershipFacts, rules: MembershipRules, now: datetime
) -> list[Order]:
    first = None if facts.order_id is None else await orders.lock_order(session, facts.order_id)
    if first is None:
        return await apply_membership(session, facts, marks=[], rules=rules, now=now)
    marks = await marks_of(session, rules, first.owner_id)
    cards = [rules.mark_card(invoice.card).digest for invoice in facts.invoices if invoice.card]
    await note_cards(session, first.owner_id, cards, now=now)
    return await apply_membership(session, facts, marks=marks, rules=rules, now=now)


async def _apply_money(
    session: AsyncSession, report: Report, facts: MoneyFacts, rules: MembershipRules, now: datetime
) -> None:
    order = await lock_reported_order(session, report)
    if order is None:
        raise UnknownOrderError(f"no order of {facts.payment_id}")
    if isinstance(facts, RefundFacts):
        await apply_refund(session, order, facts, rules=rules, now=now)
    elif isinstance(facts, DisputeFacts):
        await apply_dispute(session, order, facts, rules=rules, now=now)
    else:
        await _heed_warning(session, order, rules, now)


async def _heed_warning(session: AsyncSession, order: Order, rules: MembershipRules, now: datetime) -> None:
    """A bank suspects fraud: the credits wait until a dispute or an operator decides.

    Raises: OrderUnpaidError.
    """
    if order.paid_at is None:
        raise OrderUnpaidError(f"a warning of {order.payment_id or order.checkout_id}, which is not paid")
    order.warned_at = order.warned_at or now
    await settle_standing(session, order, rules=rules, now=now)


async def lock_reported_order(session: AsyncSession, report: Report) -> Order | None:
    """The order that a report is about, and its buyer's account; None when we do not know it."""
    found = await _find_order(session, report.channel, report.facts)
    return None if found is None else await orders.lock_order(session, found.id)


async def _find_order(session: AsyncSession, channel: str, facts: Facts) -> Order | None:
    """The order that facts name, or whose payment they do: an invoice's payment names no order."""
    if facts.order_id is not None:
        return await orders.find_order(session, facts.order_id)
    if isinstance(facts, CheckoutFacts | MembershipFacts) or facts.payment_id is None:
        return None
    return await orders.find_by_payment(session, channel, facts.payment_id)
