"""Statements of closing."""

from datetime import date, datetime

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.ledger import ClosedPeriod, LedgerTransaction

# The trigger of every posting shares this lock.
WAIT_FOR_POSTINGS = text("SELECT pg_advisory_xact_lock(hashtextextended('ledger_closing', 0))")


async def wait_for_postings(session: AsyncSession) -> None:
    """Wait for those under way and keep new ones waiting, until the commit."""
    await session.execute(WAIT_FOR_POSTINGS)


async def find_closing(session: AsyncSession, last_day: date) -> ClosedPeriod | None:
    """The closing that covers the day."""
    statement = (
        select(ClosedPeriod).where(ClosedPeriod.last_day >= last_day).order_by(ClosedPeriod.last_day).limit(1)
    )
    return await session.scalar(statement)


async def insert_closing(session: AsyncSession, last_day: date, now: datetime) -> ClosedPeriod:
    counted = select(func.count()).where(LedgerTransaction.posted_on <= last_day)
    closing = ClosedPeriod(
        last_day=last_day,
        closed_at=now,
        transactions=(await session.execute(counted)).scalar_one(),
    )
    session.add(closing)
    await session.flush()
    return closing
