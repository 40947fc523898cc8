"""Statements that join packs' lots with their price in the books."""

from uuid import UUID

from sqlalchemy import exists, func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.credit import CreditLot
from models.deferral import LotRelease, ReleaseKind
from models.ledger import LedgerTransaction

# Recognition holds this lock alone, so that what it reads of the lots is what it writes.
SHARE_WITH_RECOGNITION = text(
    "SELECT pg_advisory_xact_lock_shared(hashtextextended('ledger_recognition', 0))"
)

VOID_IN_BOOKS = text("""
WITH before AS (
  SELECT lot_id, deferred_minor,
         spent_credits + certified_credits + expired_credits + voided_credits AS released
  FROM paid_lots WHERE lot_id = :lot_id FOR UPDATE
)
UPDATE paid_lots p
SET voided_credits = p.voided_credits + CAST(:voided AS int),
    deferred_minor = p.price_minor - p.price_minor * (b.released + CAST(:voided AS int)) / p.quantity
FROM before b WHERE p.lot_id = b.lot_id
RETURNING b.deferred_minor - p.deferred_minor
""")


async def share_with_recognition(session: AsyncSession) -> None:
    """Wait for a recognition that is under way, and keep the next one waiting until the commit."""
    await session.execute(SHARE_WITH_RECOGNITION)


async def get_lot_id(session: AsyncSession, source_key: str) -> UUID:
    return (await session.scalars(select(CreditLot.id).where(CreditLot.source_key == source_key))).one()


async def is_posted(session: AsyncSession, key: str) -> bool:
    return bool(await session.scalar(select(exists().where(LedgerTransaction.business_key == key))))


async def void_in_books(session: AsyncSession, lot_id: UUID, voided_credits: int) -> int:
    """Release the worth of so many credits, in minor units; the caller posts it.

    Raises: sqlalchemy.exc.NoResultFound: the lot was never sold.
    """
    await share_with_recognition(session)
    row = await session.execute(VOID_IN_BOOKS, {"lot_id": lot_id, "voided": voided_credits})
    return int(row.scalar_one())


async def insert_void(
    session: AsyncSession, transaction_id: UUID, lot_id: UUID, voided_credits: int, amount_minor: int
) -> None:
    session.add(
        LotRelease(
            transaction_id=transaction_id,
            lot_id=lot_id,
            kind=ReleaseKind.VOIDED,
            credits=voided_credits,
            amount_minor=amount_minor,
        )
    )
    await session.flush()


async def get_released_minor(session: AsyncSession, key: str, lot_id: UUID) -> int:
    """What a transaction released of a lot, in minor units; 0 when nothing."""
    statement = (
        select(func.coalesce(func.sum(LotRelease.amount_minor), 0))
        .join(LedgerTransaction, LedgerTransaction.id == LotRelease.transaction_id)
        .where(LedgerTransaction.business_key == key, LotRelease.lot_id == lot_id)
    )
    return int((await session.execute(statement)).scalar_one())
