"""Give back money that we must not keep: of a person who had a first month before, of what was withdrawn.

The reason stands in the order; the channel is asked once it is committed. Its refund tells when it is done.
What the channel refuses, or the buyer's bank sends back, is asked for again (`billing.orders.returning`).
"""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Final, TypeVar
from uuid import UUID

import structlog

from billing.errors import AccountClosedError
from billing.ledger.errors import LedgerError
from billing.memberships import queries as memberships
from billing.memberships.rules import MembershipRules
from billing.orders import queries as orders
from billing.orders.errors import FactsError, NotOursError
from billing.orders.returning import put_off
from billing.payments import PaymentChannel, PaymentsAwayError, UnknownObjectError
from billing.subscriptions import ChangeRefusedError
from core.database import Sessions
from models.membership import Membership
from models.order import Order, OrderState
from service.flows.apply_payments import apply_report, complete
from service.flows.read_membership import read_membership

log = structlog.get_logger()
Found = TypeVar("Found", Membership, Order)

ROUND: Final = 20
FAULTS: Final = (
    UnknownObjectError,
    NotOursError,
    FactsError,
    LedgerError,
    AccountClosedError,
    ChangeRefusedError,
    PaymentsAwayError,
)


async def return_money(
    sessions: Sessions, channel: PaymentChannel, *, rules: MembershipRules, now: datetime
) -> bool:
    """One round: end subscriptions that must not charge again, and give money back; whether more waits.

    One that fails must not hold up the others: it is logged, and tried again.
    """

    async def find_to_end(after_id: UUID | None) -> Sequence[Membership]:
        async with sessions() as session:
            return await memberships.list_to_end(session, channel.name, limit=ROUND, after_id=after_id)

    async def find_to_return(after_id: UUID | None) -> Sequence[Order]:
        async with sessions() as session:
            return await orders.list_to_return(session, channel.name, now=now, limit=ROUND, after_id=after_id)

    async def end(one: Membership) -> bool:
        try:
            await end_subscription(sessions, channel, one.subscription_id or "", rules=rules, now=now)
        except FAULTS as error:
            log.warning("returns.failed", id=str(one.id), error=type(error).__name__)
            return False
        return True

    async def give_back(one: Order) -> bool:
        return await return_order(sessions, channel, one.id, rules=rules, now=now)

    has_more = [await _each(find_to_end, end), await _each(find_to_return, give_back)]
    return any(has_more)


async def _each(
    find: Callable[[UUID | None], Awaitable[Sequence[Found]]], act: Callable[[Found], Awaitable[bool]]
) -> bool:
    """Go on past a page of which nothing could be done; whether more waits that can."""
    after_id: UUID | None = None
    while True:
        page = await find(after_id)
        done = sum([await act(one) for one in page])
        if done or len(page) < ROUND:
            return done > 0 and len(page) == ROUND
        after_id = page[-1].id


async def return_order(
    sessions: Sessions, channel: PaymentChannel, order_id: UUID, *, rules: MembershipRules, now: datetime
) -> bool:
    """End the order's subscription, so that nothing more is charged; then give its money back, less what is
    kept of it. False when that could not be done: it is put off.
    """
    async with sessions() as session:
        order = await orders.find_order(session, order_id)
    if order is None or order.payment_id is None or order.returned_at is not None:
        return True
    try:
        await _return(sessions, channel, order, order.payment_id, rules, now)
    except FAULTS as error:
        log.warning("returns.failed", id=str(order.id), error=type(error).__name__)
        async with sessions.begin() as session:
            locked = await orders.lock_order(session, order.id)
            if locked is not None and locked.return_attempts == order.return_attempts:
                put_off(locked, now)
        return False
    return True


async def _return(
    sessions: Sessions,
    channel: PaymentChannel,
    order: Order,
    payment_id: str,
    rules: MembershipRules,
    now: datetime,
) -> None:
    if order.subscription_id is not None:
        await end_subscription(sessions, channel, order.subscription_id, rules=rules, now=now)
    if order.state is not OrderState.PAID:
        return  # nothing is to go back, or a bank decides first
    # A refund that failed is answered under its key for a day: another attempt is another request.
    key = f"return:{order.id}:{order.return_attempts}"
    await channel.give_back(payment_id, key=key, keep_minor=order.kept_minor)
    async with sessions.begin() as session:
        await orders.note_returned(session, order.id, attempts=order.return_attempts, now=now)


async def end_subscription(
    sessions: Sessions,
    channel: PaymentChannel,
    subscription_id: str,
    *,
    rules: MembershipRules,
    now: datetime,
) -> None:
    """End it at the channel, and apply what the channel then says of it."""
    await channel.end_subscription(subscription_id)
    facts = await read_membership(sessions, channel, subscription_id)
    report = await complete(sessions, channel, facts)
    async with sessions.begin() as session:
        await apply_report(session, report, rules=rules, now=now)
