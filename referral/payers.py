"""Who paid with which card, as keyed hashes: accounts that share one do not help each other."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

NOTE_CARDS: Final = text("""
INSERT INTO payment_marks (user_id, digest, created_at)
SELECT u.id, t.digest, :now FROM users u, unnest(CAST(:digests AS bytea[])) AS t(digest)
WHERE u.id = :user_id AND u.closed_at IS NULL
ON CONFLICT DO NOTHING
""")
LIST_OWN_HELPS: Final = text("""
SELECT h.id FROM helps h
WHERE h.link_id = :link_id AND h.state = 'qualified' AND h.counted_at IS NOT NULL AND h.decided_at IS NULL
  AND EXISTS (SELECT FROM payment_marks a JOIN payment_marks b USING (digest)
              WHERE a.user_id = h.owner_id AND b.user_id = h.helper_id)
""")


async def note_cards(
    session: AsyncSession, user_id: UUID, digests: Iterable[bytes], *, now: datetime
) -> None:
    """Remember that somebody paid with these cards; what is known changes nothing.

    Nothing of whoever has left meanwhile. The caller has locked the account.
    """
    facts = {"user_id": user_id, "digests": sorted(set(digests)), "now": now}
    await session.execute(NOTE_CARDS, facts)


async def list_own_helps(session: AsyncSession, link_id: UUID) -> Sequence[UUID]:
    """Helps in a link's progress by whoever has paid with a card of its owner, if only since they helped.

    But for those that a reviewer has let in.
    """
    return (await session.scalars(LIST_OWN_HELPS, {"link_id": link_id})).all()
