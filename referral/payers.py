"""Who paid with which card, as keyed hashes: accounts that share one do not help each other."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from models.referral import PaymentMark


async def note_cards(
    session: AsyncSession, user_id: UUID, digests: Iterable[bytes], *, now: datetime
) -> None:
    """Remember that somebody paid with these cards; what is known changes nothing."""
    rows = [{"user_id": user_id, "digest": digest, "created_at": now} for digest in set(digests)]
    if rows:
        await session.execute(insert(PaymentMark).values(rows).on_conflict_do_nothing())
