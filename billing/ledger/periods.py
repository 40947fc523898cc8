"""Closing the books: nothing is posted on or before a closed day. What comes late is posted today."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from billing.invariants import find_breaches
from billing.ledger import period_queries as queries
from billing.ledger.errors import PeriodNotClosableError
from billing.ledger.invariants import LEDGER_INVARIANTS
from billing.ledger.recognition_queries import find_last_day, find_next_day
from models.ledger import ClosedPeriod


def month_end(month: date) -> date:
    """The last day of the month in which `month` lies."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


async def close(session: AsyncSession, last_day: date, *, now: datetime) -> ClosedPeriod:
    """Close the books up to and including `last_day`; closing again returns the first closing.

    Waits for postings that are under way, and keeps others waiting until the commit. There is no opening
    again: a mistake is reversed today, where everybody sees it.

    Raises: PeriodNotClosableError: the day is not over, its revenue is not in the books, or they are broken.
    """
    if (closed := await queries.find_closing(session, last_day)) is not None:
        return closed
    await _require_closable(session, last_day, now)  # before the lock: the proof may take a minute
    await queries.wait_for_postings(session)
    if (closed := await queries.find_closing(session, last_day)) is not None:
        return closed
    return await queries.insert_closing(session, last_day, now)


async def _require_closable(session: AsyncSession, last_day: date, now: datetime) -> None:
    if last_day >= now.astimezone(UTC).date():
        raise PeriodNotClosableError(f"{last_day} is not over yet (UTC).")
    recognised = await find_last_day(session)
    due = await find_next_day(session)
    if due is not None and due <= last_day and (recognised is None or recognised < last_day):
        raise PeriodNotClosableError(f"Revenue from {due} on is not in the books yet.")
    broken = await find_breaches(session, LEDGER_INVARIANTS)
    if broken:
        names = ", ".join(breach.invariant for breach in broken)
        raise PeriodNotClosableError(f"The books do not add up: {names}.")
