"""Strangers' photos are decoded in a process of their own."""

import asyncio
import json
from typing import Final

from service.children.asking import ask_child
from service.photos.bounds import LEAST_PX, MOST_PX, Decoded
from service.photos.errors import PhotoTooLargeError, PhotoTooSmallError, PhotoUnreadableError

CHILD: Final = "service.photos.decoding"
MOST_AT_ONCE: Final = 2  # a gigabyte each, in the worst case


class PhotoSandbox:
    """One per process; `decode` from any task."""

    def __init__(self) -> None:
        self._turns = asyncio.Semaphore(MOST_AT_ONCE)

    async def decode(self, content: bytes) -> Decoded:
        """A picture from an uploaded file, whose size is bounded already.

        Raises: PhotoTooLargeError, PhotoTooSmallError, PhotoUnreadableError.
        """
        async with self._turns:
            answer = await ask_child(CHILD, content)
        head, _, jpeg = answer.partition(b"\n")
        found = json.loads(head) if head else {}
        if "width_px" in found:
            return Decoded(jpeg, found["width_px"], found["height_px"])
        match found.get("problem"):
            case "photo_too_large":
                raise PhotoTooLargeError(most_px=MOST_PX)
            case "photo_too_small":
                raise PhotoTooSmallError(least_px=LEAST_PX)
        raise PhotoUnreadableError("Send a whole JPEG, PNG or WebP file.")
