"""Revenue, day by day: what was spent, expired or served is owed no longer.

A pass per day instead of a posting per generation: finishing a job writes nothing here, the books stay as
short as finance reads them, and `lot_releases` says lot by lot what each sum is made of. The pass compares
states, not messages: what it finds is the difference between what the journal says of a lot and what the
books say, so a pass that died did nothing, and one that is repeated finds nothing.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing.ledger import recognition_queries as queries
from billing.ledger.chart import Account
from billing.ledger.queries import open_accounts
from core.ids import new_id
from models.ledger import AccountCode

ONE_DAY: Final = timedelta(days=1)
LOT_ACCOUNTS: Final = (
    AccountCode.DEFERRED_CREDITS,
    AccountCode.PACK_REVENUE,
    AccountCode.CERTIFICATION_REVENUE,
    AccountCode.BREAKAGE,
    AccountCode.REFUNDS,
)
TERM_ACCOUNTS: Final = (AccountCode.DEFERRED_MEMBERSHIP, AccountCode.MEMBERSHIP_REVENUE)


@dataclass(frozen=True, slots=True)
class Recognised:
    """One day's pass."""

    day: date
    released_lots: int
    served_terms: int


async def recognise_next(session: AsyncSession, *, through: date, now: datetime) -> Recognised | None:
    """Recognise the first day that is not in the books yet; None when all are, up to and including `through`.

    One day a call, so that each commits by itself. Two callers take turns.

    Args:
        through: a day that is over, in UTC.
    """
    await queries.wait_for_turn(session)
    day = await queries.find_next_day(session)
    if day is None or day > through:
        return None
    return await recognise_day(session, day, now=now)


async def recognise_day(session: AsyncSession, day: date, *, now: datetime) -> Recognised:
    """Post the revenue of one day; `wait_for_turn` comes first.

    What earlier days missed because it was committed late is found today. The books of a closed day are
    left alone: then it is posted today.
    """
    released_lots = await _release_lots(session, day, now)
    served_terms = await _serve_terms(session, day, now)
    await queries.insert_day(session, day, now, released_lots, served_terms)
    return Recognised(day, released_lots, served_terms)


async def _release_lots(session: AsyncSession, day: date, now: datetime) -> int:
    currencies = await queries.list_open_lot_currencies(session)
    if not currencies:
        return 0
    accounts = await _open(session, currencies, LOT_ACCOUNTS)
    return await queries.release_lots(session, _run(day, now, currencies), accounts)


async def _serve_terms(session: AsyncSession, day: date, now: datetime) -> int:
    currencies = await queries.list_open_term_currencies(session)
    if not currencies:
        return 0
    accounts = await _open(session, currencies, TERM_ACCOUNTS)
    return await queries.serve_terms(session, _run(day, now, currencies), accounts)


async def _open(
    session: AsyncSession, currencies: list[str], codes: tuple[AccountCode, ...]
) -> dict[tuple[AccountCode, str], int]:
    wanted = [Account(code, currency) for code in codes for currency in currencies]
    ids = await open_accounts(session, wanted)
    return {(account.code, account.currency): account_id for account, account_id in ids.items()}


def _run(day: date, now: datetime, currencies: list[str]) -> queries.Run:
    until = datetime.combine(day + ONE_DAY, time(), tzinfo=UTC)
    ids: list[UUID] = [new_id() for _ in currencies]
    return queries.Run(day, until, now.astimezone(UTC).date(), currencies, ids)
