"""Where a membership stands: the tier, the month and until when follow from what is paid and not taken back.

Callers have locked the owner's account.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing import queries as credits
from billing.memberships import queries, quota
from billing.memberships.rules import MembershipRules
from billing.periods import Period
from billing.subscriptions import InvoiceFacts
from core.ids import new_id
from models.membership import (
    Membership,
    MembershipEnd,
    MembershipPeriod,
    MembershipState,
    PeriodKind,
)
from models.order import Order

NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)


async def begin_subscription(
    session: AsyncSession, first: Order, invoice: InvoiceFacts, tier: str, now: datetime
) -> Membership:
    """The membership that a subscription's first invoice pays. Its state is read with it: see `applying`."""
    membership = Membership(
        id=new_id(),
        user_id=first.owner_id,
        tier=tier,
        state=MembershipState.ACTIVE,
        channel=first.channel,
        is_test=first.is_test,
        currency=first.currency,
        subscription_id=invoice.subscription_id,
        anchor_at=invoice.starts_at,
        period_start=invoice.starts_at,
        period_end=invoice.ends_at,
        paid_until=invoice.ends_at,
        cancels_at_period_end=False,
        is_change_pending=False,
        read_at=NEVER,
        created_at=now,
    )
    session.add(membership)
    await session.flush()
    return membership


async def extend(
    session: AsyncSession,
    membership: Membership,
    period: MembershipPeriod,
    *,
    rules: MembershipRules,
    now: datetime,
) -> None:
    """Grant what a newly paid period of a subscription brings, and take the tier over."""
    periods = await queries.list_periods(session, membership.id)
    quantity = _quantity(period, periods, rules)
    _stand(membership, periods)
    await settle(session, membership, rules=rules, now=now)
    await quota.grant(
        session,
        period,
        "month",
        user_id=membership.user_id,
        quantity=quantity,
        expires_at=period.ends_at + rules.renewal_gap,
        now=now,
    )


def _quantity(period: MembershipPeriod, periods: Sequence[MembershipPeriod], rules: MembershipRules) -> int:
    """A month brings its whole quota, an upgrade the difference for the rest of the month."""
    new_credits = rules.catalog.tier(period.tier).monthly_credits
    if period.kind is PeriodKind.MONTH:
        return new_credits
    before = [one for one in periods if one.starts_at <= period.starts_at and one.id != period.id]
    months = [one for one in before if one.kind is PeriodKind.MONTH and one.ends_at > period.starts_at]
    if not months:
        return 0
    month = Period(months[-1].starts_at, months[-1].ends_at)
    older = [one for one in before if one.starts_at >= month.start]
    return quota.upgrade_credits(
        rules.catalog.tier(older[-1].tier).monthly_credits,
        new_credits,
        starts_at=period.starts_at,
        ends_at=period.ends_at,
        month=month,
    )


def _stand(membership: Membership, periods: Sequence[MembershipPeriod]) -> None:
    """What of a subscription's periods counts now; nothing changes where none is left."""
    valid = [one for one in periods if one.revoked_at is None]
    months = [one for one in valid if one.kind is PeriodKind.MONTH]
    if not months:
        return
    month = max(months, key=lambda one: one.ends_at)
    inside = [one for one in valid if month.starts_at <= one.starts_at and one.ends_at <= month.ends_at]
    membership.tier = max(inside, key=_order).tier
    membership.period_start, membership.period_end = month.starts_at, month.ends_at
    membership.paid_until = month.ends_at
    if membership.scheduled_tier == membership.tier:
        membership.scheduled_tier = None


def _order(period: MembershipPeriod) -> tuple[object, ...]:
    """An upgrade in the very second that its month begins comes after it."""
    return period.starts_at, period.kind is not PeriodKind.MONTH, period.id


async def settle(
    session: AsyncSession, membership: Membership, *, rules: MembershipRules, now: datetime
) -> None:
    """End what is over, and bring the account that admission reads in line with a membership that is not."""
    if membership.state is MembershipState.ENDED:
        return
    if membership.state is MembershipState.PAST_DUE and (membership.grace_ends_at or now) <= now:
        membership.state = MembershipState.UNPAID
    if not membership.renews and membership.paid_until <= now:
        await end(session, membership, _reason(membership), at=max(membership.paid_until, _grace(membership)))
        return
    (account,) = await credits.lock_accounts(session, [membership.user_id])
    until = membership.paid_until + rules.grace if membership.renews else membership.paid_until
    if until <= now or account.closed_at is not None:
        await quota.cut_tier(session, membership.user_id, until)
        return
    month = Period(membership.period_start, membership.period_end)
    await quota.set_tier(session, account, membership.tier, month, until=until)


def _reason(membership: Membership) -> MembershipEnd:
    if membership.subscription_id is None:
        return MembershipEnd.OVER
    if membership.state is MembershipState.ACTIVE:
        return MembershipEnd.CANCELLED
    return MembershipEnd.UNPAID


def _grace(membership: Membership) -> datetime:
    """Until when access was left to a member who owed a renewal."""
    is_due = membership.state in (MembershipState.PAST_DUE, MembershipState.UNPAID)
    ended_at = membership.subscription_ended_at
    if not is_due or membership.grace_ends_at is None or ended_at is None:
        return membership.paid_until
    return min(membership.grace_ends_at, ended_at)


async def end(session: AsyncSession, membership: Membership, reason: MembershipEnd, *, at: datetime) -> None:
    """The tier and its credits end then; packs and other credits stay."""
    membership.state, membership.ended_at, membership.end_reason = MembershipState.ENDED, at, reason
    membership.scheduled_tier, membership.is_change_pending = None, False
    await session.flush()
    await quota.cut_tier(session, membership.user_id, at)
    periods: list[UUID] = [one.id for one in await queries.list_periods(session, membership.id)]
    await quota.cut(session, membership.user_id, periods, at)


async def restand(
    session: AsyncSession, membership: Membership, *, rules: MembershipRules, now: datetime
) -> None:
    """After a period was taken back or given again."""
    periods = await queries.list_periods(session, membership.id)
    _stand(membership, periods)
    await settle(session, membership, rules=rules, now=now)
