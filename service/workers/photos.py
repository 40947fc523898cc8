"""The photo that a spec names, for whoever makes the work."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

LoadPhoto = Callable[[UUID, Mapping[str, Any]], Awaitable[bytes | None]]


class PhotoGoneError(Exception):
    """The spec names a photo that is no longer kept; the work can never be made."""


async def no_photo(owner_id: UUID, spec: Mapping[str, Any]) -> bytes | None:
    """For specs that name none."""
    return None
