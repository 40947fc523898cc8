"""Links: made with their seats, found by code or owner."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.ids import new_id
from core.keys import Keys
from models.campaign import ShareChannel
from models.referral import Help, HelpState, LinkSeats, LinkState, PaymentMark, UnlockLink
from referral.campaigns import Offer
from referral.codes import code_of, find_hash, hash_of
from referral.errors import LinkNotFoundError
from referral.programme import Times

SEATS_PER_SHARD: Final = 64  # below that, helpers of one link may well wait for each other
MAX_SHARDS: Final = 16
MAX_COUNTED: Final = 1000  # helps that wait: more are not told apart


@dataclass(frozen=True, slots=True)
class LinkWish:
    """What an owner asks for. asker_name: screened by the caller. work_id: the owner's, checked likewise."""

    channel: ShareChannel
    asker_name: str | None
    work_id: UUID | None

    def digest(self) -> bytes:
        told = [self.channel.value, self.asker_name, str(self.work_id)]
        return hashlib.sha256(json.dumps(told).encode()).digest()


def state_at(state: LinkState, expires_at: datetime, now: datetime) -> LinkState:
    return LinkState.EXPIRED if state is LinkState.OPEN and expires_at <= now else state


async def create_link(
    session: AsyncSession,
    keys: Keys,
    wish: LinkWish,
    offer: Offer,
    times: Times,
    *,
    owner_id: UUID,
    key: str,
    now: datetime,
) -> UnlockLink:
    """Insert a link and its seats; the caller has locked the owner and checked the caps."""
    link_id, terms = new_id(), offer.terms
    link = UnlockLink(
        id=link_id,
        owner_id=owner_id,
        idempotency_key=key,
        request_hash=wish.digest(),
        code_hash=hash_of(keys, code_of(keys, link_id)),
        campaign_id=offer.campaign_id,
        variant=offer.variant,
        channel=wish.channel,
        asker_name=wish.asker_name,
        work_id=wish.work_id,
        **terms.model_dump(),
        state=LinkState.OPEN,
        progress=0,
        version=0,
        views=0,
        expires_at=now + timedelta(hours=times.link_hours),
        created_at=now,
    )
    session.add(link)
    await session.flush()
    await session.execute(insert(LinkSeats), _shards(link_id, terms.seats))
    return link


def _shards(link_id: UUID, seats: int) -> list[dict[str, Any]]:
    """The seats, spread evenly over as many rows as they need."""
    count = min(MAX_SHARDS, -(-seats // SEATS_PER_SHARD))
    share, rest = divmod(seats, count)
    return [
        {"link_id": link_id, "shard": shard, "seats": share + (shard < rest), "taken": 0}
        for shard in range(count)
    ]


async def find_by_key(session: AsyncSession, owner_id: UUID, key: str) -> UnlockLink | None:
    statement = select(UnlockLink).where(UnlockLink.owner_id == owner_id, UnlockLink.idempotency_key == key)
    return await session.scalar(statement)


async def get_own_link(session: AsyncSession, keys: Keys, code: str, *, owner_id: UUID) -> UnlockLink:
    """The owner's link. Raises: LinkNotFoundError, also for somebody else's."""
    statement = select(UnlockLink).where(
        UnlockLink.code_hash == find_hash(keys, code), UnlockLink.owner_id == owner_id
    )
    link = await session.scalar(statement, execution_options={"populate_existing": True})
    if link is None:
        raise LinkNotFoundError("There is no such link.")
    return link


async def list_links(
    session: AsyncSession, owner_id: UUID, *, before_id: UUID | None, limit: int
) -> Sequence[UnlockLink]:
    """The owner's links, newest first."""
    statement = (
        select(UnlockLink).where(UnlockLink.owner_id == owner_id).order_by(UnlockLink.id.desc()).limit(limit)
    )
    if before_id is not None:
        statement = statement.where(UnlockLink.id < before_id)
    return (await session.scalars(statement)).all()


async def count_waiting(session: AsyncSession, link_id: UUID) -> tuple[int, int]:
    """(pending, held) helps of a link, each up to MAX_COUNTED."""
    waiting = (
        select(Help.state)
        .where(Help.link_id == link_id, Help.state.in_((HelpState.PENDING, HelpState.HELD)))
        .limit(MAX_COUNTED)
        .subquery()
    )
    statement = select(
        func.count().filter(waiting.c.state == HelpState.PENDING),
        func.count().filter(waiting.c.state == HelpState.HELD),
    ).select_from(waiting)
    pending, held = (await session.execute(statement)).one()
    return pending, held


async def count_taken(session: AsyncSession, link_id: UUID) -> int:
    """Helps that the link has taken, whatever became of them; it only grows, but for those denied at once."""
    statement = select(func.coalesce(func.sum(LinkSeats.taken), 0)).where(LinkSeats.link_id == link_id)
    return (await session.execute(statement)).scalar_one()


async def add_views(session: AsyncSession, code_hash: bytes, count: int, *, batch_id: UUID) -> None:
    """Add a batch's views to a link, once."""
    await session.execute(
        update(UnlockLink)
        .where(UnlockLink.code_hash == code_hash, UnlockLink.views_batch.is_distinct_from(batch_id))
        .values(views=UnlockLink.views + count, views_batch=batch_id)
    )


async def lock_own(session: AsyncSession, owner_id: UUID) -> None:
    """All links of an owner, as `referral.counting.lock_link` locks one; helps that come in do not wait."""
    statement = select(UnlockLink.id).where(UnlockLink.owner_id == owner_id).order_by(UnlockLink.id)
    await session.execute(statement.with_for_update(key_share=True))


async def erase_owner(session: AsyncSession, owner_id: UUID) -> None:
    """Forget what the owner's links say of the owner, and which cards they paid with."""
    await session.execute(delete(PaymentMark).where(PaymentMark.user_id == owner_id))
    await session.execute(
        update(UnlockLink).where(UnlockLink.owner_id == owner_id).values(asker_name=None, work_id=None)
    )
