"""What a member may ask for: another tier, sooner or later. Decided here, done by the channel.

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
    RenewalUnderWayError,
    UnknownTierError,
)
from billing.memberships.rules import MembershipRules
from billing.periods import Period
from billing.stripe_catalog import price_key
from billing.subscriptions import PriceChange
from models.membership import Membership, MembershipState

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
    session: AsyncSession,
    rules: MembershipRules,
    *,
    user_id: UUID,
    tier: str,
    key: str,
    at: datetime,
    now: datetime,
) -> TierChange:
    """What it would mean to change to a tier now; writes nothing.

    Changing to the tier that there is undoes a planned downgrade.

    Args:
        key: names the request, so that repeating it changes nothing twice.
        at: the moment for which the difference is reckoned: what was previewed is what is charged.
    Raises: NoMembershipError, UnknownTierError, ChangeScheduledError, MembershipUnpaidError,
        RenewalUnderWayError.
    """
    membership = await get_subscription(session, user_id)
    if tier == FREE or tier not in rules.catalog.memberships:
        raise UnknownTierError(f"There is no membership of tier {tier}.")
    if membership.state in DUE:
        raise MembershipUnpaidError("Pay for the month that has begun first.")
    if membership.paid_until <= now:
        raise RenewalUnderWayError("The month that has begun is being charged; try again when it is paid.")
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
