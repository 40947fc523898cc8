"""A member takes the purchase back within its time: it ends at once, and what was not used goes back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
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
from models.order import Order, OrderState, ReturnReason

MOST_PAYMENTS = 100


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What taking a membership back would do now.

    first: the payment that began it, which names the purchase. parts: every payment of it, newest first.
    """

    membership: Membership
    first: Order
    until: datetime
    parts: Sequence[Part]
    refund_minor: int
    kept_minor: int


async def find_withdrawal(
    session: AsyncSession, rules: MembershipRules, *, user_id: UUID, now: datetime
) -> Withdrawal | None:
    """What can be taken back of a live membership, within 14 days of its first payment; writes nothing.

    A renewal is no new contract, and an upgrade goes back with the month that it raised. While a bank decides
    about any of its payments, nothing can be taken back.
    """
    live = await queries.find_live(session, user_id)
    if live is None:
        return None
    paid = await queries.list_payments(session, live.id, limit=MOST_PAYMENTS)
    first = _find_first(paid)
    if first is None or first.paid_at is None or now >= first.paid_at + rules.withdrawal:
        return None
    standing = [(period, order) for period, order in paid if order is not None and period.revoked_at is None]
    if any(order.state is not OrderState.PAID or order.return_reason is not None for _, order in standing):
        return None
    parts = [
        await reckon(session, rules, period, order, user_id=user_id, now=now) for period, order in standing
    ]
    refund_minor, kept_minor = total(parts)
    return Withdrawal(live, first, first.paid_at + rules.withdrawal, parts, refund_minor, kept_minor)


def _find_first(paid: Sequence[tuple[MembershipPeriod, Order | None]]) -> Order | None:
    """The payment that began the membership; None where it was taken back."""
    begun = [one for one in paid if one[0].kind is not PeriodKind.UPGRADE]
    if not begun or begun[-1][0].revoked_at is not None:
        return None
    return begun[-1][1]


async def withdraw(
    session: AsyncSession,
    rules: MembershipRules,
    *,
    user_id: UUID,
    shown_minor: int | None,
    now: datetime,
) -> Withdrawal:
    """Take the purchase back; what was taken back, with the orders as they stand now.

    The membership ends in the caller's transaction and nothing of it can be used any more, whenever the money
    arrives: `service.flows.return_money` asks the channel for that, now and as often as it takes.

    Orders are locked before the account, as wherever money is applied: nothing is spent or paid between the
    reckoning and the end.

    Args:
        shown_minor: what the member was told would go back; None: they were not told.
    Raises: NotWithdrawableError, WithdrawalChangedError.
    """
    locked = await orders.lock_memberships(session, user_id)
    found = await find_withdrawal(session, rules, user_id=user_id, now=now)
    if found is None:
        raise NotWithdrawableError("The time to take this back is over.")
    is_known = {part.order.id for part in found.parts} <= locked  # not one that was paid in between
    if not is_known or shown_minor not in (None, found.refund_minor):
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
