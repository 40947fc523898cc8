"""How a photo reaches the maker of a card: the worker loads its bytes, the renderer decodes them."""

from collections.abc import Awaitable, Callable
from uuid import UUID

from core.clock import Clock
from core.database import Sessions
from service.photos import queries
from service.photos.errors import PhotoNotFoundError
from service.storage.store import FileStore

LoadPhoto = Callable[[UUID, UUID], Awaitable[bytes]]


def make_loader(sessions: Sessions, store: FileStore, clock: Clock) -> LoadPhoto:
    """`load_photo(owner_id, photo_id)`, as the generation worker calls it."""

    async def load_photo(owner_id: UUID, photo_id: UUID) -> bytes:
        """The JPEG of an owner's photo. Raises: PhotoNotFoundError."""
        async with sessions() as session:
            photo = await queries.get_photo(session, photo_id, owner_id=owner_id, now=clock())
        try:
            return await store.read_whole(photo.object_key)
        except FileNotFoundError as error:
            raise PhotoNotFoundError("This photo is gone.") from error

    return load_photo
