"""Pixels to files, each format with the encoder that measured fastest at its quality; no metadata yet.

PNG by fpng is several times as fast as zlib at its lowest level, for files about half as large again as at
its usual one. simplejpeg and Pillow's WebP release the GIL, fpng holds it. `benchmarks/gallery.py` measures.
"""

import io
from collections.abc import Callable, Mapping
from typing import Final

import cv2
import fpng
import numpy as np
import simplejpeg
from PIL import Image

from generators.contracts import Pixels
from generators.specs import PictureFormat

JPEG_QUALITY: Final = 90
WEBP_QUALITY: Final = 82
THUMBNAIL_QUALITY: Final = 78

_MEDIA_TYPES: Final[Mapping[PictureFormat, str]] = {
    PictureFormat.PNG: "image/png",
    PictureFormat.JPEG: "image/jpeg",
    PictureFormat.WEBP: "image/webp",
}
_EXTENSIONS: Final[Mapping[PictureFormat, str]] = {
    PictureFormat.PNG: ".png",
    PictureFormat.JPEG: ".jpg",
    PictureFormat.WEBP: ".webp",
}


def media_type(picture_format: PictureFormat) -> str:
    return _MEDIA_TYPES[picture_format]


def extension(picture_format: PictureFormat) -> str:
    """With its dot."""
    return _EXTENSIONS[picture_format]


def encode(pixels: Pixels, picture_format: PictureFormat, *, quality: int | None = None) -> bytes:
    """One file of the whole picture.

    Args:
        pixels: uint8 RGB, (height_px, width_px, 3); copied when not contiguous.
        quality: 1..100 for JPEG and WebP; None takes the format's own. PNG is lossless and has none.
    Raises: ValueError when the pixels are not an RGB picture or the quality is out of range.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.size == 0:
        raise ValueError("pixels must be uint8 RGB of (height, width, 3)")
    if quality is not None and not 1 <= quality <= 100:
        raise ValueError("quality must be 1 to 100")
    return _ENCODERS[picture_format](np.ascontiguousarray(pixels), quality)


def thumbnail(pixels: Pixels, *, longest_px: int) -> bytes:
    """A WebP of the picture no longer than `longest_px` on either side; never enlarged."""
    height, width = pixels.shape[:2]
    share = min(1.0, longest_px / max(height, width))
    size = max(1, round(width * share)), max(1, round(height * share))
    small = pixels if share == 1.0 else cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return encode(np.asarray(small, dtype=np.uint8), PictureFormat.WEBP, quality=THUMBNAIL_QUALITY)


def _encode_png(pixels: Pixels, quality: int | None) -> bytes:
    return bytes(fpng.from_ndarray(pixels))


def _encode_jpeg(pixels: Pixels, quality: int | None) -> bytes:
    """4:2:0: half the time and a sixth fewer bytes than 4:4:4; side by side, seals at 300 % look the same."""
    return bytes(
        simplejpeg.encode_jpeg(
            pixels, quality=quality or JPEG_QUALITY, colorspace="RGB", colorsubsampling="420"
        )
    )


def _encode_webp(pixels: Pixels, quality: int | None) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "WEBP", quality=quality or WEBP_QUALITY, method=0)
    return file.getvalue()


_ENCODERS: Final[Mapping[PictureFormat, Callable[[Pixels, int | None], bytes]]] = {
    PictureFormat.PNG: _encode_png,
    PictureFormat.JPEG: _encode_jpeg,
    PictureFormat.WEBP: _encode_webp,
}
