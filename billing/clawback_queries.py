"""Statements for credits that are taken back, frozen and thawed. Callers have locked the account."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from models.credit import CreditClawback, CreditLot

# Unspent credits are voided. What was used becomes debt, as far as it is not debt already; what expired
# was never used and is owed by nobody. What an earlier debt got back from this lot may become debt again.
INSERT_CLAWBACK = text("""
WITH journal AS (
  SELECT coalesce(-sum(quantity) FILTER (WHERE kind IN ('hold', 'release', 'debt')), 0) AS used,
         coalesce(-sum(quantity) FILTER (WHERE kind = 'void'), 0) AS voided
  FROM credit_entries WHERE lot_id = :lot_id
), earlier AS (
  SELECT coalesce(sum(debt_credits) FILTER (WHERE undone_at IS NULL), 0) AS debt,
         coalesce(sum(voided_credits), 0) AS voided
  FROM credit_clawbacks WHERE lot_id = :lot_id
), parts AS (
  SELECT l.id, l.user_id, least(l.remaining, CAST(:amount AS int)) AS voided,
         greatest(0, least(CAST(:amount AS int) - least(l.remaining, CAST(:amount AS int)),
                           j.used - (e.debt - (j.voided - e.voided)))) AS debt
  FROM credit_lots l, journal j, earlier e WHERE l.id = :lot_id
)
INSERT INTO credit_clawbacks (clawback_key, lot_id, user_id, voided_credits, debt_credits, created_at)
SELECT CAST(:key AS text), id, user_id, voided, debt, CAST(:now AS timestamptz)
FROM parts WHERE voided + debt > 0
RETURNING user_id, voided_credits, debt_credits
""")

TAKE_BACK = text("""
WITH emptied AS (
  UPDATE credit_lots SET remaining = remaining - :voided, voided_at = coalesce(voided_at, :now)
  WHERE id = :lot_id RETURNING user_id
), indebted AS (
  UPDATE credit_accounts a SET debt_credits = debt_credits + :debt FROM emptied e WHERE a.user_id = e.user_id
)
INSERT INTO credit_entries (user_id, lot_id, kind, quantity, created_at)
SELECT user_id, CAST(:lot_id AS uuid), 'void', -CAST(:voided AS int), CAST(:now AS timestamptz)
FROM emptied WHERE CAST(:voided AS int) > 0
""")

UNDO_CLAWBACK = text("""
WITH undone AS (
  UPDATE credit_clawbacks c SET undone_at = :now, forgiven_credits = least(c.debt_credits, a.debt_credits)
  FROM credit_accounts a
  WHERE a.user_id = c.user_id AND c.clawback_key = :key AND c.lot_id = :lot_id AND c.undone_at IS NULL
  RETURNING c.user_id, c.voided_credits, c.debt_credits, c.forgiven_credits, c.created_at
), forgiven AS (
  UPDATE credit_accounts a SET debt_credits = a.debt_credits - u.forgiven_credits
  FROM undone u WHERE a.user_id = u.user_id
)
SELECT * FROM undone
""")

FREEZE = text("""
UPDATE credit_lots SET frozen_at = :now WHERE id = :lot_id AND frozen_at IS NULL
""")

THAW = text("""
UPDATE credit_lots
SET expires_at = expires_at + (CAST(:now AS timestamptz) - frozen_at),
    grace_ends_at = grace_ends_at + (CAST(:now AS timestamptz) - frozen_at),
    frozen_at = NULL
WHERE id = :lot_id AND frozen_at IS NOT NULL
""")


class Parts(NamedTuple):
    user_id: UUID
    voided_credits: int
    debt_credits: int


class Undone(NamedTuple):
    """forgiven_credits: of the debt, were still open. taken_at: when the credits had been taken back."""

    user_id: UUID
    voided_credits: int
    debt_credits: int
    forgiven_credits: int
    taken_at: datetime


async def find_lot(session: AsyncSession, lot_id: UUID) -> CreditLot | None:
    """The lot as it is now, not as this session has seen it."""
    return await session.get(CreditLot, lot_id, populate_existing=True)


async def find_clawback(session: AsyncSession, key: str, lot_id: UUID) -> CreditClawback | None:
    return await session.get(CreditClawback, (key, lot_id), populate_existing=True)


async def list_clawed_lots(session: AsyncSession, key: str) -> Sequence[UUID]:
    """The lots that were taken back under the key and not returned since."""
    statement = (
        select(CreditClawback.lot_id)
        .where(CreditClawback.clawback_key == key, CreditClawback.undone_at.is_(None))
        .order_by(CreditClawback.lot_id)
    )
    return (await session.scalars(statement)).all()


async def take_back(
    session: AsyncSession, *, key: str, lot_id: UUID, amount_credits: int, now: datetime
) -> Parts | None:
    """Void what is unspent and turn the rest into debt; None when there is nothing to take."""
    row = {"key": key, "lot_id": lot_id, "amount": amount_credits, "now": now}
    found = (await session.execute(INSERT_CLAWBACK, row)).one_or_none()
    if found is None:
        return None
    parts = Parts(*found)
    await session.execute(
        TAKE_BACK,
        {"lot_id": lot_id, "voided": parts.voided_credits, "debt": parts.debt_credits, "now": now},
    )
    return parts


async def undo(session: AsyncSession, *, key: str, lot_id: UUID, now: datetime) -> Undone | None:
    """Mark it undone and forgive what is open of its debt; None when it was undone before."""
    row = (await session.execute(UNDO_CLAWBACK, {"key": key, "lot_id": lot_id, "now": now})).one_or_none()
    return None if row is None else Undone(*row)


async def freeze(session: AsyncSession, lot_id: UUID, now: datetime) -> None:
    await session.execute(FREEZE, {"lot_id": lot_id, "now": now})


async def thaw(session: AsyncSession, lot_id: UUID, now: datetime) -> None:
    await session.execute(THAW, {"lot_id": lot_id, "now": now})
