"""Heal what webhooks missed: read our open orders and the channel's recent objects, and apply all of it."""

from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from billing.clearing import book_movement, find_gaps
from billing.ledger.errors import LedgerError
from billing.memberships import queries as memberships
from billing.memberships.facts import MembershipFacts
from billing.memberships.rules import MembershipRules
from billing.orders import queries as orders
from billing.orders.errors import FactsError, NotOursError
from billing.payments import (
    CheckoutFacts,
    CheckoutStatus,
    PaymentChannel,
    PaymentsAwayError,
    UnknownObjectError,
)
from core.database import Sessions
from models.membership import Membership
from models.order import Order, OrderState
from service.flows.apply_payments import Facts, Report, apply_report, complete, lock_reported_order
from service.flows.read_membership import read_membership

log = structlog.get_logger()
Read = TypeVar("Read", CheckoutFacts, MembershipFacts)

LOOK_BACK: Final = timedelta(days=4)  # webhooks are retried for three
DISPUTES_BACK: Final = timedelta(days=120)  # how long a bank may take
QUIET: Final = timedelta(minutes=10)  # younger orders have their events still under way
PAGE: Final = 100
FAULTS: Final = (UnknownObjectError, FactsError, LedgerError)


@dataclass(slots=True)
class Swept:
    """looked_at: objects read. healed: ids of orders that were not where they should have been.

    gaps: by currency, our books of the channel's balance less that balance.
    """

    looked_at: int = 0
    healed: set[UUID] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    gaps: dict[str, int] = field(default_factory=dict)


async def sweep_payments(
    sessions: Sessions, channel: PaymentChannel, *, rules: MembershipRules, now: datetime
) -> Swept:
    """Read and apply; what is known already changes nothing. Nothing is held in memory but a page.

    Raises: PaymentsAwayError: tried again at the next sweep.
    """
    swept = Swept()
    async for facts in _everything(sessions, channel, swept, now):
        swept.looked_at += 1
        await _heal(sessions, channel, facts, swept, rules, now)
    await _give_up_unopened(sessions, channel, swept, now)
    await _book_other_movements(sessions, channel, swept, now)
    balances = await channel.read_balance()
    async with sessions() as session:
        swept.gaps = await find_gaps(session, balances)
    return swept


async def _book_other_movements(
    sessions: Sessions, channel: PaymentChannel, swept: Swept, now: datetime
) -> None:
    """Payouts to our bank and fees of the account; what there is no rule for is a fault."""
    async for movement in channel.list_other_movements(now - LOOK_BACK):
        swept.looked_at += 1
        async with sessions.begin() as session:
            if not await book_movement(session, channel.name, movement, now=now):
                swept.faults.append(f"{movement.id}: no rule books a movement of kind {movement.label}")


async def _everything(
    sessions: Sessions, channel: PaymentChannel, swept: Swept, now: datetime
) -> AsyncIterator[Facts]:
    async for checkout in channel.list_checkouts(now - LOOK_BACK):
        yield checkout
    async for order in _list_unpaid(sessions, channel, now):
        if order.checkout_id is not None and order.created_at < now - LOOK_BACK:
            opened = await _try(channel.read_checkout(order.checkout_id), order.checkout_id, swept)
            if opened is not None:
                yield opened
    async for membership in _everything_of_memberships(sessions, channel, swept, now):
        yield membership
    async for refund in channel.list_refunds(now - LOOK_BACK):
        yield refund
    async for dispute in channel.list_disputes(now - DISPUTES_BACK):
        yield dispute


async def _try(reading: Awaitable[Read], object_id: str, swept: Swept) -> Read | None:
    """What was read; None for what the channel does not know, such as what was sold in a test before."""
    try:
        return await reading
    except UnknownObjectError as error:
        _note(swept, object_id, error)
        return None


def _note(swept: Swept, object_id: str, error: Exception) -> None:
    log.warning("sweep.fault", object_id=object_id, error=type(error).__name__)
    swept.faults.append(f"{object_id}: {type(error).__name__}: {error}")


async def _everything_of_memberships(
    sessions: Sessions, channel: PaymentChannel, swept: Swept, now: datetime
) -> AsyncIterator[MembershipFacts]:
    """Invoices of late, subscriptions that have not ended, and then ours that were not among those."""
    async with sessions() as session:
        begun_at = await memberships.read_clock(session)
    async for invoice_id, subscription_id in channel.list_invoices(now - LOOK_BACK):
        reading = read_membership(sessions, channel, subscription_id, invoice_id=invoice_id)
        if (facts := await _try(reading, invoice_id, swept)) is not None:
            yield facts
    async for subscription in channel.list_subscriptions():
        yield MembershipFacts(subscription, (), begun_at)
    async for membership in _list_unread(sessions, channel, begun_at):
        if membership.subscription_id is not None:
            reading = read_membership(sessions, channel, membership.subscription_id)
            if (facts := await _try(reading, membership.subscription_id, swept)) is not None:
                yield facts


async def _list_unread(
    sessions: Sessions, channel: PaymentChannel, since: datetime
) -> AsyncIterator[Membership]:
    after_id: UUID | None = None
    while True:
        async with sessions() as session:
            page = await memberships.list_unread(
                session, channel.name, since=since, after_id=after_id, limit=PAGE
            )
        for membership in page:
            yield membership
        if len(page) < PAGE:
            return
        after_id = page[-1].id


async def _list_unpaid(sessions: Sessions, channel: PaymentChannel, now: datetime) -> AsyncIterator[Order]:
    after_id: UUID | None = None
    while True:
        async with sessions() as session:
            page = await orders.list_unpaid(
                session, channel.name, before=now - QUIET, after_id=after_id, limit=PAGE
            )
        for order in page:
            yield order
        if len(page) < PAGE:
            return
        after_id = page[-1].id


async def _heal(
    sessions: Sessions,
    channel: PaymentChannel,
    facts: Facts,
    swept: Swept,
    rules: MembershipRules,
    now: datetime,
) -> None:
    """Apply one object; a fault of one must not keep the others from being healed."""
    if isinstance(facts, CheckoutFacts) and (facts.order_id is None or facts.status is CheckoutStatus.OPEN):
        return
    try:
        report = await complete(sessions, channel, facts)
        async with sessions.begin() as session:
            before = await _look(session, report)
            await apply_report(session, report, rules=rules, now=now)
            await session.flush()
            after = await _look(session, report)
    except NotOursError:
        return
    except PaymentsAwayError:
        raise
    except FAULTS as error:
        _note(swept, facts.id, error)
        return
    if after is not None and after != before:
        log.warning("sweep.healed", order_id=str(after[0]), state=after[1])
        swept.healed.add(after[0])


async def _look(session: AsyncSession, report: Report) -> tuple[UUID, str, str | None] | None:
    """Which order facts are about, where it stands, and where its buyer's membership does."""
    order = await lock_reported_order(session, report)
    if order is None:
        return None
    found = await memberships.find_newest(session, order.owner_id)
    membership = None if found is None else f"{found.id} {found.tier} {found.state} {found.paid_until}"
    return order.id, order.state.value, membership


async def _give_up_unopened(sessions: Sessions, channel: PaymentChannel, swept: Swept, now: datetime) -> None:
    """Orders for which no checkout was ever opened can end: the channel has been asked for all of them."""
    async for order in _list_unpaid(sessions, channel, now):
        if order.state is OrderState.CREATED and order.expires_at <= now:
            async with sessions.begin() as session:
                locked = await orders.lock_order(session, order.id)
                if locked is not None and locked.state is OrderState.CREATED:
                    locked.state = OrderState.EXPIRED
                    swept.healed.add(order.id)
