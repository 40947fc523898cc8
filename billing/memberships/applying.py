"""Bring a membership to what the channel says of its subscription: whatever tells of it, and however often.

The owner's account is locked before anything of theirs, so everything about one person happens in turn.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from billing.memberships import queries
from billing.memberships.facts import MembershipFacts
from billing.memberships.marks import Mark
from billing.memberships.rules import MembershipRules
from billing.memberships.standing import settle
from billing.memberships.taking import take_invoice
from billing.orders import queries as orders
from billing.orders.errors import NotOursError, UnknownOrderError
from billing.subscriptions import (
    InvoiceFacts,
    InvoiceReason,
    InvoiceStatus,
    SubscriptionFacts,
    SubscriptionStatus,
)
from models.membership import Membership, MembershipState
from models.order import Order, OrderState


async def apply_membership(
    session: AsyncSession,
    facts: MembershipFacts,
    *,
    marks: Sequence[Mark],
    rules: MembershipRules,
    now: datetime,
) -> list[Order]:
    """Take the invoices, oldest first, then the state; what is known already changes nothing.

    Args:
        marks: of the buyer of the subscription's first order, to be claimed with a cheaper first month.
    Returns: the orders that were paid now.
    Raises: NotOursError, UnknownOrderError, OrderUnpaidError, MismatchedPaymentError; what posting raises.
    """
    if facts.order_id is None:
        raise NotOursError("a subscription of somebody else")
    first = await orders.lock_order(session, facts.order_id)
    if first is None:
        raise UnknownOrderError(f"no order {facts.order_id}")
    first.subscription_id = first.subscription_id or facts.id
    paid = []
    for invoice in sorted(facts.invoices, key=_age):
        if invoice.status is InvoiceStatus.PAID:
            order = await take_invoice(session, first, invoice, marks=marks, rules=rules, now=now)
            paid += [order] if order is not None else []
    membership = await queries.find_by_subscription(session, first.channel, facts.id)
    if membership is None:
        _follow_unpaid(first, facts.subscription)
    else:
        _follow(membership, facts, rules, now)
        await settle(session, membership, rules=rules, now=now)
    await session.flush()
    return paid


def _age(invoice: InvoiceFacts) -> tuple[datetime, bool]:
    return invoice.created_at, invoice.reason is not InvoiceReason.FIRST


def _follow_unpaid(first: Order, facts: SubscriptionFacts) -> None:
    """The first payment fails, or is still to come."""
    if first.state in orders.UNPAID and facts.status is SubscriptionStatus.ENDED:
        first.state, first.checkout_url = OrderState.FAILED, None


def _follow(membership: Membership, facts: MembershipFacts, rules: MembershipRules, now: datetime) -> None:
    """Older states than the newest that was applied change nothing."""
    if facts.read_at < membership.read_at:
        return
    subscription = facts.subscription
    membership.read_at = facts.read_at
    membership.customer_id = subscription.customer_id
    membership.renewal_minor = subscription.price_minor
    membership.subscription_ended_at = subscription.ended_at
    has_ended = subscription.status is SubscriptionStatus.ENDED
    membership.cancels_at_period_end = has_ended or subscription.cancels_at_period_end
    _follow_tier(membership, subscription, rules)
    if membership.state is not MembershipState.ENDED:
        _follow_state(membership, subscription, rules, now)


def _follow_tier(membership: Membership, facts: SubscriptionFacts, rules: MembershipRules) -> None:
    """A lower price is the next period's tier; a higher one is an upgrade whose money we have not seen."""
    is_other = facts.tier is not None and facts.tier != membership.tier and facts.ended_at is None
    is_higher = is_other and (
        rules.catalog.tier(facts.tier or "").rank > rules.catalog.tier(membership.tier).rank
    )
    membership.scheduled_tier = facts.tier if is_other and not is_higher else None
    membership.is_change_pending = facts.is_change_pending or is_higher


def _follow_state(
    membership: Membership, facts: SubscriptionFacts, rules: MembershipRules, now: datetime
) -> None:
    if facts.status is SubscriptionStatus.PAST_DUE:
        membership.grace_ends_at = membership.paid_until + rules.grace
        is_over = membership.grace_ends_at <= now
        membership.state = MembershipState.UNPAID if is_over else MembershipState.PAST_DUE
    elif facts.status is SubscriptionStatus.ACTIVE:
        membership.state, membership.grace_ends_at = MembershipState.ACTIVE, None
