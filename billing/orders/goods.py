"""What an order's money bought, when it goes back: the books of packs, memberships and certificates."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing.ledger import memberships, packs, templates
from billing.ledger.postings import post, reverse
from billing.ledger.templates import Money
from models.order import ItemKind, Order, ReturnReason

TERMS = frozenset({ItemKind.MEMBERSHIP, ItemKind.MONTHS})


async def refund(
    session: AsyncSession,
    order: Order,
    *,
    key: str,
    amount_credits: int,
    back: Money,
    occurred_at: datetime,
    now: datetime,
) -> None:
    """Post a refund, and take a pack's credits back with it; once for each key."""
    if order.kind in TERMS:
        # What goes back besides, such as out of kindness, leaves the rest to be owed.
        is_last = order.return_reason is ReturnReason.WITHDRAWN and back.gross_minor >= order.to_return_minor
        act = memberships.withdraw if is_last else memberships.refund
        await act(session, key=key, term_key=payment_key(order), back=back, occurred_at=occurred_at, now=now)
    elif order.lot_id is None:
        await post(session, templates.sale_refunded(key, back, occurred_at=occurred_at), now=now)
    else:
        await packs.refund(
            session,
            key=key,
            lot_id=order.lot_id,
            amount_credits=amount_credits,
            back=back,
            occurred_at=occurred_at,
            now=now,
        )


async def lose_dispute(
    session: AsyncSession, order: Order, *, key: str, amount_credits: int, held: Money, now: datetime
) -> None:
    """Post a lost dispute, and take a pack's credits back for good; once for each key."""
    if order.kind in TERMS:
        await memberships.lose_dispute(
            session, key=key, term_key=payment_key(order), held=held, occurred_at=now, now=now
        )
    elif order.lot_id is None:
        await post(session, templates.dispute_lost(key, held, occurred_at=now), now=now)
    else:
        await packs.lose_dispute(
            session,
            key=key,
            lot_id=order.lot_id,
            amount_credits=amount_credits,
            held=held,
            occurred_at=now,
            now=now,
        )


async def undo(session: AsyncSession, order: Order, *, key: str, of_key: str, now: datetime) -> list[UUID]:
    """Reverse a failed refund, or a dispute won after all: ids of a pack's lots that it gives."""
    if order.kind is ItemKind.PACK:
        return await packs.undo(session, key=key, of_key=of_key, occurred_at=now, now=now)
    if order.kind in TERMS:
        await memberships.undo(
            session, key=key, of_key=of_key, term_key=payment_key(order), occurred_at=now, now=now
        )
    else:
        await reverse(session, key, of_key=of_key, occurred_at=now, now=now)
    return []


async def use_up(session: AsyncSession, order: Order, *, now: datetime) -> None:
    """Nothing goes back of a membership that was withdrawn from: all of it was used."""
    await memberships.use_up(
        session,
        key=f"{order.channel}:withdrawn:{order.payment_id}",
        term_key=payment_key(order),
        currency=order.currency,
        occurred_at=now,
        now=now,
    )


def payment_key(order: Order) -> str:
    """The business key of what a paid order bought, in the books."""
    return f"{order.channel}:payment:{order.payment_id}"
