"""Helps: looked up, and moved along HELP_TRANSITIONS."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession

from core.keys import Keys
from core.statements import Statements
from models.referral import Help, HelpState, LinkState
from referral.errors import HelpNotFoundError

FIND_CONFLICT: Final = """
SELECT link_id = $1 AND helper_id = $2 AS is_own, page_nonce = $4 AS has_nonce FROM helps
WHERE (link_id = $1 AND (helper_id = $2 OR device_key = $3)) OR page_nonce = $4
ORDER BY is_own DESC LIMIT 1
"""
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
# OFFSET 0: else all verified contacts and all works there are may be read into a hash.
LIST_PROVEN: Final = text("""
SELECT DISTINCT h.helper_id FROM helps h
WHERE h.state = 'pending' AND h.created_at > :since
  AND (EXISTS (SELECT FROM contacts c WHERE c.user_id = h.helper_id AND c.verified_at IS NOT NULL OFFSET 0)
       OR EXISTS (SELECT FROM works w WHERE w.owner_id = h.helper_id OFFSET 0))
ORDER BY h.helper_id LIMIT :limit
""")
FORGET_DEVICES: Final = text("""
UPDATE helps SET device_key = NULL
WHERE id IN (
  SELECT id FROM helps WHERE device_key IS NOT NULL AND created_at < :before ORDER BY created_at LIMIT :limit
)
RETURNING id
""")


@dataclass(slots=True)
class NewHelp:
    """A help to insert, as a batch decides it. seat: the shard that it sits in; None for one that is denied.

    is_countable: its weight may be added to the link's progress with it.
    """

    id: UUID
    link_id: UUID
    owner_id: UUID
    helper_id: UUID
    is_new: bool
    weight: int
    device_key: bytes
    page_nonce: bytes
    page_issued_at: datetime
    state: HelpState
    seat: int | None = None
    is_countable: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Conflict:
    """The help that was there before: the same person's, else with the same page token or device."""

    is_own: bool
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


async def find_conflict(statements: Statements, new: NewHelp) -> Conflict | None:
    """Why a help was not inserted: the same person's, the same device's, or one with the same page token.

    None: it is gone again, or the person has become an existing one meanwhile.
    """
    rows = await statements.fetch(FIND_CONFLICT, new.link_id, new.helper_id, new.device_key, new.page_nonce)
    return Conflict(**rows[0]) if rows else None


async def get_standing(session: AsyncSession, help_id: UUID) -> HelpStanding:
    """Raises: HelpNotFoundError."""
    row = (await session.execute(FIND_STANDING, {"id": help_id})).one_or_none()
    if row is None:
        raise HelpNotFoundError("There is no such help.")
    return HelpStanding(
        HelpState(row.state), row.weight, row.goal, row.progress, LinkState(row.link_state), row.expires_at
    )


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
