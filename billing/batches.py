"""Many users' holds in one transaction: lock, read, write. Hand-written SQL, because this is the hot path.

Measured on the admission benchmark: the same work through the ORM is a fifth as fast
(docs/performance.md). `billing.holds` uses this for a single hold too, so there is one implementation.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from billing.accounts import Account, Lot
from core.statements import Statements
from models.credit import LotSource

# In id order, so that two batches can never wait for each other in a circle.
LOCK_ACCOUNTS: Final = """
SELECT user_id, tier, next_tier, billing_timezone, anchor_at, period_start, period_end,
       tier_until, free_until, debt_credits, in_flight, fair_time, closed_at
FROM credit_accounts WHERE user_id = ANY($1::uuid[]) ORDER BY user_id FOR NO KEY UPDATE
"""

# A second statement on purpose: it sees lots that were committed while the first waited for locks.
READ_LOTS: Final = """
SELECT user_id, id, source, source_key, quantity, remaining, priority, effective_at, expires_at,
       unit_price_minor, currency
FROM credit_lots
WHERE user_id = ANY($1::uuid[]) AND remaining > 0 AND frozen_at IS NULL
  AND effective_at <= $2 AND coalesce(expires_at, 'infinity') > $2
"""

WRITE: Final = """
WITH accounts AS (
  UPDATE credit_accounts a
  SET tier = t.tier, next_tier = t.next_tier, period_start = t.period_start, period_end = t.period_end,
      debt_credits = t.debt_credits, in_flight = t.in_flight, fair_time = t.fair_time,
      tier_until = t.tier_until
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::int[], $7::int[],
              $8::timestamptz[], $9::timestamptz[])
    AS t(user_id, tier, next_tier, period_start, period_end, debt_credits, in_flight, fair_time, tier_until)
  WHERE a.user_id = t.user_id
), granted AS (
  INSERT INTO credit_lots (id, user_id, source, source_key, quantity, remaining, priority, effective_at,
                           expires_at, unit_price_minor, currency)
  SELECT * FROM unnest($10::uuid[], $11::uuid[], $12::text[], $13::text[], $14::int[], $15::int[], $16::int[],
                       $17::timestamptz[], $18::timestamptz[], $19::bigint[], $20::text[])
), drained AS (
  UPDATE credit_lots l SET remaining = l.remaining - t.taken
  FROM unnest($21::uuid[], $22::int[]) AS t(id, taken)
  WHERE l.id = t.id AND l.remaining >= t.taken
  RETURNING l.id
), held AS (
  INSERT INTO credit_holds (id, user_id, purpose, amount_credits, state)
  SELECT id, user_id, purpose, amount, 'held'
  FROM unnest($23::uuid[], $24::uuid[], $25::text[], $26::int[]) AS t(id, user_id, purpose, amount)
), journalled AS (
  INSERT INTO credit_entries (user_id, lot_id, hold_id, kind, quantity)
  SELECT * FROM unnest($27::uuid[], $28::uuid[], $29::uuid[], $30::text[], $31::int[])
)
SELECT count(*) AS drained FROM drained
"""


@dataclass(frozen=True, slots=True)
class Hold:
    """`id` is the id of the business object that is being paid for."""

    id: UUID
    user_id: UUID
    purpose: str
    amount_credits: int
    lines: Sequence[tuple[Lot, int]]


@dataclass(slots=True)
class CreditBatch:
    """What one transaction does to the accounts it locked."""

    accounts: dict[UUID, Account]
    touched: set[UUID] = field(default_factory=set)
    holds: list[Hold] = field(default_factory=list)

    def hold(self, account: Account, hold_id: UUID, amount_credits: int, purpose: str) -> None:
        """Raises: InsufficientCreditsError; the batch is as before."""
        lines = account.take(amount_credits)
        self.holds.append(Hold(hold_id, account.user_id, purpose, amount_credits, lines))
        self.touched.add(account.user_id)


async def lock_accounts(statements: Statements, user_ids: Iterable[UUID], now: datetime) -> CreditBatch:
    """Lock the accounts and read their spendable lots, in burn order. Unknown users are absent."""
    ids = list(user_ids)
    rows = await statements.fetch(LOCK_ACCOUNTS, ids)
    accounts = {row["user_id"]: Account(**row) for row in rows}
    for row in await statements.fetch(READ_LOTS, ids, now):
        user_id, lot_id, source, *rest = row.values()
        accounts[user_id].lots.append(Lot(lot_id, LotSource(source), *rest))
    for account in accounts.values():
        account.lots.sort(key=Lot.burn_order)
    return CreditBatch(accounts)


async def write(statements: Statements, batch: CreditBatch) -> None:
    """Write the touched accounts, their new lots, takings, holds and journal in one statement.

    Raises: RuntimeError if a lot changed in spite of the lock; the transaction must be rolled back.
    """
    accounts = [batch.accounts[user_id] for user_id in sorted(batch.touched)]
    lots = [(account, lot) for account in accounts for lot in account.lots]
    drained = [lot for _, lot in lots if lot.taken and not lot.is_new]
    (row,) = await statements.fetch(
        WRITE,
        *_account_columns(accounts),
        *_new_lot_columns([pair for pair in lots if pair[1].is_new]),
        [lot.id for lot in drained],
        [lot.taken for lot in drained],
        [hold.id for hold in batch.holds],
        [hold.user_id for hold in batch.holds],
        [hold.purpose for hold in batch.holds],
        [hold.amount_credits for hold in batch.holds],
        *_entry_columns(accounts, batch.holds),
    )
    if row["drained"] != len(drained):
        raise RuntimeError(f"{len(drained) - row['drained']} lots changed under their account's lock")


def _account_columns(accounts: Sequence[Account]) -> list[list[object]]:
    return [
        [account.user_id for account in accounts],
        [account.tier for account in accounts],
        [account.next_tier for account in accounts],
        [account.period_start for account in accounts],
        [account.period_end for account in accounts],
        [account.debt_credits for account in accounts],
        [account.in_flight for account in accounts],
        [account.fair_time for account in accounts],
        [account.tier_until for account in accounts],
    ]


def _new_lot_columns(pairs: Sequence[tuple[Account, Lot]]) -> list[list[object]]:
    return [
        [lot.id for _, lot in pairs],
        [account.user_id for account, _ in pairs],
        [lot.source.value for _, lot in pairs],
        [lot.source_key for _, lot in pairs],
        [lot.quantity for _, lot in pairs],
        [lot.remaining for _, lot in pairs],
        [lot.priority for _, lot in pairs],
        [lot.effective_at for _, lot in pairs],
        [lot.expires_at for _, lot in pairs],
        [lot.unit_price_minor for _, lot in pairs],
        [lot.currency for _, lot in pairs],
    ]


def _entry_columns(accounts: Sequence[Account], holds: Sequence[Hold]) -> list[list[object]]:
    entries: list[tuple[object, ...]] = []
    for account in accounts:
        entries.extend(
            (account.user_id, lot.id, None, "grant", lot.quantity) for lot in account.lots if lot.is_new
        )
        entries.extend(
            (account.user_id, lot_id, None, "debt", -filled) for lot_id, filled in account.debt_filled.items()
        )
    for hold in holds:
        entries.extend((hold.user_id, lot.id, hold.id, "hold", -share) for lot, share in hold.lines)
    return [list(column) for column in zip(*entries, strict=True)] if entries else [[], [], [], [], []]
