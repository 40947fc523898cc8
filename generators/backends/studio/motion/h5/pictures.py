"""The pictures inside a page: as large as its budget allows."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import skia
from PIL import Image

from generators.backends.studio.motion.stage import canvas_on
from generators.contracts import Box, Pixels
from generators.typesetting.block import Placed, blobs

# (width in px, quality) from best to smallest; the last one is what a picture can always shrink to.
_CHOICES: Final = (
    (1080, 74),
    (1080, 62),
    (960, 58),
    (900, 50),
    (810, 46),
    (720, 42),
    (720, 30),
    (540, 28),
    (360, 20),
    (240, 14),
    (120, 8),
)


def squeeze(pixels: Pixels, most_bytes: int) -> bytes:
    """A WebP of an RGB picture in at most so many bytes, or the smallest that we make.

    Methods above 0 cost a page 60 ms more and buy a quarter of the bytes, which here are sharpness.
    """
    content = b""
    for width, quality in _CHOICES:
        if width > pixels.shape[1] and content:
            continue
        content = _webp(_scaled(pixels, min(width, pixels.shape[1])), quality)
        if len(content) <= most_bytes:
            break
    return content


def _scaled(pixels: Pixels, width: int) -> Pixels:
    if width == pixels.shape[1]:
        return pixels
    size = (width, round(pixels.shape[0] * width / pixels.shape[1]))
    return np.asarray(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def _webp(pixels: Pixels, quality: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=quality, method=2)
    return file.getvalue()


def stamp_picture(stamp: Pixels) -> bytes:
    """A WebP with transparency of a premultiplied stamp."""
    alpha = stamp[..., 3:].astype(np.float32)
    colours = np.where(alpha > 0, stamp[..., :3] * 255.0 / np.maximum(alpha, 1.0), 0.0)
    straight = np.dstack([np.clip(np.rint(colours), 0, 255), alpha]).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(straight, "RGBA").save(file, "WEBP", quality=60, alpha_quality=50, method=4)
    return file.getvalue()


@dataclass(frozen=True, slots=True)
class Layer:
    """A transparent picture and where it lies on the card."""

    content: bytes
    box: Box


def emoji_layer(glyphs: Sequence[Placed], width_px: int, height_px: int, most_bytes: int) -> Layer | None:
    """All emoji of a card: readers' devices draw them differently, and a colour font would be too heavy."""
    if not glyphs:
        return None
    page = np.zeros((height_px, width_px, 4), np.uint8)
    canvas = canvas_on(page)
    for blob in blobs(glyphs):
        canvas.drawTextBlob(blob, 0, 0, skia.Paint(AntiAlias=True))
    rows, columns = np.flatnonzero(page[..., 3].any(axis=1)), np.flatnonzero(page[..., 3].any(axis=0))
    if not rows.size:
        return None
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    part = np.ascontiguousarray(page[top:bottom, left:right])
    content = stamp_picture(part)
    while len(content) > most_bytes and min(part.shape[:2]) > 16:
        smaller = cv2.resize(part, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
        part = np.asarray(smaller, dtype=np.uint8)
        content = stamp_picture(part)
    return Layer(content, Box(left, top, right, bottom))


def data_url(media_type: str, content: bytes) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
