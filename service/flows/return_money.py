"""Give back money that we must not keep: of a person who had a first month before, of a second membership.

The reason stands in the order; the channel is asked once it is committed. Its refund tells when it is done.
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
from billing.payments import PaymentChannel, PaymentsAwayError, UnknownObjectError
from billing.subscriptions import ChangeRefusedError
from core.database import Sessions
from models.membership import Membership
from models.order import Order
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

    One that fails must not hold up the others: it is logged, and tried again at the next round.
    """

    async def find_to_end(after_id: UUID | None) -> Sequence[Membership]:
        async with sessions() as session:
            return await memberships.list_to_end(session, channel.name, limit=ROUND, after_id=after_id)

    async def find_to_return(after_id: UUID | None) -> Sequence[Order]:
        async with sessions() as session:
            return await orders.list_to_return(session, channel.name, limit=ROUND, after_id=after_id)

    async def end(one: Membership) -> None:
        await _end(sessions, channel, one.subscription_id or "", rules, now)

    async def give_back(one: Order) -> None:
        await return_order(sessions, channel, one.id, rules=rules, now=now)

    has_more = [await _each(find_to_end, end), await _each(find_to_return, give_back)]
    return any(has_more)


async def _each(
    find: Callable[[UUID | None], Awaitable[Sequence[Found]]], act: Callable[[Found], Awaitable[None]]
) -> bool:
    """Go on past a page of which nothing could be done; whether more waits that can."""
    after_id: UUID | None = None
    while True:
        page, done = await find(after_id), 0
        for one in page:
            try:
                await act(one)
            except FAULTS as error:
                log.warning("returns.failed", id=str(one.id), error=type(error).__name__)
            else:
                done += 1
        if done or len(page) < ROUND:
            return done > 0 and len(page) == ROUND
        after_id = page[-1].id


async def return_order(
    sessions: Sessions, channel: PaymentChannel, order_id: UUID, *, rules: MembershipRules, now: datetime
) -> None:
    """End the order's subscription, so that nothing more is charged; then give all of its money back."""
    async with sessions() as session:
        order = await orders.find_order(session, order_id)
    if order is None or order.payment_id is None or order.returned_at is not None:
        return
    if order.subscription_id is not None:
        await _end(sessions, channel, order.subscription_id, rules, now)
    await channel.give_back(order.payment_id, key=f"return:{order.id}")
    async with sessions.begin() as session:
        await orders.note_returned(session, order.id, now)


async def _end(
    sessions: Sessions, channel: PaymentChannel, subscription_id: str, rules: MembershipRules, now: datetime
) -> None:
    await channel.end_subscription(subscription_id)
    facts = await read_membership(sessions, channel, subscription_id)
    report = await complete(sessions, channel, facts)
    async with sessions.begin() as session:
        await apply_report(session, report, rules=rules, now=now)
