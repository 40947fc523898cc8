"""Credits taken back when the money or the reward behind them was, and frozen while that is disputed.

Nothing here commits. The money side of a refund or dispute is `billing.ledger.packs`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing import clawback_queries, queries
from models.credit import CreditLot


class LotNotFoundError(LookupError):
    """No lot has this id: an error of ours or of an operator, never of a client."""


class ClawedBack(NamedTuple):
    """is_new False: the same clawback was made before, and nothing was written now."""

    voided_credits: int
    debt_credits: int
    is_new: bool


async def claw_back(
    session: AsyncSession, *, key: str, lot_id: UUID, amount_credits: int, now: datetime
) -> ClawedBack:
    """Take so many credits of a lot back, once for each key.

    What is unspent is voided. What was spent or is held becomes a debt that later lots fill first; held
    credits that come back pay it too. Expired credits are nobody's debt.

    Args:
        key: names why, such as `stripe:refund:re_…`.
        amount_credits: all of the lot, or less for a part of the price.
    Raises: LotNotFoundError.
    """
    await _lock(session, lot_id)
    before = await clawback_queries.find_clawback(session, key, lot_id)
    if before is not None:
        return ClawedBack(before.voided_credits, before.debt_credits, is_new=False)
    await queries.expire(session, [lot_id], now)
    taken = await clawback_queries.take_back(
        session, key=key, lot_id=lot_id, amount_credits=amount_credits, now=now
    )
    if taken is None:
        return ClawedBack(0, 0, is_new=True)
    return ClawedBack(taken.voided_credits, taken.debt_credits, is_new=True)


async def void(session: AsyncSession, *, key: str, lot_id: UUID, now: datetime) -> ClawedBack:
    """Take what is unspent of a lot, once for each key; what was spent stays spent, and nobody's debt.

    Raises: LotNotFoundError.
    """
    await _lock(session, lot_id)
    await queries.expire(session, [lot_id], now)
    lot = await clawback_queries.find_lot(session, lot_id)
    unspent = 0 if lot is None else lot.remaining
    return await claw_back(session, key=key, lot_id=lot_id, amount_credits=unspent, now=now)


async def freeze(session: AsyncSession, lot_ids: Sequence[UUID], *, now: datetime) -> None:
    """Keep lots from being spent while they are disputed; their time stands still. Again does nothing."""
    for lot_id in sorted(lot_ids):
        await _lock(session, lot_id)
        await queries.expire(session, [lot_id], now)
        await clawback_queries.freeze(session, lot_id, now)


async def thaw(session: AsyncSession, lot_ids: Sequence[UUID], *, now: datetime) -> None:
    """Give frozen lots back, with the time that they lost. Again does nothing."""
    for lot_id in sorted(lot_ids):
        await _lock(session, lot_id)
        await clawback_queries.thaw(session, lot_id, now)


class Undone(NamedTuple):
    """What a clawback had taken and is owed again.

    repaid_credits: of the debt, were paid from other lots. expires_at: of the lot, plus the lost time.
    """

    user_id: UUID
    voided_credits: int
    repaid_credits: int
    currency: str | None
    expires_at: datetime | None


async def undo(session: AsyncSession, *, key: str, lot_id: UUID, now: datetime) -> Undone:
    """Forgive what is open of a clawback's debt, and say what else is owed again; the caller grants that.

    Raises: LotNotFoundError: there is no such clawback, or it was undone before.
    """
    lot = await _lock(session, lot_id)
    undone = await clawback_queries.undo(session, key=key, lot_id=lot_id, now=now)
    if undone is None:
        raise LotNotFoundError("There is no such clawback.")
    expires_at = None if lot.expires_at is None else lot.expires_at + (now - undone.taken_at)
    repaid = undone.debt_credits - undone.forgiven_credits
    return Undone(undone.user_id, undone.voided_credits, repaid, lot.currency, expires_at)


async def find(session: AsyncSession, *, key: str, lot_id: UUID) -> ClawedBack | None:
    """What was taken of the lot under the key."""
    before = await clawback_queries.find_clawback(session, key, lot_id)
    if before is None:
        return None
    return ClawedBack(before.voided_credits, before.debt_credits, is_new=False)


async def list_lots(session: AsyncSession, key: str) -> Sequence[UUID]:
    """The lots from which credits were taken under the key, and not given back since."""
    return await clawback_queries.list_clawed_lots(session, key)


def credits_of_refund(quantity: int, *, paid_minor: int, before_minor: int, refund_minor: int) -> int:
    """How many credits a partial refund takes back; all partial refunds of a price take all credits.

    Rounded in the customer's favour until the price is refunded whole.

    Args:
        quantity: credits of the lot. paid_minor: its price as paid, tax included.
        before_minor: refunded before this one. refund_minor: refunded now.
    """
    after_minor = min(before_minor + refund_minor, paid_minor)
    return quantity * after_minor // paid_minor - quantity * min(before_minor, paid_minor) // paid_minor


async def _lock(session: AsyncSession, lot_id: UUID) -> CreditLot:
    lot = await clawback_queries.find_lot(session, lot_id)
    if lot is None:
        raise LotNotFoundError("There is no such lot.")
    await queries.lock_accounts(session, [lot.user_id])
    return lot
