"""Every statement about photos."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from models.generation import Generation, JobState
from models.photo import Photo
from models.user import User
from service.photos.admitting import LIFETIME
from service.photos.errors import PhotoNotFoundError

USES = (JobState.QUEUED, JobState.RUNNING, JobState.SUCCEEDED)


async def lock_owner(session: AsyncSession, owner_id: UUID) -> bool:
    """Let one upload of a user decide at a time; False when the account is closed."""
    statement = select(User.id).where(User.id == owner_id, User.closed_at.is_(None))
    return await session.scalar(statement.with_for_update(key_share=True)) is not None


async def find_by_key(session: AsyncSession, owner_id: UUID, key: str) -> Photo | None:
    """The photo of an earlier request, stored or not."""
    return await session.scalar(select(Photo).where(Photo.owner_id == owner_id, Photo.idempotency_key == key))


async def count(session: AsyncSession, owner_id: UUID) -> int:
    """How many the owner has, those on their way in or out included."""
    found = await session.scalar(select(func.count()).where(Photo.owner_id == owner_id))
    return found or 0


async def finish_storing(
    session: AsyncSession, photo_id: UUID, *, now: datetime, expires_at: datetime
) -> Photo | None:
    """The object is there; None when the row is not waiting for it, or no longer."""
    statement = (
        update(Photo)
        .where(Photo.id == photo_id, Photo.stored_at.is_(None), Photo.expires_at > now)
        .values(stored_at=now, expires_at=expires_at)
        .returning(Photo)
    )
    return await session.scalar(statement)


async def get_photo(session: AsyncSession, photo_id: UUID, *, owner_id: UUID, now: datetime) -> Photo:
    """Raises: PhotoNotFoundError, also for somebody else's and for one whose time is over."""
    statement = select(Photo).where(Photo.id == photo_id, Photo.owner_id == owner_id, *_alive(now))
    photo = await session.scalar(statement)
    if photo is None:
        raise PhotoNotFoundError("There is no such photo.")
    return photo


async def find_photo(session: AsyncSession, photo_id: UUID, *, now: datetime) -> Photo | None:
    """A photo by its id alone, for whoever holds a signed link to it."""
    return await session.scalar(select(Photo).where(Photo.id == photo_id, *_alive(now)))


async def list_photos(
    session: AsyncSession, owner_id: UUID, *, before_id: UUID | None, limit: int, now: datetime
) -> Sequence[Photo]:
    """The owner's photos, newest first."""
    statement = (
        select(Photo).where(Photo.owner_id == owner_id, *_alive(now)).order_by(Photo.id.desc()).limit(limit)
    )
    if before_id is not None:
        statement = statement.where(Photo.id < before_id)
    return (await session.scalars(statement)).all()


async def use(
    session: AsyncSession, owner_id: UUID, photo_ids: Collection[UUID], *, now: datetime
) -> set[UUID]:
    """Those of the photos that are the owner's and alive; their week begins again.

    The caller holds the lock of the owner's account, as admissions do (`admitting.use_photos`).
    """
    statement = (
        update(Photo)
        .where(Photo.id.in_(photo_ids), Photo.owner_id == owner_id, *_alive(now))
        .values(expires_at=case((Photo.expires_at.is_not(None), now + LIFETIME)))
        .returning(Photo.id)
    )
    return set(await session.scalars(statement))


async def list_object_keys(session: AsyncSession, owner_id: UUID) -> Sequence[str]:
    """Every object that a photo of the owner has, or may have."""
    return (await session.scalars(select(Photo.object_key).where(Photo.owner_id == owner_id))).all()


async def list_expired(session: AsyncSession, *, now: datetime, limit: int) -> Sequence[Photo]:
    """Photos whose time is over, oldest first."""
    statement = select(Photo).where(Photo.expires_at <= now).order_by(Photo.expires_at).limit(limit)
    return (await session.scalars(statement)).all()


async def keep_if_used(session: AsyncSession, photo: Photo, *, now: datetime) -> bool:
    """Let an expired photo stay when a work was made of it, or is being made."""
    uses = (
        select(Generation.id)
        .where(
            Generation.owner_id == photo.owner_id,
            Generation.spec["photo_id"].astext == str(photo.id),
            Generation.state.in_(USES),
        )
        .exists()
    )
    statement = (
        update(Photo)
        .where(Photo.id == photo.id, Photo.stored_at.is_not(None), Photo.expires_at <= now, uses)
        .values(expires_at=None)
        .returning(Photo.id)
    )
    return await session.scalar(statement) is not None


async def withdraw(session: AsyncSession, photo_id: UUID, *, now: datetime) -> str | None:
    """Make a photo vanish for everybody but the keeper, before its object goes; its object's key."""
    statement = (
        update(Photo)
        .where(Photo.id == photo_id)
        .values(stored_at=None, expires_at=now)
        .returning(Photo.object_key)
    )
    return await session.scalar(statement)


async def withdraw_expired(session: AsyncSession, photo_id: UUID, *, now: datetime) -> str | None:
    """As `withdraw`, unless the photo was used again meanwhile."""
    statement = (
        update(Photo)
        .where(Photo.id == photo_id, Photo.expires_at <= now)
        .values(stored_at=None)
        .returning(Photo.object_key)
    )
    return await session.scalar(statement)


async def forget(session: AsyncSession, photo_id: UUID) -> None:
    """Delete the row of a photo whose object is gone."""
    await session.execute(delete(Photo).where(Photo.id == photo_id, Photo.stored_at.is_(None)))


async def erase(session: AsyncSession, owner_id: UUID) -> None:
    """Delete the rows of all photos of an owner, whose objects are gone."""
    await session.execute(delete(Photo).where(Photo.owner_id == owner_id))


def _alive(now: datetime) -> tuple[ColumnElement[bool], ...]:
    return Photo.stored_at.is_not(None), Photo.expires_at.is_(None) | (Photo.expires_at > now)
