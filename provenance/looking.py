"""From a file to pixels, for nothing but to be compared: bounded, upright, flattened on white."""

import io
import struct
import warnings
from typing import Final

import numpy as np
from PIL import Image, ImageOps

from provenance.fingerprints import Pixels
from provenance.kinds import PICTURES

MOST_PX: Final = 40_000_000  # decoded; judged by the header alone
LEAST_PX: Final = 32
_ENOUGH_PX: Final = 1024  # JPEG can skip what would be thrown away
_FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/gif": "GIF"}
_WHITE: Final = (255, 255, 255, 255)
# What Pillow raises over damaged files and damaged Exif data, and over bombs.
_FAULTS: Final = (
    OSError,
    SyntaxError,
    EOFError,
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    MemoryError,
    OverflowError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)


class UnseenError(ValueError):
    """No picture, too large to decode, or damaged."""


def look(content: bytes, media_type: str) -> Pixels:
    """uint8 RGB, (height, width, 3); of a moving picture the first frame.

    Raises: UnseenError.
    """
    if media_type not in PICTURES:
        raise UnseenError("no picture")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _decode(content, _FORMATS[media_type])
    except UnseenError:
        raise
    except _FAULTS as error:
        raise UnseenError("it cannot be decoded") from error


def _decode(content: bytes, picture_format: str) -> Pixels:
    with Image.open(io.BytesIO(content), formats=(picture_format,)) as picture:
        width_px, height_px = picture.size
        if width_px * height_px > MOST_PX or min(width_px, height_px) < LEAST_PX:
            raise UnseenError("too large or too small")
        picture.draft("RGB", (_ENOUGH_PX, _ENOUGH_PX))
        ImageOps.exif_transpose(picture, in_place=True)
        return np.asarray(_flattened(picture), dtype=np.uint8)


def _flattened(picture: Image.Image) -> Image.Image:
    if "A" in picture.getbands() or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        ground = Image.new("RGBA", clear.size, _WHITE)
        ground.alpha_composite(clear)
        return ground.convert("RGB")
    return picture.convert("RGB")
