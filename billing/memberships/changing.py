"""What a member may ask for: another tier, or to take the purchase back. Decided here, done by the channel.

Nothing here writes a membership: what the channel then says of the subscription does (`applying`), so that
what we show is what is charged. `service.flows.change_membership` asks the channel and applies its answer.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing.catalog import FREE
from billing.memberships import queries, quota
from billing.memberships.errors import (
    ChangeScheduledError,
    MembershipUnpaidError,
    NoMembershipError,
    NotWithdrawableError,
    UnknownTierError,
)
from billing.memberships.rules import MembershipRules
from billing.orders import queries as orders
from billing.periods import Period
from billing.stripe_catalog import price_key
from billing.subscriptions import PriceChange
from models.membership import Membership, MembershipState, PeriodKind
from models.order import Order, OrderState, ReturnReason

DUE = frozenset({MembershipState.PAST_DUE, MembershipState.UNPAID})


@dataclass(frozen=True, slots=True)
class TierChange:
    """What changing to a tier would do.

    is_now: an upgrade: charged at once, and the tier and `extra_credits` come with the payment. Otherwise the
        tier changes at `effective_at`, the period's end, and nothing is charged or given back.
    price_minor: what a month of it costs from then on.
    is_needed: False where it is the tier that there is, and no other is planned.
    price: for the channel.
    """

    tier: str
    is_now: bool
    is_needed: bool
    effective_at: datetime
    extra_credits: int
    price_minor: int
    currency: str
    price: PriceChange


async def get_subscription(session: AsyncSession, user_id: UUID) -> Membership:
    """A person's live membership that renews by itself. Raises: NoMembershipError."""
    live = await queries.find_live(session, user_id)
    if live is None or live.subscription_id is None:
        raise NoMembershipError("There is no membership that renews.")
    return live


async def plan_change(
    session: AsyncSession, rules: MembershipRules, *, user_id: UUID, tier: str, key: str, at: datetime
) -> TierChange:
    """What it would mean to change to a tier now; writes nothing.

    Changing to the tier that there is undoes a planned downgrade.

    Args:
        key: names the request, so that repeating it changes nothing twice.
        at: the moment for which the difference is reckoned: what was previewed is what is charged.
    Raises: NoMembershipError, UnknownTierError, ChangeScheduledError, MembershipUnpaidError.
    """
    membership = await get_subscription(session, user_id)
    if tier == FREE or tier not in rules.catalog.memberships:
        raise UnknownTierError(f"There is no membership of tier {tier}.")
    if membership.state in DUE:
        raise MembershipUnpaidError("Pay for the month that has begun first.")
    is_upgrade = rules.catalog.tier(tier).rank > rules.catalog.tier(membership.tier).rank
    is_busy = membership.cancels_at_period_end or membership.is_change_pending
    if is_busy or (is_upgrade and membership.scheduled_tier is not None):
        raise ChangeScheduledError("Undo the planned end or change first.")
    price_minor = rules.catalog.memberships[tier].prices[membership.currency]
    month = Period(membership.period_start, membership.period_end)
    extra_credits = quota.upgrade_credits(
        rules.catalog.tier(membership.tier).monthly_credits,
        rules.catalog.tier(tier).monthly_credits,
        starts_at=at,
        ends_at=month.end,
        month=month,
    )
    return TierChange(
        tier=tier,
        is_now=is_upgrade,
        is_needed=tier != membership.tier or membership.scheduled_tier is not None,
        effective_at=at if is_upgrade else membership.paid_until,
        extra_credits=extra_credits if is_upgrade else 0,
        price_minor=price_minor,
        currency=membership.currency,
        price=PriceChange(
            subscription_id=membership.subscription_id or "",
            price_key=price_key(f"membership:{tier}", membership.currency, price_minor),
            price_minor=price_minor,
            currency=membership.currency,
            key=f"change:{membership.id}:{tier}:{'now' if is_upgrade else 'next'}:{key}",
            at=at,
        ),
    )


async def find_withdrawable(
    session: AsyncSession, rules: MembershipRules, *, user_id: UUID, now: datetime
) -> Order | None:
    """The first payment of a live membership, while it can be taken back: within 14 days, all of it.

    A renewal is no new contract, and an upgrade goes back with the month that it raised.
    """
    live = await queries.find_live(session, user_id)
    if live is None:
        return None
    periods = await queries.list_periods(session, live.id)
    first = next((one for one in periods if one.kind is not PeriodKind.UPGRADE), None)
    if first is None or first.order_id is None or first.revoked_at is not None:
        return None
    order = await orders.find_order(session, first.order_id)
    is_paid = order is not None and order.state is OrderState.PAID and order.return_reason is None
    is_early = order is not None and order.paid_at is not None and now < order.paid_at + rules.withdrawal
    return order if is_paid and is_early else None


async def withdraw(
    session: AsyncSession, rules: MembershipRules, *, user_id: UUID, now: datetime
) -> list[Order]:
    """Take the purchase back: the orders whose money is to be returned, with those of upgrades.

    The membership ends when the channel says that the money went back; `service.flows.return_money` asks it
    to, now or at the keeper's next round.

    Raises: NotWithdrawableError.
    """
    found = await find_withdrawable(session, rules, user_id=user_id, now=now)
    first = None if found is None else await orders.lock_order(session, found.id)
    live = await queries.find_live(session, user_id)
    if first is None or live is None or first.return_reason is not None:
        raise NotWithdrawableError("The time to take this back is over.")
    returned = []
    for period, order in await queries.list_payments(session, live.id, limit=100):
        if order is not None and period.revoked_at is None and order.state is OrderState.PAID:
            order.return_reason = ReturnReason.WITHDRAWN
            returned.append(order)
    await session.flush()
    return returned
