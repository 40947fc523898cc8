"""Packs: credits and the money for them, in one transaction, so that neither can exist without the other."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing import clawback, lots
from billing.ledger import pack_queries, templates
from billing.ledger.postings import Posting, post, reverse
from billing.ledger.templates import Money
from models.credit import LotSource
from models.deferral import PaidLot


class NewLot(NamedTuple):
    """A paid lot that is yet to be granted; its price is net of tax."""

    source_key: str
    user_id: UUID
    quantity: int
    currency: str
    price_minor: int
    expires_at: datetime | None


class TakenBack(NamedTuple):
    """released_minor: what the voided credits were worth in the books."""

    voided_credits: int
    debt_credits: int
    released_minor: int


async def sell(
    session: AsyncSession,
    *,
    key: str,
    user_id: UUID,
    quantity: int,
    paid: Money,
    occurred_at: datetime,
    now: datetime,
    expires_at: datetime | None,
    fee_minor: int = 0,
) -> UUID:
    """Post the sale and grant its lot, once for each key; the lot's id, now and when asked again.

    Also to who has closed the account: what came in is owed to them, and goes back.

    Args:
        key: names the payment, such as `stripe:payment:pi_…`; it becomes the lot's source key too.
    Raises: what `post` raises.
    """
    posting = templates.pack_sold(key, paid, occurred_at=occurred_at, fee_minor=fee_minor)
    if not (await post(session, posting, now=now)).is_new:
        return await pack_queries.get_lot_id(session, key)
    return await _grant(
        session, NewLot(key, user_id, quantity, paid.currency, paid.net_minor, expires_at), now
    )


async def refund(
    session: AsyncSession,
    *,
    key: str,
    lot_id: UUID,
    amount_credits: int,
    back: Money,
    occurred_at: datetime,
    now: datetime,
) -> TakenBack:
    """Take credits back and post the refund, once for each key.

    Args:
        key: names the refund itself, such as `stripe:refund:re_…`, because a charge may have many.
        amount_credits: see `billing.clawback.credits_of_refund`; 0 for money given back out of goodwill.
    Raises: LotNotFoundError; what `post` raises.
    """
    taken = await _take_back(session, key, lot_id, amount_credits, now)
    posting = templates.pack_refunded(key, back, released_minor=taken.released_minor, occurred_at=occurred_at)
    await _post_release(session, posting, lot_id, taken, now)
    return taken


async def lose_dispute(
    session: AsyncSession,
    *,
    key: str,
    lot_id: UUID,
    amount_credits: int,
    held: Money,
    occurred_at: datetime,
    now: datetime,
) -> TakenBack:
    """Take credits back for good and post the loss, once for each key. Thaws what is left of the lot."""
    await clawback.thaw(session, [lot_id], now=now)
    taken = await _take_back(session, key, lot_id, amount_credits, now)
    posting = templates.dispute_lost(key, held, released_minor=taken.released_minor, occurred_at=occurred_at)
    await _post_release(session, posting, lot_id, taken, now)
    return taken


async def undo(
    session: AsyncSession, *, key: str, of_key: str, occurred_at: datetime, now: datetime
) -> list[UUID]:
    """Reverse a refund that failed, or a lost dispute that was won after all: ids of the lots it gives.

    Voided credits come back as a new lot at the price they had, with the time that they lost; debt that is
    still open is forgiven; debt that was paid meanwhile is given back as goodwill.

    Raises: PostingConflictError: nothing was posted as `of_key`; what `post` raises.
    """
    if not (await reverse(session, key, of_key=of_key, occurred_at=occurred_at, now=now)).is_new:
        return []
    given = []
    for lot_id in await clawback.list_lots(session, of_key):
        given += await _give_back(session, key, of_key, lot_id, now)
    return given


async def _grant(session: AsyncSession, lot: NewLot, now: datetime) -> UUID:
    lot_id = await lots.grant(
        session,
        user_id=lot.user_id,
        source=LotSource.PACK,
        source_key=lot.source_key,
        quantity=lot.quantity,
        now=now,
        expires_at=lot.expires_at,
        unit_price_minor=-(-lot.price_minor // lot.quantity),  # rounded up: 0 is for free lots only
        currency=lot.currency,
        even_closed=True,
    )
    session.add(
        PaidLot(
            lot_id=lot_id,
            currency=lot.currency,
            quantity=lot.quantity,
            price_minor=lot.price_minor,
            deferred_minor=lot.price_minor,
            created_at=now,
        )
    )
    await session.flush()
    return lot_id


async def _take_back(
    session: AsyncSession, key: str, lot_id: UUID, amount_credits: int, now: datetime
) -> TakenBack:
    """Void credits and take their worth out of what the lot is owed; the caller posts it."""
    if not amount_credits or await pack_queries.is_posted(session, key):
        return await _taken_before(session, key, lot_id)
    taken = await clawback.claw_back(session, key=key, lot_id=lot_id, amount_credits=amount_credits, now=now)
    if not taken.is_new:
        return await _taken_before(session, key, lot_id)
    released = await pack_queries.void_in_books(session, lot_id, taken.voided_credits)
    return TakenBack(taken.voided_credits, taken.debt_credits, released)


async def _taken_before(session: AsyncSession, key: str, lot_id: UUID) -> TakenBack:
    taken = await clawback.find(session, key=key, lot_id=lot_id)
    if taken is None:
        return TakenBack(0, 0, 0)
    released = await pack_queries.get_released_minor(session, key, lot_id)
    return TakenBack(taken.voided_credits, taken.debt_credits, released)


async def _post_release(
    session: AsyncSession, posting: Posting, lot_id: UUID, taken: TakenBack, now: datetime
) -> None:
    posted = await post(session, posting, now=now)
    if posted.is_new and taken.voided_credits:
        await pack_queries.insert_void(
            session, posted.transaction_id, lot_id, taken.voided_credits, taken.released_minor
        )


async def _give_back(session: AsyncSession, key: str, of_key: str, lot_id: UUID, now: datetime) -> list[UUID]:
    price_minor = await pack_queries.get_released_minor(session, of_key, lot_id)
    undone = await clawback.undo(session, key=of_key, lot_id=lot_id, now=now)
    given = []
    if price_minor and undone.currency:
        given.append(
            await _grant(
                session,
                NewLot(
                    f"{key}:{lot_id}",
                    undone.user_id,
                    undone.voided_credits,
                    undone.currency,
                    price_minor,
                    undone.expires_at,
                ),
                now,
            )
        )
    free_credits = undone.repaid_credits + (0 if given else undone.voided_credits)
    if free_credits:
        given.append(
            await lots.grant(
                session,
                user_id=undone.user_id,
                source=LotSource.GOODWILL,
                source_key=f"{key}:{lot_id}:free",
                quantity=free_credits,
                now=now,
                expires_at=undone.expires_at,
                even_closed=True,
            )
        )
    return given
