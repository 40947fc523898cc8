"""Every statement of the credits that is not on the hot path."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Row, func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.credit import CreditAccount, CreditEntry, CreditHold, CreditLot, HoldState

# A frozen lot's time stands still: it is as old as it was when it froze.
EXPIRE = text("""
WITH due AS (
  SELECT id, user_id, remaining FROM credit_lots
  WHERE id = ANY(:lot_ids) AND expires_at <= coalesce(frozen_at, :now) AND remaining > 0 FOR UPDATE
), emptied AS (
  UPDATE credit_lots l SET remaining = 0 FROM due WHERE l.id = due.id
)
INSERT INTO credit_entries (user_id, lot_id, kind, quantity, created_at)
SELECT user_id, id, 'expire', -remaining, CAST(:now AS timestamptz) FROM due
""")

# What came back late may be used for 24 hours more, but never beyond a week after the lot's own expiry:
# holding and cancelling in turn must not keep a credit alive for ever.
RETURN_TO_LOTS = text("""
WITH back AS (
  SELECT * FROM unnest(CAST(:lot_ids AS uuid[]), CAST(:quantities AS int[])) AS b(lot_id, quantity)
), returned AS (
  UPDATE credit_lots l
  SET remaining = l.remaining + b.quantity,
      grace_ends_at = CASE WHEN l.expires_at <= coalesce(l.frozen_at, :now)
        THEN coalesce(l.grace_ends_at, l.expires_at + interval '7 days') ELSE l.grace_ends_at END,
      expires_at = CASE WHEN l.expires_at <= coalesce(l.frozen_at, :now)
        THEN greatest(l.expires_at,
                      least(coalesce(l.frozen_at, :now) + interval '24 hours',
                            coalesce(l.grace_ends_at, l.expires_at + interval '7 days')))
        ELSE l.expires_at END
  FROM back b WHERE l.id = b.lot_id
  RETURNING l.user_id, l.id, b.quantity
)
INSERT INTO credit_entries (user_id, lot_id, hold_id, share_id, kind, quantity)
SELECT user_id, id, :hold_id, CAST(:share_id AS uuid), 'release', quantity FROM returned
""")

# Held credits of a lot that was taken back became debt; what comes back to it pays that debt first.
PAY_DEBT_FROM_RETURN = text("""
WITH back AS (
  SELECT b.lot_id, b.quantity, l.user_id, sum(b.quantity) OVER (ORDER BY b.lot_id) - b.quantity AS before
  FROM unnest(CAST(:lot_ids AS uuid[]), CAST(:quantities AS int[])) AS b(lot_id, quantity)
  JOIN credit_lots l ON l.id = b.lot_id AND l.voided_at IS NOT NULL
), due AS (
  SELECT back.lot_id, back.user_id, least(back.quantity, a.debt_credits - back.before)::int AS voided
  FROM back JOIN credit_accounts a USING (user_id) WHERE a.debt_credits > back.before
), emptied AS (
  UPDATE credit_lots l SET remaining = l.remaining - due.voided FROM due WHERE l.id = due.lot_id
), paid AS (
  UPDATE credit_accounts a SET debt_credits = a.debt_credits - d.total
  FROM (SELECT user_id, sum(voided) AS total FROM due GROUP BY user_id) d WHERE a.user_id = d.user_id
)
INSERT INTO credit_entries (user_id, lot_id, kind, quantity, created_at)
SELECT user_id, lot_id, 'void', -voided, CAST(:now AS timestamptz) FROM due
""")

# What was taken last comes first: it goes back first, so that what is spent is what burns first.
HOLD_LINES = text("""
SELECT lot_id, -sum(quantity) AS outstanding FROM credit_entries
WHERE hold_id = :hold_id GROUP BY lot_id HAVING sum(quantity) < 0 ORDER BY min(id) DESC
""")

CLOSE_SHARE = text("""
UPDATE credit_holds
SET spent_credits = spent_credits + :spent, returned_credits = returned_credits + :returned,
    state = CASE WHEN spent_credits + returned_credits + :spent + :returned < amount_credits THEN 'held'
                 WHEN spent_credits + :spent > 0 THEN 'settled' ELSE 'released' END,
    closed_at = CASE WHEN spent_credits + returned_credits + :spent + :returned = amount_credits
                THEN CAST(:now AS timestamptz) END
WHERE id = :hold_id AND state = 'held'
  AND spent_credits + returned_credits + :spent + :returned <= amount_credits
RETURNING user_id, state <> 'held' AS is_last
""")

OPEN_CREDITS = CreditHold.amount_credits - CreditHold.spent_credits - CreditHold.returned_credits

DUE_LOTS = text("""
SELECT id, user_id FROM credit_lots
WHERE expires_at <= :now AND (frozen_at IS NULL OR expires_at <= frozen_at) AND remaining > 0
ORDER BY expires_at LIMIT :limit
""")


async def find_account(session: AsyncSession, user_id: UUID) -> CreditAccount | None:
    """The account as it stands, not locked."""
    return await session.get(CreditAccount, user_id, populate_existing=True)


async def is_closed(session: AsyncSession, user_id: UUID) -> bool:
    """Whether nobody is there any more to be given anything."""
    account = await find_account(session, user_id)
    return account is None or account.closed_at is not None


async def lock_accounts(session: AsyncSession, user_ids: Sequence[UUID]) -> Sequence[CreditAccount]:
    """Accounts locked in id order, before any lot of theirs is touched."""
    statement = (
        select(CreditAccount)
        .where(CreditAccount.user_id.in_(user_ids))
        .order_by(CreditAccount.user_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement)).all()


async def close_hold(session: AsyncSession, hold_id: UUID, state: HoldState, now: datetime) -> UUID | None:
    """Close an open hold whole; its user's id, or None when it or a share of it was closed before."""
    statement = (
        update(CreditHold)
        .where(CreditHold.id == hold_id, CreditHold.state == HoldState.HELD)
        .where(CreditHold.spent_credits + CreditHold.returned_credits == 0)
        .values(state=state, closed_at=now)
        .returning(CreditHold.user_id)
    )
    return await session.scalar(statement)


async def close_share(
    session: AsyncSession, hold_id: UUID, *, spent: int, returned: int, now: datetime
) -> tuple[UUID, bool] | None:
    """Decide so many credits of an open hold: its user's id and whether they were its last.

    None when fewer than that are open; nothing was written.
    """
    row = (
        await session.execute(
            CLOSE_SHARE, {"hold_id": hold_id, "spent": spent, "returned": returned, "now": now}
        )
    ).one_or_none()
    return None if row is None else (row.user_id, row.is_last)


async def list_hold_lines(session: AsyncSession, hold_id: UUID) -> Sequence[tuple[UUID, int]]:
    """(lot id, credits of it that have not come back), what was taken last first."""
    rows = (await session.execute(HOLD_LINES, {"hold_id": hold_id})).all()
    return [(row.lot_id, int(row.outstanding)) for row in rows]


async def return_to_lots(
    session: AsyncSession,
    hold_id: UUID,
    lines: Sequence[tuple[UUID, int]],
    *,
    now: datetime,
    share_id: UUID | None = None,
) -> None:
    """Give (lot id, credits) of a hold back to the lots; the caller has locked the account.

    What an expired lot still held is expired first, so that only the returned credits live on. The
    journal's unique (hold, lot, kind, share) makes a second return impossible.
    """
    lot_ids = [lot_id for lot_id, _ in lines]
    await expire(session, lot_ids, now)
    back = {"lot_ids": lot_ids, "quantities": [quantity for _, quantity in lines], "now": now}
    await session.execute(RETURN_TO_LOTS, {"hold_id": hold_id, "share_id": share_id, **back})
    await session.execute(PAY_DEBT_FROM_RETURN, back)


async def expire(session: AsyncSession, lot_ids: Sequence[UUID], now: datetime) -> None:
    """Empty those of the lots that have expired; the caller has locked their accounts."""
    await session.execute(EXPIRE, {"lot_ids": list(lot_ids), "now": now})


async def find_due_lots(session: AsyncSession, now: datetime, *, limit: int) -> Sequence[Row[UUID, UUID]]:
    """(lot id, user id) of lots that have expired with credits left."""
    return (await session.execute(DUE_LOTS, {"now": now, "limit": limit})).all()


async def list_live_lots(session: AsyncSession, user_id: UUID, now: datetime) -> Sequence[CreditLot]:
    """Lots that hold spendable or frozen credits now, in burn order."""
    statement = (
        select(CreditLot)
        .where(CreditLot.user_id == user_id, CreditLot.remaining > 0, CreditLot.effective_at <= now)
        .where(CreditLot.expires_at.is_(None) | (CreditLot.expires_at > now))
        .order_by(
            CreditLot.priority,
            CreditLot.expires_at.asc().nulls_last(),
            CreditLot.unit_price_minor > 0,
            CreditLot.effective_at,
            CreditLot.id,
        )
    )
    return (await session.scalars(statement)).all()


async def sum_held(session: AsyncSession, user_id: UUID) -> int:
    """Credits under open holds that are not decided yet."""
    statement = select(OPEN_CREDITS).where(CreditHold.user_id == user_id, CreditHold.state == HoldState.HELD)
    return sum(await session.scalars(statement))


async def list_entries(
    session: AsyncSession, user_id: UUID, *, before_id: int | None, limit: int
) -> Sequence[Row[CreditEntry, CreditLot, CreditHold | None]]:
    """Journal lines, newest first, with their lot and hold."""
    statement = (
        select(CreditEntry, CreditLot, CreditHold)
        .join(CreditLot, CreditLot.id == CreditEntry.lot_id)
        .outerjoin(CreditHold, CreditHold.id == CreditEntry.hold_id)
        .where(CreditEntry.user_id == user_id)
        .order_by(CreditEntry.id.desc())
        .limit(limit)
    )
    if before_id is not None:
        statement = statement.where(CreditEntry.id < before_id)
    return (await session.execute(statement)).all()


async def sum_all_held(session: AsyncSession) -> int:
    """Credits under open holds, of everybody."""
    statement = select(func.coalesce(func.sum(OPEN_CREDITS), 0)).where(CreditHold.state == HoldState.HELD)
    return (await session.execute(statement)).scalar_one()
