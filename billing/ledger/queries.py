"""Every statement of the ledger's writing side."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from billing.ledger.chart import Account
from models.ledger import AccountCode, LedgerAccount, LedgerEntry, LedgerTransaction

FIND_ACCOUNTS = text("""
SELECT a.id, a.code, a.currency, a.subject
FROM unnest(CAST(:codes AS text[]), CAST(:currencies AS text[]), CAST(:subjects AS text[]))
  AS wanted(code, currency, subject)
JOIN ledger_accounts a USING (code, currency, subject)
""")

# Sorted, so that two that open the same accounts at once wait for each other in one order.
OPEN_ACCOUNTS = text("""
INSERT INTO ledger_accounts (code, currency, subject)
SELECT DISTINCT code, currency, subject
FROM unnest(CAST(:codes AS text[]), CAST(:currencies AS text[]), CAST(:subjects AS text[]))
  AS wanted(code, currency, subject)
ORDER BY 1, 2, 3
ON CONFLICT DO NOTHING
""")

# The trigger of the insert takes it too; here it is taken first, so that the insert sees what was closed.
SHARE_WITH_CLOSING = text("SELECT pg_advisory_xact_lock_shared(hashtextextended('ledger_closing', 0))")

INSERT_TRANSACTION = text("""
INSERT INTO ledger_transactions (id, business_key, kind, memo, occurred_at, posted_on)
SELECT :id, :key, :kind, :memo, :occurred_at,
       CASE WHEN EXISTS (SELECT 1 FROM ledger_closed_periods WHERE last_day >= CAST(:occurred_on AS date))
         THEN CAST(:today AS date) ELSE CAST(:occurred_on AS date) END
ON CONFLICT (business_key) DO NOTHING
RETURNING id
""")

LOCK_ACCOUNTS = text("""
SELECT id FROM ledger_accounts WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE
""")

INSERT_ENTRIES = text("""
INSERT INTO ledger_entries (transaction_id, account_id, currency, amount_minor)
SELECT :transaction_id, line.account_id, line.currency, line.amount_minor
FROM unnest(CAST(:accounts AS bigint[]), CAST(:currencies AS text[]), CAST(:amounts AS bigint[]))
  AS line(account_id, currency, amount_minor)
""")

# Bounded accounts owe: their balance is a credit, which is negative.
OVERDRAWN = text("""
SELECT a.code || ' ' || a.subject AS name
FROM ledger_accounts a JOIN ledger_entries e ON e.account_id = a.id
WHERE a.id = ANY(:ids)
GROUP BY a.id HAVING sum(e.amount_minor) > 0
""")


class WrittenLine(NamedTuple):
    code: AccountCode
    currency: str
    subject: str
    amount_minor: int


async def open_accounts(session: AsyncSession, accounts: Collection[Account]) -> dict[Account, int]:
    """The id of each account; one that is new is opened."""
    wanted = sorted(set(accounts))
    columns = {
        "codes": [account.code.value for account in wanted],
        "currencies": [account.currency for account in wanted],
        "subjects": [account.subject for account in wanted],
    }
    rows = (await session.execute(FIND_ACCOUNTS, columns)).all()
    if len(rows) < len(wanted):
        await session.execute(OPEN_ACCOUNTS, columns)
        rows = (await session.execute(FIND_ACCOUNTS, columns)).all()
    ids = {(row.code, row.currency, row.subject): row.id for row in rows}
    return {account: ids[account.code.value, account.currency, account.subject] for account in wanted}


async def share_with_closing(session: AsyncSession) -> None:
    """Wait for a closing that is under way, and keep the next one waiting until the commit."""
    await session.execute(SHARE_WITH_CLOSING)


async def insert_transaction(
    session: AsyncSession,
    *,
    transaction_id: UUID,
    key: str,
    kind: str,
    memo: str,
    occurred_at: datetime,
    occurred_on: date,
    today: date,
) -> UUID | None:
    """The new transaction's id; None when the key is taken.

    The unique key decides: of two at once the second waits for the first to commit.
    """
    row = {
        "id": transaction_id,
        "key": key,
        "kind": kind,
        "memo": memo,
        "occurred_at": occurred_at,
        "occurred_on": occurred_on,
        "today": today,
    }
    inserted: UUID | None = await session.scalar(INSERT_TRANSACTION, row)
    return inserted


async def lock_accounts(session: AsyncSession, account_ids: Sequence[int]) -> None:
    if account_ids:
        await session.execute(LOCK_ACCOUNTS, {"ids": account_ids})


async def insert_entries(
    session: AsyncSession, transaction_id: UUID, lines: Sequence[tuple[int, str, int]]
) -> None:
    """Write (account id, currency, amount in minor units)."""
    accounts, currencies, amounts = (list(column) for column in zip(*lines, strict=True))
    await session.execute(
        INSERT_ENTRIES,
        {
            "transaction_id": transaction_id,
            "accounts": accounts,
            "currencies": currencies,
            "amounts": amounts,
        },
    )


async def list_overdrawn(session: AsyncSession, account_ids: Sequence[int]) -> Sequence[str]:
    """Names of those of the accounts that owe less than nothing; the caller has locked them."""
    if not account_ids:
        return []
    return (await session.scalars(OVERDRAWN, {"ids": account_ids})).all()


async def get_transaction(session: AsyncSession, key: str) -> tuple[UUID, list[tuple[int, int]]]:
    """The id of a posted transaction, and (account id, amount in minor units) of its entries."""
    statement = (
        select(LedgerTransaction.id, LedgerEntry.account_id, LedgerEntry.amount_minor)
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .where(LedgerTransaction.business_key == key)
    )
    rows = (await session.execute(statement)).all()
    return rows[0].id, [(row.account_id, row.amount_minor) for row in rows]


async def list_lines(session: AsyncSession, key: str) -> list[WrittenLine]:
    """The lines of a posted transaction; none when nothing was posted with the key."""
    statement = (
        select(LedgerAccount.code, LedgerAccount.currency, LedgerAccount.subject, LedgerEntry.amount_minor)
        .join(LedgerEntry, LedgerEntry.account_id == LedgerAccount.id)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(LedgerTransaction.business_key == key)
        .order_by(LedgerEntry.id)
    )
    return [WrittenLine(*row) for row in await session.execute(statement)]
