"""Helps: taken by one conditional write, and moved along HELP_TRANSITIONS.

Hand-written SQL: a famous link is helped hundreds of times a second, and nothing here locks the link.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from core.keys import Keys
from models.referral import Help, HelpState, LinkState
from referral.errors import HelpNotFoundError

# The decision: the day's cap, a seat and the help itself, or nothing at all. The caller rolls back when
# anything is missing: a data-modifying CTE runs whether or not the others found something.
TAKE: Final = text("""
WITH day AS (
  INSERT INTO help_days (helper_id, day, taken) VALUES (:helper_id, :day, 1)
  ON CONFLICT (helper_id, day) DO UPDATE SET taken = help_days.taken + 1 WHERE help_days.taken < :day_cap
  RETURNING taken
), seat AS (
  UPDATE unlock_link_seats SET taken = taken + 1
  WHERE link_id = :link_id AND taken < seats
    AND shard = (
      SELECT shard FROM unlock_link_seats
      WHERE link_id = :link_id AND taken < seats ORDER BY shard = :shard DESC, shard LIMIT 1
    )
  RETURNING shard
), help AS (
  INSERT INTO helps (id, link_id, owner_id, helper_id, level, is_new, weight, device_key, page_nonce,
                     page_issued_at, seat, state, created_at)
  SELECT :id, :link_id, :owner_id, :helper_id, 1, :is_new, :weight, :device_key, :page_nonce,
         :page_issued_at, seat.shard, 'pending', :now
  FROM day, seat
  ON CONFLICT DO NOTHING
  RETURNING id
)
SELECT (SELECT taken FROM day) AS helps_today, (SELECT shard FROM seat) AS seat,
       EXISTS (SELECT FROM help) AS is_taken,
       EXISTS (SELECT FROM unlock_link_seats WHERE link_id = :link_id AND taken < seats) AS has_room
""")
TAKE_TURNS: Final = text("SELECT FROM users WHERE id = :user_id FOR NO KEY UPDATE")
HAS_HELPED: Final = text("SELECT EXISTS (SELECT FROM helps WHERE helper_id = :user_id)")
FIND_CONFLICT: Final = text("""
SELECT h.id, h.link_id, h.helper_id, h.state, h.weight, l.goal, l.progress,
       h.page_nonce = :page_nonce AS has_nonce
FROM helps h JOIN unlock_links l ON l.id = h.link_id
WHERE (h.link_id = :link_id AND (h.helper_id = :helper_id OR h.device_key = :device_key))
   OR h.page_nonce = :page_nonce
ORDER BY (h.helper_id = :helper_id AND h.link_id = :link_id) DESC LIMIT 1
""")
SETTLE: Final = text("""
UPDATE helps SET state = :state, reason = :reason, qualified_at = CAST(:qualified_at AS timestamptz)
WHERE id = :id AND state = 'pending'
""")
DENY: Final = text("""
WITH denied AS (
  UPDATE helps SET state = 'denied', reason = :reason, ended_at = :now, seat = NULL
  WHERE id = :id AND state = 'pending'
  RETURNING link_id
)
UPDATE unlock_link_seats s SET taken = s.taken - 1
FROM denied WHERE s.link_id = denied.link_id AND s.shard = :seat
""")
IS_PROVEN: Final = text("""
SELECT EXISTS (SELECT FROM contacts WHERE user_id = :user_id AND verified_at IS NOT NULL)
    OR EXISTS (SELECT FROM works WHERE owner_id = :user_id)
""")
FIND_STANDING: Final = text("""
SELECT h.state, h.weight, l.goal, l.progress, l.state AS link_state, l.expires_at
FROM helps h JOIN unlock_links l ON l.id = h.link_id WHERE h.id = :id
""")
QUALIFY: Final = text("""
UPDATE helps SET state = 'qualified', qualified_at = :now
WHERE helper_id = :helper_id AND state = 'pending'
RETURNING link_id
""")
LIST_PROVEN: Final = text("""
SELECT DISTINCT h.helper_id FROM helps h
WHERE h.state = 'pending' AND h.created_at > :since
  AND (EXISTS (SELECT FROM contacts c WHERE c.user_id = h.helper_id AND c.verified_at IS NOT NULL)
       OR EXISTS (SELECT FROM works w WHERE w.owner_id = h.helper_id))
LIMIT :limit
""")
FORGET_DEVICES: Final = text("""
UPDATE helps SET device_key = NULL
WHERE id IN (SELECT id FROM helps WHERE device_key IS NOT NULL AND created_at < :before LIMIT :limit)
RETURNING id
""")


@dataclass(frozen=True, slots=True)
class NewHelp:
    """A help to take. `shard` is the one to try first."""

    id: UUID
    link_id: UUID
    owner_id: UUID
    helper_id: UUID
    is_new: bool
    weight: int
    helper_created_at: datetime
    device_key: bytes
    page_nonce: bytes
    page_issued_at: datetime
    shard: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What the write found. helps_today None: the cap; seat None: none was free in the shard it tried."""

    helps_today: int | None
    seat: int | None
    is_taken: bool
    has_room: bool


@dataclass(frozen=True, slots=True)
class Conflict:
    """The help that was there before."""

    id: UUID
    link_id: UUID
    helper_id: UUID
    state: HelpState
    weight: int
    goal: int
    progress: int
    has_nonce: bool


@dataclass(frozen=True, slots=True)
class HelpStanding:
    """A help and its link as they stand."""

    state: HelpState
    weight: int
    goal: int
    progress: int
    link_state: LinkState
    expires_at: datetime


def device_key_of(keys: Keys, link_id: UUID, device_hash: bytes) -> bytes:
    """Tells devices apart on one link, and says nothing across links."""
    return keys.digest("help-device", str(link_id), device_hash.hex())


async def take(session: AsyncSession, new: NewHelp, *, day: date, day_cap: int, now: datetime) -> Taken:
    """Take a help as pending, with a seat and within the day's cap: all of it, or roll back."""
    values = {
        "id": new.id,
        "link_id": new.link_id,
        "owner_id": new.owner_id,
        "helper_id": new.helper_id,
        "is_new": new.is_new,
        "weight": new.weight,
        "device_key": new.device_key,
        "page_nonce": new.page_nonce,
        "page_issued_at": new.page_issued_at,
        "shard": new.shard,
        "day": day,
        "day_cap": day_cap,
        "now": now,
    }
    row = (await session.execute(TAKE, values)).one()
    return Taken(row.helps_today, row.seat, row.is_taken, row.has_room)


async def is_first(session: AsyncSession, helper_id: UUID) -> bool:
    """Whether somebody has never helped before; their helps take turns from here on, so that one is first.

    Two statements: what the lock was waited for is seen by the next one only.
    """
    await session.execute(TAKE_TURNS, {"user_id": helper_id})
    return not await session.scalar(HAS_HELPED, {"user_id": helper_id})


async def find_conflict(session: AsyncSession, new: NewHelp) -> Conflict | None:
    """Why a help was not inserted: the same person's, the same device's, or one with the same page token."""
    values = {
        "link_id": new.link_id,
        "helper_id": new.helper_id,
        "device_key": new.device_key,
        "page_nonce": new.page_nonce,
    }
    row = (await session.execute(FIND_CONFLICT, values)).one_or_none()
    if row is None:
        return None
    return Conflict(**dict(row._mapping) | {"state": HelpState(row.state)})


async def get_standing(session: AsyncSession, help_id: UUID) -> HelpStanding:
    """Raises: HelpNotFoundError."""
    row = (await session.execute(FIND_STANDING, {"id": help_id})).one_or_none()
    if row is None:
        raise HelpNotFoundError("There is no such help.")
    return HelpStanding(
        HelpState(row.state), row.weight, row.goal, row.progress, LinkState(row.link_state), row.expires_at
    )


async def settle(
    session: AsyncSession,
    help_id: UUID,
    state: HelpState,
    *,
    reason: str | None = None,
    qualified_at: datetime | None = None,
) -> None:
    """Say what becomes of a help that was just taken: it stays pending, is held or qualifies."""
    values = {"id": help_id, "state": state.value, "reason": reason, "qualified_at": qualified_at}
    await session.execute(SETTLE, values)


async def deny(session: AsyncSession, help_id: UUID, seat: int, *, reason: str, now: datetime) -> None:
    """Refuse a help that was just taken; its seat is free again."""
    await session.execute(DENY, {"id": help_id, "seat": seat, "reason": reason, "now": now})


async def qualify(session: AsyncSession, helper_id: UUID, *, now: datetime) -> Sequence[UUID]:
    """The helper has proved real: all pending helps qualify. The links they are for.

    Whether they come in time is decided when they are counted (`referral.counting`).
    """
    return (await session.scalars(QUALIFY, {"helper_id": helper_id, "now": now})).all()


async def is_proven(session: AsyncSession, user_id: UUID) -> bool:
    """Whether somebody has a verified contact or a finished work."""
    return bool(await session.scalar(IS_PROVEN, {"user_id": user_id}))


async def list_proven(session: AsyncSession, *, since: datetime, limit: int) -> Sequence[UUID]:
    """Helpers who proved real in the very moment in which their help was being taken."""
    return (await session.scalars(LIST_PROVEN, {"since": since, "limit": limit})).all()


async def list_given(session: AsyncSession, helper_id: UUID) -> Sequence[Help]:
    """Everything that somebody helped with, newest first."""
    statement = select(Help).where(Help.helper_id == helper_id).order_by(Help.id.desc())
    return (await session.scalars(statement)).all()


async def forget_devices(session: AsyncSession, *, before: datetime, limit: int) -> int:
    """Forget on which devices old helps were given; how many."""
    return len((await session.scalars(FORGET_DEVICES, {"before": before, "limit": limit})).all())
