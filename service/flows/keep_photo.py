"""Keep a photo that a user sent: row, object, row again, so that no object is ever without a row."""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing.errors import AccountClosedError
from core.clock import Clock
from core.database import Sessions
from core.ids import new_id
from models.photo import Photo
from moderation.photos import PhotoClassifier
from service.jobs.errors import IdempotencyKeyReusedError
from service.photos import queries
from service.photos.admitting import LIFETIME
from service.photos.bounds import Decoded
from service.photos.errors import PhotoRejectedError, PhotoUnsettledError, TooManyPhotosError
from service.photos.sandbox import PhotoSandbox
from service.storage.store import FileStore

MOST_PHOTOS: Final = 20
UNSTORED_LIFETIME: Final = timedelta(hours=1)  # of a row whose upload may have died
MEDIA_TYPE: Final = "image/jpeg"


@dataclass(frozen=True, slots=True)
class PhotoKeeper:
    """What keeping a photo takes; one per process."""

    sessions: Sessions
    store: FileStore
    clock: Clock
    sandbox: PhotoSandbox
    classifier: PhotoClassifier | None = None

    async def keep(self, owner_id: UUID, *, key: str, content: bytes) -> tuple[Photo, bool]:
        """The kept photo, and whether an earlier request with this key had kept it.

        Dying anywhere leaves at most a row that nobody sees, which the keeper clears away with its object.

        Raises: PhotoTooLargeError, PhotoTooSmallError, PhotoUnreadableError, PhotoRejectedError,
            TooManyPhotosError, IdempotencyKeyReusedError, AccountClosedError, PhotoUnsettledError.
        """
        digest = hashlib.sha256(content).digest()
        async with self.sessions() as session:
            earlier = await queries.find_by_key(session, owner_id, key)
        if earlier is not None:
            _require_same(earlier, digest, now=self.clock())
            if earlier.stored_at is not None:
                return earlier, True
        decoded = await self._decode(content)
        async with self.sessions.begin() as session:
            photo = await _insert_once(session, owner_id, key, digest, decoded, now=self.clock())
        if photo.stored_at is not None:  # a request beside this one was faster
            return photo, True
        await self.store.put(photo.object_key, decoded.jpeg, media_type=MEDIA_TYPE)
        return await self._finish(photo, owner_id), False

    async def _decode(self, content: bytes) -> Decoded:
        decoded = await self.sandbox.decode(content)
        if self.classifier is not None:
            category = await asyncio.to_thread(self.classifier.judge, decoded.jpeg)
            if category is not None:
                raise PhotoRejectedError(category)
        return decoded

    async def _finish(self, photo: Photo, owner_id: UUID) -> Photo:
        now = self.clock()
        async with self.sessions.begin() as session:
            stored = await queries.finish_storing(session, photo.id, now=now, expires_at=now + LIFETIME)
            if stored is None:  # a request beside this one has stored the same bytes, or time ran out
                stored = await queries.find_by_key(session, owner_id, photo.idempotency_key)
        if stored is None:  # the account was erased beneath us
            await self.store.delete(photo.object_key)
        if stored is None or stored.stored_at is None:
            raise PhotoUnsettledError("This took too long; please send it again.")
        return stored


async def _insert_once(
    session: AsyncSession, owner_id: UUID, key: str, digest: bytes, decoded: Decoded, *, now: datetime
) -> Photo:
    """The row, which nobody sees before its object is there; or that of an earlier request."""
    if not await queries.lock_owner(session, owner_id):
        raise AccountClosedError("This account is closed.")
    earlier = await queries.find_by_key(session, owner_id, key)
    if earlier is not None:
        _require_same(earlier, digest, now=now)
        return earlier
    if await queries.count(session, owner_id) >= MOST_PHOTOS:
        raise TooManyPhotosError(most=MOST_PHOTOS)
    photo_id = new_id()
    photo = Photo(
        id=photo_id,
        owner_id=owner_id,
        idempotency_key=key,
        request_hash=digest,
        object_key=f"photos/{owner_id}/{photo_id}.jpg",
        width_px=decoded.width_px,
        height_px=decoded.height_px,
        size_bytes=len(decoded.jpeg),
        sha256=hashlib.sha256(decoded.jpeg).digest(),
        expires_at=now + UNSTORED_LIFETIME,
    )
    session.add(photo)
    await session.flush()
    return photo


def _require_same(earlier: Photo, digest: bytes, *, now: datetime) -> None:
    if earlier.request_hash != digest:
        raise IdempotencyKeyReusedError("This Idempotency-Key was used for another photo.")
    if earlier.stored_at is None and earlier.expires_at is not None and earlier.expires_at <= now:
        raise PhotoUnsettledError("An earlier try is being cleared away; please send it again in a minute.")
