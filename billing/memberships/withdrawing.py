"""A member takes a purchase back within its time: it ends at once, and what was not used goes back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing.memberships import queries
from billing.memberships.errors import NotWithdrawableError, WithdrawalChangedError
from billing.memberships.reckoning import Part, reckon, total
from billing.memberships.rules import MembershipRules
from billing.orders import goods
from billing.orders import queries as orders
from billing.orders.standing import settle_standing
from models.membership import Membership, MembershipPeriod, PeriodKind
from models.order import ItemKind, Order, OrderState, ReturnReason

MOST_PAYMENTS: Final = 100
Payment = tuple[MembershipPeriod, Order]


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What taking one purchase back would do now.

    order: names the purchase. is_whole: it began the membership, and everything goes back with it; otherwise
        these are months that were added later. parts: the payments that go back, newest first.
    """

    membership: Membership
    order: Order
    is_whole: bool
    until: datetime
    parts: Sequence[Part]
    refund_minor: int
    kept_minor: int

    @property
    def item(self) -> str:
        return f"{ItemKind.MEMBERSHIP}:{self.membership.tier}" if self.is_whole else self.order.item


async def list_withdrawals(
    session: AsyncSession, rules: MembershipRules, *, user_id: UUID, now: datetime
) -> Sequence[Withdrawal]:
    """What can be taken back of a live membership: all of it within 14 days of its first payment, and months
    that were added later within 14 days of theirs. Writes nothing.

    A renewal is no new contract, and an upgrade goes back with the month that it raised. While a bank decides
    about one of its payments, a purchase cannot be taken back.
    """
    live = await queries.find_live(session, user_id)
    if live is None:
        return []
    paid = await queries.list_payments(session, live.id, limit=MOST_PAYMENTS)
    standing = [(period, order) for period, order in paid if order is not None and period.revoked_at is None]
    first = _find_first(paid)
    purchases = [(first, standing)] if first is not None else []
    purchases += [
        (order, [(period, order)])
        for period, order in standing
        if period.kind is PeriodKind.PREPAID and order is not first
    ]
    return [
        await _reckon(session, rules, live, order, payments, is_whole=order is first, now=now)
        for order, payments in purchases
        if order.paid_at is not None
        and now < order.paid_at + rules.withdrawal
        and all(_is_settled(one) for _, one in payments)
    ]


def _find_first(paid: Sequence[tuple[MembershipPeriod, Order | None]]) -> Order | None:
    """The payment that began the membership; None where it was taken back."""
    begun = [one for one in paid if one[0].kind is not PeriodKind.UPGRADE]
    if not begun or begun[-1][0].revoked_at is not None:
        return None
    return begun[-1][1]


def _is_settled(order: Order) -> bool:
    return order.state is OrderState.PAID and order.return_reason is None


async def _reckon(
    session: AsyncSession,
    rules: MembershipRules,
    membership: Membership,
    order: Order,
    payments: Sequence[Payment],
    *,
    is_whole: bool,
    now: datetime,
) -> Withdrawal:
    user_id = membership.user_id
    parts = [await reckon(session, rules, period, one, user_id=user_id, now=now) for period, one in payments]
    until = (order.paid_at or now) + rules.withdrawal
    refund_minor, kept_minor = total(parts)
    return Withdrawal(membership, order, is_whole, until, parts, refund_minor, kept_minor)


async def withdraw(
    session: AsyncSession,
    rules: MembershipRules,
    *,
    user_id: UUID,
    order_id: UUID,
    shown_minor: int | None,
    now: datetime,
) -> Withdrawal | None:
    """Take a purchase back: what was taken back, with the orders as they stand now; None when it was before.

    It ends in the caller's transaction and nothing of it can be used any more, whenever the money arrives:
    `service.flows.return_money` asks the channel for that, now and as often as it takes.

    Orders are locked before the account, as wherever money is applied: nothing is spent or paid between the
    reckoning and the end.

    Args:
        order_id: names the purchase. shown_minor: what the member was told would go back; None: nothing.
    Raises: NotWithdrawableError, WithdrawalChangedError.
    """
    locked = await orders.lock_memberships(session, user_id)
    if any(order.id == order_id and order.return_reason is ReturnReason.WITHDRAWN for order in locked):
        return None
    offered = await list_withdrawals(session, rules, user_id=user_id, now=now)
    found = next((one for one in offered if one.order.id == order_id), None)
    if found is None:
        raise NotWithdrawableError("This purchase cannot be taken back, or not any more.")
    is_known = {part.order.id for part in found.parts} <= {order.id for order in locked}
    if not is_known or shown_minor not in (None, found.refund_minor):  # or it was paid in between
        raise WithdrawalChangedError(
            refund_minor=found.refund_minor,
            kept_minor=found.kept_minor,
            currency=found.membership.currency,
        )
    # Upgrades last: it is still of their tier when it ends.
    for part in sorted(found.parts, key=lambda part: part.period.kind is PeriodKind.UPGRADE):
        part.order.return_reason, part.order.kept_minor = ReturnReason.WITHDRAWN, part.kept_minor
        if not part.order.to_return_minor:
            await goods.use_up(session, part.order, now=now)
        await settle_standing(session, part.order, rules=rules, now=now)
    return found
