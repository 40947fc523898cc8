"""Frames into an animated WebP: for places that take pictures only. It plays once and rests."""

import io
from collections.abc import Iterable, Iterator
from typing import Final

import cv2
from PIL import Image

from generators.contracts import Pixels

MEDIA_TYPE: Final = "image/webp"
EXTENSION: Final = "webp"
_QUALITY: Final = 62
_ONCE: Final = 1


def encode_animation(frames: Iterable[Pixels], frames_per_second: int) -> bytes:
    """One animated WebP of RGBA frames; each is read before the next one is asked for."""
    pictures = _pictures(frames)
    first = next(pictures)
    file = io.BytesIO()
    first.save(
        file,
        "WEBP",
        save_all=True,
        append_images=pictures,
        duration=round(1000 / frames_per_second),
        loop=_ONCE,
        quality=_QUALITY,
        method=0,
        kmin=0,  # no key frames: looking for them encodes most frames twice
        kmax=0,
    )
    return file.getvalue()


def _pictures(frames: Iterable[Pixels]) -> Iterator[Image.Image]:
    for frame in frames:
        yield Image.fromarray(cv2.cvtColor(frame, cv2.COLOR_RGBA2RGB))
