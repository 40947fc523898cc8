"""A membership as its member sees it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from billing.catalog import FREE
from billing.memberships.reckoning import Part
from billing.memberships.withdrawing import Withdrawal
from models.membership import Membership, MembershipPeriod, MembershipState
from models.order import Order, OrderState, ReturnReason
from service.flows.change_membership import Preview
from service.http.membership_schemas import (
    Act,
    ChangeRead,
    MembershipRead,
    NextCharge,
    PaymentRead,
    ScheduledTier,
    WithdrawalPart,
    WithdrawalRead,
)
from service.http.offers import money
from service.http.orders import kept
from service.items import item_name
from service.wiring import Services

MOST_PAYMENTS: Final = 24
Payments = Sequence[tuple[MembershipPeriod, Order | None]]


def read_membership(
    services: Services,
    membership: Membership | None,
    payments: Payments,
    withdrawals: Sequence[Withdrawal],
    *,
    has_first_month: bool,
    language: str,
    now: datetime,
) -> MembershipRead:
    """What there is, or was last.

    Args:
        withdrawals: what can be taken back.
    """
    tier_name = FREE if membership is None else membership.tier
    tier = services.catalog.tier(tier_name)
    channel = services.payments
    is_withdrawn = any(order is not None and _is_going_back(order) for _, order in payments)
    offered = [_withdrawal(services, one, language) for one in withdrawals]
    read = MembershipRead(
        has_membership=False,
        has_first_month=has_first_month,
        is_test=channel is not None and channel.is_test,
        state="none",
        tier=tier_name,
        name=tier.name[language],
        monthly_credits=tier.monthly_credits,
        renews=False,
        renews_soon=False,
        cancels_at_period_end=False,
        is_change_pending=False,
        is_withdrawn=is_withdrawn,
        started_at=None,
        paid_until=None,
        grace_ends_at=None,
        ended_at=None,
        end_reason=None,
        next_charge=None,
        scheduled=None,
        payments=[_payment(services, *payment, language) for payment in payments],
        withdrawal=offered[0] if offered else None,
        withdrawals=offered,
        can=list(_acts(services, membership, withdrawals)),
    )
    if membership is None:
        return read
    return read.model_copy(update=_standing(services, membership, language, now))


def _standing(services: Services, membership: Membership, language: str, now: datetime) -> dict[str, object]:
    next_charge = _next_charge(membership, language)
    scheduled = membership.scheduled_tier
    return {
        "has_membership": membership.state is not MembershipState.ENDED,
        "is_test": membership.is_test,
        "state": membership.state.value,
        "renews": membership.renews,
        "renews_soon": next_charge is not None and next_charge.at - services.rules.notice <= now,
        "cancels_at_period_end": membership.cancels_at_period_end,
        "is_change_pending": membership.is_change_pending,
        "started_at": membership.created_at,
        "paid_until": membership.paid_until,
        "grace_ends_at": membership.grace_ends_at,
        "ended_at": membership.ended_at,
        "end_reason": membership.end_reason,
        "next_charge": next_charge,
        "scheduled": None
        if scheduled is None
        else ScheduledTier(tier=scheduled, name=services.catalog.tier(scheduled).name[language]),
    }


def _next_charge(membership: Membership, language: str) -> NextCharge | None:
    """None: it does not renew, or what is due was to be paid before."""
    if not membership.renews or membership.renewal_minor is None:
        return None
    if membership.state is not MembershipState.ACTIVE:
        return None
    price = money(membership.renewal_minor, membership.currency, language)
    return NextCharge(at=membership.paid_until, price=price)


def _payment(services: Services, period: MembershipPeriod, order: Order | None, language: str) -> PaymentRead:
    back_minor = 0 if order is None else order.refunded_minor
    return PaymentRead(
        order_id=period.order_id,
        kind=period.kind,
        tier=period.tier,
        name=services.catalog.tier(period.tier).name[language],
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        price=None if order is None else money(order.amount_minor, order.currency, language),
        refunded=money(back_minor, order.currency, language) if order is not None and back_minor else None,
        kept=None if order is None else kept(order, language),
    )


def _withdrawal(services: Services, withdrawal: Withdrawal, language: str) -> WithdrawalRead:
    membership = withdrawal.membership
    return WithdrawalRead(
        order_id=withdrawal.order.id,
        name=item_name(services.catalog, withdrawal.item, language),
        is_whole=withdrawal.is_whole,
        until=withdrawal.until,
        refund=money(withdrawal.refund_minor, membership.currency, language),
        kept=money(withdrawal.kept_minor, membership.currency, language),
        parts=[_part(services, part, language) for part in withdrawal.parts],
    )


def _part(services: Services, part: Part, language: str) -> WithdrawalPart:
    order, period = part.order, part.period
    return WithdrawalPart(
        order_id=order.id,
        kind=period.kind,
        name=services.catalog.tier(period.tier).name[language],
        price=money(order.amount_minor, order.currency, language),
        is_use_paid=part.is_use_paid,
        used_credits=part.used_credits,
        all_credits=part.all_credits,
        used_days=part.used_days,
        all_days=part.all_days,
        kept=money(part.kept_minor, order.currency, language),
        refund=money(part.refund_minor, order.currency, language),
    )


def _is_going_back(order: Order) -> bool:
    return order.return_reason is ReturnReason.WITHDRAWN and order.state is OrderState.PAID


def _acts(
    services: Services, membership: Membership | None, withdrawals: Sequence[Withdrawal]
) -> Iterator[Act]:
    """What would not be refused."""
    channel = services.payments
    if channel is None or membership is None or membership.channel != channel.name:
        return
    if membership.state is MembershipState.ENDED:
        return
    is_charged = membership.subscription_id is not None and membership.subscription_ended_at is None
    if is_charged:
        is_steady = not (membership.cancels_at_period_end or membership.is_change_pending)
        if membership.state is MembershipState.ACTIVE and is_steady:
            yield "change"
        yield "resume" if membership.cancels_at_period_end else "cancel"
    if is_charged and membership.customer_id is not None:
        yield "portal"
    if membership.subscription_id is None:
        yield "months"
    if withdrawals:
        yield "withdraw"


def read_change(services: Services, preview: Preview, renews_at: datetime, language: str) -> ChangeRead:
    """What the change would mean; `renews_at` is when the running period ends."""
    change = preview.change
    tier = services.catalog.tier(change.tier)
    return ChangeRead(
        tier=change.tier,
        name=tier.name[language],
        is_upgrade=change.is_now,
        due_now=money(preview.due_minor, change.currency, language),
        credits_now=change.extra_credits,
        monthly_credits=tier.monthly_credits,
        then=money(change.price_minor, change.currency, language),
        renews_at=renews_at,
        at=change.price.at,
    )
