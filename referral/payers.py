"""Who paid with which card, as keyed hashes: accounts that share one do not help each other."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.referral import PaymentMark

LIST_OWN_HELPS: Final = text("""
SELECT h.id FROM helps h
WHERE h.link_id = :link_id AND h.state = 'qualified' AND h.counted_at IS NOT NULL AND h.decided_at IS NULL
  AND EXISTS (SELECT FROM payment_marks a JOIN payment_marks b USING (digest)
              WHERE a.user_id = h.owner_id AND b.user_id = h.helper_id)
""")


async def note_cards(
    session: AsyncSession, user_id: UUID, digests: Iterable[bytes], *, now: datetime
) -> None:
    """Remember that somebody paid with these cards; what is known changes nothing."""
    rows = [{"user_id": user_id, "digest": digest, "created_at": now} for digest in set(digests)]
    if rows:
        await session.execute(insert(PaymentMark).values(rows).on_conflict_do_nothing())


async def list_own_helps(session: AsyncSession, link_id: UUID) -> Sequence[UUID]:
    """Helps in a link's progress by whoever has paid with a card of its owner, if only since they helped.

    But for those that a reviewer has let in.
    """
    return (await session.scalars(LIST_OWN_HELPS, {"link_id": link_id})).all()
