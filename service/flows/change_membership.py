"""A member's wishes: the channel is asked, and what it then says of the subscription is applied at once.

Each opens its own transactions, because none may be open while the channel is asked. Dying in between leaves
the news to the channel's events.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing.memberships import queries as memberships
from billing.memberships.changing import DUE, TierChange, get_subscription, plan_change
from billing.memberships.errors import NoMembershipError
from billing.memberships.rules import MembershipRules
from billing.memberships.withdrawing import withdraw
from billing.payments import PaymentChannel, UnknownObjectError
from billing.subscriptions import ChangeRefusedError
from core.database import Sessions
from models.membership import Membership
from service.flows.apply_payments import apply_report, complete
from service.flows.read_membership import read_membership
from service.flows.return_money import return_order
from service.flows.tell_membership import MembershipStanding, tell_membership_moved
from service.flows.tell_withdrawal import tell_withdrawn

PREVIEWED: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Member:
    """Who asks, and by whom and what it is done."""

    sessions: Sessions
    channel: PaymentChannel
    rules: MembershipRules
    user_id: UUID


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do, and what is due for it now; 0 for a change at the period's end."""

    change: TierChange
    due_minor: int


async def preview_change(member: Member, tier: str, *, now: datetime) -> Preview:
    """Changes nothing. Pass `change.price.at` on to `change_membership`, to be charged what was shown.

    Raises: NoMembershipError, UnknownTierError, ChangeScheduledError, MembershipUnpaidError,
        RenewalUnderWayError, ChangeRefusedError, NotOnSaleError, PaymentsAwayError.
    """
    async with member.sessions() as session:
        change = await plan_change(
            session, member.rules, user_id=member.user_id, tier=tier, key="preview", at=now, now=now
        )
    with _refusing_unknown():
        return Preview(change, await member.channel.preview_upgrade(change.price) if change.is_now else 0)


async def change_membership(
    member: Member, tier: str, *, key: str, at: datetime | None, now: datetime
) -> Membership:
    """Upgrade now, downgrade at the period's end, or undo a planned downgrade; the membership after it.

    An upgrade whose payment needs the person leaves `is_change_pending`; the portal is where they pay.

    Args:
        key: the client's Idempotency-Key.
        at: of the preview; None, or a moment that no preview of the last hour had: now.
    Raises: as `preview_change`.
    """
    async with member.sessions() as session:
        change = await plan_change(
            session, member.rules, user_id=member.user_id, tier=tier, key=key, at=_moment(at, now), now=now
        )
    if not change.is_needed:
        return await _newest(member)
    with _refusing_unknown():
        if change.is_now:
            await member.channel.upgrade(change.price)
        else:
            await member.channel.set_next_price(change.price)
        return await _follow(member, change.price.subscription_id, now)


def _moment(at: datetime | None, now: datetime) -> datetime:
    """Nobody chooses a moment at which the difference would have been smaller."""
    return at if at is not None and now - PREVIEWED <= at <= now else now


async def cancel_membership(member: Member, *, now: datetime) -> Membership:
    """End it with the period that is paid; at once where a renewal is owed, or is about to be charged: the
    channel does so an hour after the month has begun. Again changes nothing.

    Raises: NoMembershipError, ChangeRefusedError, PaymentsAwayError.
    """
    async with member.sessions() as session:
        membership = await get_subscription(session, member.user_id)
    subscription_id = membership.subscription_id or ""
    with _refusing_unknown():
        if membership.state in DUE or membership.paid_until <= now:
            await member.channel.end_subscription(subscription_id)
        else:
            await member.channel.set_cancelling(subscription_id, cancels=True)
        return await _follow(member, subscription_id, now)


async def resume_membership(member: Member, *, now: datetime) -> Membership:
    """Undo a planned end. Again changes nothing.

    Raises: NoMembershipError; ChangeRefusedError: the channel has ended it; PaymentsAwayError.
    """
    async with member.sessions() as session:
        membership = await get_subscription(session, member.user_id)
    with _refusing_unknown():
        await member.channel.set_cancelling(membership.subscription_id or "", cancels=False)
        return await _follow(member, membership.subscription_id or "", now)


async def open_portal(member: Member, *, return_url: str, language: str) -> str:
    """Where the person changes the card and pays what is owed; an address for one visit.

    Raises: NoMembershipError, ChangeRefusedError, PaymentsAwayError.
    """
    async with member.sessions() as session:
        membership = await get_subscription(session, member.user_id)
    customer_id = membership.customer_id
    if customer_id is None:
        raise NoMembershipError("There is nothing to manage.")
    with _refusing_unknown():
        return await member.channel.open_portal(customer_id, return_url=return_url, language=language)


async def withdraw_membership(
    member: Member, order_id: UUID, *, now: datetime, shown_minor: int | None = None
) -> Membership:
    """Take a purchase back within its time: it ends at once, and what was not used of its price goes back.

    That the channel is away is no refusal: the keeper sees to the money. Again changes nothing.

    Args:
        order_id: names the purchase, as it is offered. shown_minor: what the member was told would go back;
            None: whatever does now.
    Raises: NotWithdrawableError, WithdrawalChangedError.
    """
    async with member.sessions.begin() as session:
        ids = await _withdraw(session, member, order_id, shown_minor, now)
    for one in ids:
        await return_order(member.sessions, member.channel, one, rules=member.rules, now=now)
    return await _newest(member)


async def _withdraw(
    session: AsyncSession, member: Member, order_id: UUID, shown_minor: int | None, now: datetime
) -> Sequence[UUID]:
    """The orders whose money is to go back."""
    live = await memberships.find_live(session, member.user_id)
    before = None if live is None else MembershipStanding.of(live)
    withdrawal = await withdraw(
        session, member.rules, user_id=member.user_id, order_id=order_id, shown_minor=shown_minor, now=now
    )
    if withdrawal is None:
        return []
    await session.flush()
    await tell_withdrawn(session, withdrawal, now=now)
    after = MembershipStanding.of(withdrawal.membership)
    await tell_membership_moved(session, after, before, now=now)
    return [part.order.id for part in withdrawal.parts]


@contextmanager
def _refusing_unknown() -> Iterator[None]:
    """What the channel does not know, such as what was sold in a test before, cannot be changed there."""
    try:
        yield
    except UnknownObjectError as error:
        raise ChangeRefusedError("The payment service does not know this membership.") from error


async def _follow(member: Member, subscription_id: str, now: datetime) -> Membership:
    facts = await read_membership(member.sessions, member.channel, subscription_id)
    report = await complete(member.sessions, member.channel, facts)
    async with member.sessions.begin() as session:
        await apply_report(session, report, rules=member.rules, now=now)
    return await _newest(member)


async def _newest(member: Member) -> Membership:
    async with member.sessions() as session:
        membership = await memberships.find_newest(session, member.user_id)
    if membership is None:
        raise NoMembershipError("There is no membership.")
    return membership
