"""Time that was paid for goes with its money, and comes back when the refund fails or the dispute is won.

All of a payment or nothing: a partial refund is a kindness and takes neither time nor credits. What its buyer
took back is over at once, whenever its money arrives.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from billing import clawback
from billing.memberships import prepaid, queries, quota
from billing.memberships.reckoning import pays_for_use
from billing.memberships.rules import MembershipRules
from billing.memberships.standing import end, restand
from models.membership import Membership, MembershipEnd, MembershipPeriod, MembershipState, PeriodKind
from models.order import Order, ReturnReason


async def settle_period(
    session: AsyncSession,
    order: Order,
    *,
    is_taken_back: bool,
    is_lost: bool,
    is_frozen: bool,
    rules: MembershipRules,
    now: datetime,
) -> None:
    """Bring what an order bought of a membership to where its money is; an order that was refused bought
    nothing. The caller has locked the order and its buyer's account.

    Args:
        is_lost: a bank has decided that nothing stays paid, nor what was used.
    """
    period = await queries.find_period_of(session, order.id)
    if period is None:
        return
    membership = await queries.get(session, period.membership_id)
    is_use_paid = order.return_reason is ReturnReason.WITHDRAWN and pays_for_use(order)
    if is_taken_back and period.revoked_at is None:
        await _revoke(session, membership, period, rules, now, is_use_paid=is_use_paid)
    elif not is_taken_back and period.revoked_at is not None:
        await _restore(session, membership, period, rules, now)
    found = await queries.list_lots(session, membership.user_id, quota.lot_prefix(period.id))
    if is_lost and is_use_paid:
        for lot in found:
            await clawback.claw_back(
                session, key=_lost_key(period), lot_id=lot.id, amount_credits=lot.quantity, now=now
            )
    else:
        await _undo(session, period, _lost_key(period), rules, now)
    act = clawback.freeze if is_frozen else clawback.thaw
    await act(session, [lot.id for lot in found], now=now)


async def _revoke(
    session: AsyncSession,
    membership: Membership,
    period: MembershipPeriod,
    rules: MembershipRules,
    now: datetime,
    *,
    is_use_paid: bool,
) -> None:
    """Unspent credits are voided; the month that runs ends with its money. Spent ones become a debt, unless
    they stay paid.
    """
    period.revoked_at = now
    await session.flush()
    for lot in await queries.list_lots(session, membership.user_id, quota.lot_prefix(period.id)):
        await clawback.thaw(session, [lot.id], now=now)
        if is_use_paid:
            await clawback.void(session, key=_key(period), lot_id=lot.id, now=now)
        else:
            await clawback.claw_back(
                session, key=_key(period), lot_id=lot.id, amount_credits=lot.quantity, now=now
            )
    if period.kind is PeriodKind.PREPAID:
        await prepaid.shorten(session, membership, rules=rules, now=now)
    elif period.kind is PeriodKind.MONTH and period.ends_at >= membership.paid_until:
        if membership.state is not MembershipState.ENDED:
            await end(session, membership, MembershipEnd.REFUNDED, at=now)
    else:
        await restand(session, membership, rules=rules, now=now)


async def _restore(
    session: AsyncSession,
    membership: Membership,
    period: MembershipPeriod,
    rules: MembershipRules,
    now: datetime,
) -> None:
    """The money stayed after all: what is left of the time is served, with the credits that were taken."""
    await _undo(session, period, _key(period), rules, now)
    period.revoked_at = None
    await session.flush()
    live = await queries.find_live(session, membership.user_id)
    if membership.end_reason is MembershipEnd.REFUNDED and live is None and period.ends_at > now:
        membership.state = MembershipState.ACTIVE
        membership.ended_at = membership.end_reason = None
        membership.cancels_at_period_end = membership.subscription_id is not None
        await session.flush()
    if period.kind is PeriodKind.PREPAID:
        await prepaid.shorten(session, membership, rules=rules, now=now)
    else:
        await restand(session, membership, rules=rules, now=now)


async def _undo(
    session: AsyncSession, period: MembershipPeriod, key: str, rules: MembershipRules, now: datetime
) -> None:
    """Forgive what is open of a debt, and give the rest again that was taken under the key."""
    occasion = key.rpartition(":")[2]  # what is taken of a lot a second time comes again a second time
    for lot_id in await clawback.list_lots(session, key):
        undone = await clawback.undo(session, key=key, lot_id=lot_id, now=now)
        await quota.grant(
            session,
            period,
            f"{quota.AGAIN}{lot_id}:{occasion}",
            user_id=undone.user_id,
            quantity=undone.voided_credits + undone.repaid_credits,
            expires_at=period.ends_at + rules.renewal_gap,
            now=now,
        )


def _lost_key(period: MembershipPeriod) -> str:
    return f"period:{period.id}:lost"


def _key(period: MembershipPeriod) -> str:
    """Each time that it is taken back is a clawback of its own."""
    if period.revoked_at is None:
        raise ValueError("only what was taken back has a key")
    return f"period:{period.id}:{period.revoked_at.timestamp():.6f}"
