"""Strangers' files are decoded in a process of their own, which may starve, spin or crash as it likes."""

import asyncio
import json
import os
import sys
from typing import Final

import structlog

from service.photos.bounds import LEAST_PX, MOST_PX, Decoded
from service.photos.errors import PhotoTooLargeError, PhotoTooSmallError, PhotoUnreadableError

log = structlog.get_logger()

CHILD: Final = "service.photos.decoding"
TIMEOUT_SECONDS: Final = 30.0  # the child's own limit is of processor time, and this machine may be busy
INHERITED: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "LANG")  # our secrets are none of its business
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
            answer = await _ask_child(content)
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


async def _ask_child(content: bytes) -> bytes:
    """What the child printed; nothing when it died or took too long."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        CHILD,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,  # Ctrl-C in a terminal is for us
        env={name: os.environ[name] for name in INHERITED if name in os.environ},
    )
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            answer, _ = await process.communicate(content)
    except TimeoutError:
        log.warning("photo.timed_out", size_bytes=len(content))
        return b""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        log.warning("photo.decoder_died", status=process.returncode, size_bytes=len(content))
        return b""
    return answer
