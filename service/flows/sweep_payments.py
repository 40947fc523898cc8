"""Heal what webhooks missed: read our open orders and the channel's recent objects, and apply all of it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from billing.clearing import book_movement, find_gaps
from billing.errors import AccountClosedError
from billing.ledger.errors import LedgerError
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
from models.order import Order, OrderState
from service.flows.apply_payments import Facts, apply_report, complete

log = structlog.get_logger()

LOOK_BACK: Final = timedelta(days=4)  # webhooks are retried for three
DISPUTES_BACK: Final = timedelta(days=120)  # how long a bank may take
QUIET: Final = timedelta(minutes=10)  # younger orders have their events still under way
PAGE: Final = 100
FAULTS: Final = (UnknownObjectError, FactsError, LedgerError, AccountClosedError)


@dataclass(slots=True)
class Swept:
    """looked_at: objects read. healed: ids of orders that were not where they should have been.

    gaps: by currency, our books of the channel's balance less that balance.
    """

    looked_at: int = 0
    healed: set[UUID] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)
    gaps: dict[str, int] = field(default_factory=dict)


async def sweep_payments(sessions: Sessions, channel: PaymentChannel, *, now: datetime) -> Swept:
    """Read and apply; what is known already changes nothing. Nothing is held in memory but a page.

    Raises: PaymentsAwayError: tried again at the next sweep.
    """
    swept = Swept()
    async for facts in _everything(sessions, channel, now):
        swept.looked_at += 1
        await _heal(sessions, channel, facts, swept, now)
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


async def _everything(sessions: Sessions, channel: PaymentChannel, now: datetime) -> AsyncIterator[Facts]:
    async for checkout in channel.list_checkouts(now - LOOK_BACK):
        yield checkout
    async for order in _list_unpaid(sessions, channel, now):
        if order.checkout_id is not None and order.created_at < now - LOOK_BACK:
            yield await channel.read_checkout(order.checkout_id)
    async for refund in channel.list_refunds(now - LOOK_BACK):
        yield refund
    async for dispute in channel.list_disputes(now - DISPUTES_BACK):
        yield dispute


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
    sessions: Sessions, channel: PaymentChannel, facts: Facts, swept: Swept, now: datetime
) -> None:
    """Apply one object; a fault of one must not keep the others from being healed."""
    if facts.order_id is None or (isinstance(facts, CheckoutFacts) and facts.status is CheckoutStatus.OPEN):
        return
    try:
        report = await complete(sessions, channel, facts)
        async with sessions.begin() as session:
            before = await orders.lock_order(session, facts.order_id)
            state = None if before is None else before.state
            await apply_report(session, report, now=now)
            await session.flush()
            after = await orders.find_order(session, facts.order_id)
    except NotOursError:
        return
    except PaymentsAwayError:
        raise
    except FAULTS as error:
        log.warning("sweep.fault", order_id=str(facts.order_id), error=type(error).__name__)
        swept.faults.append(f"{facts.id}: {type(error).__name__}: {error}")
        return
    if after is not None and after.state is not state:
        log.warning("sweep.healed", order_id=str(facts.order_id), state=after.state.value)
        swept.healed.add(facts.order_id)


async def _give_up_unopened(sessions: Sessions, channel: PaymentChannel, swept: Swept, now: datetime) -> None:
    """Orders for which no checkout was ever opened can end: the channel has been asked for all of them."""
    async for order in _list_unpaid(sessions, channel, now):
        if order.state is OrderState.CREATED and order.expires_at <= now:
            async with sessions.begin() as session:
                locked = await orders.lock_order(session, order.id)
                if locked is not None and locked.state is OrderState.CREATED:
                    locked.state = OrderState.EXPIRED
                    swept.healed.add(order.id)
