"""Months paid in advance, for wallets that cannot be charged again. They end by themselves.

Each month's credits are granted when it begins, so that refunding the rest takes only what is not served.
"""

from datetime import UTC, datetime, timedelta
from itertools import count

from sqlalchemy.ext.asyncio import AsyncSession

from billing import queries as credits
from billing.ledger import memberships as ledger
from billing.ledger.templates import Money
from billing.memberships import queries, quota
from billing.memberships.rules import MembershipRules
from billing.memberships.standing import NEVER, end, settle
from billing.periods import Period, month_after
from core.ids import new_id
from models.membership import (
    Membership,
    MembershipEnd,
    MembershipPeriod,
    MembershipState,
    PeriodKind,
)
from models.order import Order, ReturnReason


async def sell_months(
    session: AsyncSession,
    order: Order,
    paid: Money,
    payment_id: str,
    *,
    paid_at: datetime,
    rules: MembershipRules,
    now: datetime,
) -> None:
    """Book the months of a paid order and begin them, or add them to those that run.

    The caller has locked the order and its buyer's account, and sees to the order itself.
    """
    is_closed = await credits.is_closed(session, order.owner_id)
    live = await queries.find_live(session, order.owner_id)
    tier, months = _bought(order)
    is_welcome = not is_closed and (live is None or (live.subscription_id is None and live.tier == tier))
    starts_at = paid_at if live is None or not is_welcome else live.paid_until
    anchor_at = paid_at if live is None or not is_welcome else live.anchor_at
    ends_at = month_after(anchor_at, _distance(anchor_at, starts_at) + months)
    await _book(session, order, paid, payment_id, Period(starts_at, ends_at), paid_at, now)
    if not is_welcome:
        order.return_reason = ReturnReason.ACCOUNT_CLOSED if is_closed else ReturnReason.ALREADY_MEMBER
        return
    membership = live or _begin(order, tier, Period(starts_at, ends_at), now)
    session.add(membership)
    await session.flush()
    session.add(
        MembershipPeriod(
            id=new_id(),
            membership_id=membership.id,
            channel=order.channel,
            invoice_id=payment_id,
            kind=PeriodKind.PREPAID,
            tier=tier,
            starts_at=starts_at,
            ends_at=ends_at,
            order_id=order.id,
        )
    )
    membership.paid_until = ends_at
    await session.flush()
    await open_month(session, membership, rules=rules, now=now)


async def open_month(
    session: AsyncSession, membership: Membership, *, rules: MembershipRules, now: datetime
) -> None:
    """Grant the month that runs now, once; a month that nobody looked at in time is not made up for."""
    if membership.state is MembershipState.ENDED or membership.paid_until <= now:
        await settle(session, membership, rules=rules, now=now)
        return
    month = _month_at(membership.anchor_at, now)
    membership.period_start, membership.period_end = month.start, month.end
    await session.flush()
    await settle(session, membership, rules=rules, now=now)
    lined_up = await _line_up(session, membership)
    covering = next(one for one in lined_up if one.starts_at <= month.start < one.ends_at)
    await _grant(session, membership, covering, month, rules, now)


async def shorten(
    session: AsyncSession, membership: Membership, *, rules: MembershipRules, now: datetime
) -> None:
    """The months that are left after some were taken back, or given again."""
    lined_up = await _line_up(session, membership)
    if membership.state is MembershipState.ENDED:
        return
    if not lined_up or lined_up[-1].ends_at <= now:
        await end(session, membership, MembershipEnd.REFUNDED, at=now)
        return
    membership.paid_until = lined_up[-1].ends_at
    membership.period_end = min(membership.period_end, membership.paid_until)
    await session.flush()
    await open_month(session, membership, rules=rules, now=now)


async def _line_up(session: AsyncSession, membership: Membership) -> list[MembershipPeriod]:
    """The payments that count, one after the other: where one was taken back, later ones move up.

    What is used of a month is then kept of the payment whose month it has become.
    """
    valid = [one for one in await queries.list_periods(session, membership.id) if one.revoked_at is None]
    months = 0
    for one in valid:
        one.starts_at = month_after(membership.anchor_at, months)
        months += await _months_of(session, one)
        one.ends_at = month_after(membership.anchor_at, months)
    await session.flush()
    return valid


async def _grant(
    session: AsyncSession,
    membership: Membership,
    period: MembershipPeriod,
    month: Period,
    rules: MembershipRules,
    now: datetime,
) -> None:
    label = f"{month.start:%Y-%m-%d}"
    prefix = quota.lot_prefix(period.id)
    if await queries.list_lots(session, membership.user_id, f"{prefix}{label}"):
        return
    await quota.grant(
        session,
        period,
        label,
        user_id=membership.user_id,
        quantity=rules.catalog.tier(membership.tier).monthly_credits,
        expires_at=month.end,
        now=now,
    )


async def _book(
    session: AsyncSession,
    order: Order,
    paid: Money,
    payment_id: str,
    period: Period,
    paid_at: datetime,
    now: datetime,
) -> None:
    starts_on = period.start.astimezone(UTC).date()
    ends_on = max(period.end.astimezone(UTC).date(), starts_on + timedelta(days=1))
    await ledger.sell(
        session,
        key=f"{order.channel}:payment:{payment_id}",
        user_id=order.owner_id,
        starts_on=starts_on,
        ends_on=ends_on,
        paid=paid,
        occurred_at=paid_at,
        now=now,
    )


def _begin(order: Order, tier: str, period: Period, now: datetime) -> Membership:
    return Membership(
        id=new_id(),
        user_id=order.owner_id,
        tier=tier,
        state=MembershipState.ACTIVE,
        channel=order.channel,
        is_test=order.is_test,
        currency=order.currency,
        anchor_at=period.start,
        period_start=period.start,
        period_end=month_after(period.start, 1),
        paid_until=period.end,
        cancels_at_period_end=False,
        is_change_pending=False,
        read_at=NEVER,
        created_at=now,
    )


def _bought(order: Order) -> tuple[str, int]:
    """The tier, and how many months of it."""
    _, tier, months = order.item.split(":")
    return tier, int(months)


async def _months_of(session: AsyncSession, period: MembershipPeriod) -> int:
    if period.order_id is None:
        return 0
    return _bought(await session.get_one(Order, period.order_id))[1]


def _month_at(anchor_at: datetime, now: datetime) -> Period:
    """The month, counted from the anchor, that holds `now`."""
    months = _distance(anchor_at, now)
    return Period(month_after(anchor_at, months), month_after(anchor_at, months + 1))


def _distance(anchor_at: datetime, moment: datetime) -> int:
    """Whole months from the anchor to then."""
    return next(months for months in count() if month_after(anchor_at, months + 1) > moment)
