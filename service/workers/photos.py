"""The photo that a spec names, fetched before the work is made."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from service.photos.errors import PhotoNotFoundError
from service.photos.reading import LoadPhoto

LoadSpecPhoto = Callable[[UUID, Mapping[str, Any]], Awaitable[bytes | None]]


class PhotoGoneError(Exception):
    """The spec names a photo that is no longer kept; the work can never be made."""


def for_specs(load_photo: LoadPhoto) -> LoadSpecPhoto:
    """A loader that looks into the spec by itself; most specs name no photo."""

    async def load(owner_id: UUID, spec: Mapping[str, Any]) -> bytes | None:
        """Raises: PhotoGoneError."""
        photo_id = spec.get("photo_id")
        if photo_id is None:
            return None
        try:
            return await load_photo(owner_id, UUID(photo_id))
        except PhotoNotFoundError as error:
            raise PhotoGoneError(str(error)) from error

    return load
