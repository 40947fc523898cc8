"""Delete a photo: unseen first, then its object, then its row. Whatever dies in between, the keeper ends."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core.database import Sessions
from service.photos import queries
from service.storage.store import FileStore


async def delete_photo(
    sessions: Sessions, store: FileStore, photo_id: UUID, *, owner_id: UUID, now: datetime
) -> None:
    """At the owner's wish, also when a work was made of it. Raises: PhotoNotFoundError."""

    async def withdraw(session: AsyncSession) -> str | None:
        await queries.get_photo(session, photo_id, owner_id=owner_id, now=now)
        return await queries.withdraw(session, photo_id, now=now)

    await _delete(sessions, store, photo_id, withdraw)


async def expire_photos(sessions: Sessions, store: FileStore, *, now: datetime, limit: int) -> int:
    """Let the photos go whose time is over and of which no work was made; how many were looked at."""
    async with sessions() as session:
        expired = await queries.list_expired(session, now=now, limit=limit)
    for photo in expired:
        async with sessions.begin() as session:
            if await queries.keep_if_used(session, photo, now=now):
                continue

        async def withdraw(session: AsyncSession, photo_id: UUID = photo.id) -> str | None:
            return await queries.withdraw_expired(session, photo_id, now=now)

        await _delete(sessions, store, photo.id, withdraw)
    return len(expired)


async def _delete(
    sessions: Sessions,
    store: FileStore,
    photo_id: UUID,
    withdraw: Callable[[AsyncSession], Awaitable[str | None]],
) -> None:
    """`withdraw` decides in the database and returns the object's key, or None when it may stay."""
    async with sessions.begin() as session:
        key = await withdraw(session)
    if key is None:
        return
    await store.delete(key)
    async with sessions.begin() as session:
        await queries.forget(session, photo_id)
