"""Reading the books: balances at a day, and every line between two days, as a stream."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from billing.ledger.chart import Account
from models.ledger import AccountCode, LedgerAccount, LedgerEntry, LedgerTransaction

ROWS_AT_ONCE: Final = 1000  # what a stream keeps in memory


@dataclass(frozen=True, slots=True)
class TrialLine:
    """One account: everything that was ever debited and credited to it, both positive, in minor units."""

    account: Account
    debit_minor: int
    credit_minor: int

    @property
    def balance_minor(self) -> int:
        """Debit positive, credit negative."""
        return self.debit_minor - self.credit_minor


@dataclass(frozen=True, slots=True)
class JournalLine:
    """One entry with its transaction. number: of the entry, ever increasing."""

    number: int
    transaction_id: UUID
    posted_on: date
    occurred_at: datetime
    kind: str
    business_key: str
    memo: str
    account: Account
    amount_minor: int


async def trial_balance(session: AsyncSession, *, through: date | None = None) -> list[TrialLine]:
    """Every account that was ever used, by code, with the books as of the end of `through`; None is now."""
    amount = LedgerEntry.amount_minor
    statement = (
        select(
            LedgerAccount.code,
            LedgerAccount.currency,
            LedgerAccount.subject,
            func.coalesce(func.sum(amount).filter(amount > 0), 0),
            func.coalesce(-func.sum(amount).filter(amount < 0), 0),
        )
        .join(LedgerEntry, LedgerEntry.account_id == LedgerAccount.id)
        .group_by(LedgerAccount.id)
        .order_by(LedgerAccount.currency, LedgerAccount.code, LedgerAccount.subject)
    )
    if through is not None:
        statement = statement.join(
            LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id
        ).where(LedgerTransaction.posted_on <= through)
    rows = (await session.execute(statement)).all()
    return [TrialLine(Account(row[0], row[1], row[2]), int(row[3]), int(row[4])) for row in rows]


async def balance(session: AsyncSession, code: AccountCode, currency: str, *, subject: str = "") -> int:
    """What one account holds now: debit positive, credit negative; 0 for one that was never used."""
    statement = (
        select(func.coalesce(func.sum(LedgerEntry.amount_minor), 0))
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(
            LedgerAccount.code == code, LedgerAccount.currency == currency, LedgerAccount.subject == subject
        )
    )
    return int((await session.execute(statement)).scalar_one())


async def stream_journal(session: AsyncSession, *, since: date, through: date) -> AsyncIterator[JournalLine]:
    """Every line of the days from `since` to `through`, both included, by day; memory stays flat.

    The lines of a transaction follow each other.
    """
    statement = (
        select(
            LedgerEntry.id,
            LedgerTransaction.id,
            LedgerTransaction.posted_on,
            LedgerTransaction.occurred_at,
            LedgerTransaction.kind,
            LedgerTransaction.business_key,
            LedgerTransaction.memo,
            LedgerAccount.code,
            LedgerAccount.currency,
            LedgerAccount.subject,
            LedgerEntry.amount_minor,
        )
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .join(LedgerAccount, LedgerAccount.id == LedgerEntry.account_id)
        .where(LedgerTransaction.posted_on.between(since, through))
        .order_by(LedgerTransaction.posted_on, LedgerTransaction.id, LedgerEntry.id)
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    async for row in await session.stream(statement):
        number, transaction_id, posted_on, occurred_at, kind, key, memo, code, currency, subject, minor = row
        account = Account(code, currency, subject)
        yield JournalLine(number, transaction_id, posted_on, occurred_at, kind, key, memo, account, minor)
