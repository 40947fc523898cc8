"""From a stranger's file to a plain picture: upright, sRGB, no metadata, of bounded size.

`python -m service.photos.decoding` is the child process that does it (see `sandbox.py`); of libraries it
imports Pillow alone. `decode_kept` reads back what it made.
"""

import io
import json
import sys
from typing import TYPE_CHECKING, Final

from PIL import Image, ImageCms, ImageFile, ImageOps, UnidentifiedImageError

from service.children.bounding import bound_process
from service.photos.bounds import LEAST_PX, LONGEST_PX, MOST_PX, Decoded

if TYPE_CHECKING:
    from generators.contracts import Pixels

FORMATS: Final = ("JPEG", "PNG", "WEBP")
QUALITY: Final = 90
MEMORY_BYTES: Final = 1 << 30  # 40 megapixels of RGBA, twice, and the libraries
PROCESSOR_SECONDS: Final = 20
ORIENTATION: Final = 0x0112  # Exif 2.3 section 4.6.4
SCALABLE: Final = ("RGB", "RGBA", "CMYK", "L", "LA")  # modes whose numbers can be averaged
WHITE: Final = (255, 255, 255)


class _RefusedError(Exception):
    """Carries the code of the problem."""


def decode(content: bytes) -> Decoded:
    """Only to be called where a crash, a loop or a gigabyte does no harm.

    Raises: _RefusedError.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            _require_bounded(picture)
            return _encode(_upright(picture))
    except MemoryError:
        raise _RefusedError("photo_too_large") from None
    except (OSError, ValueError, SyntaxError, EOFError, UnidentifiedImageError) as error:
        raise _RefusedError("photo_unreadable") from error


def decode_kept(jpeg: bytes) -> "Pixels":
    """Pixels of a photo of our own making, for a card.

    Raises: ValueError when the bytes are damaged.
    """
    import numpy as np

    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as picture:
            if max(picture.size) > LONGEST_PX:
                raise ValueError("a kept photo is never so large")
            return np.ascontiguousarray(np.asarray(picture.convert("RGB"), dtype=np.uint8))
    except (OSError, SyntaxError) as error:
        raise ValueError("the kept photo is damaged") from error


def _require_bounded(picture: ImageFile.ImageFile) -> None:
    """Judge by the header alone: a bomb is small until it is decoded."""
    width, height = picture.size
    if width * height > MOST_PX:
        raise _RefusedError("photo_too_large")
    scale = min(1.0, LONGEST_PX / max(width, height))
    if min(width, height) * scale < LEAST_PX:
        raise _RefusedError("photo_too_small")


def _upright(picture: ImageFile.ImageFile) -> Image.Image:
    """Decoded at the size that is needed, as it was held, in sRGB."""
    orientation = _orientation(picture)
    profile = picture.info.get("icc_profile")
    picture.draft("RGB", (LONGEST_PX, LONGEST_PX))  # JPEG can skip what scaling would throw away
    plain = picture if picture.mode in SCALABLE else _flattened(picture)
    # First smaller, then everything else: the profile of 40 megapixels costs seconds.
    plain.thumbnail((LONGEST_PX, LONGEST_PX), Image.Resampling.LANCZOS, reducing_gap=3.0)
    whole = _flattened(_in_srgb(plain, profile))
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    whole.info = {"exif": exif.tobytes()}
    return ImageOps.exif_transpose(whole)


def _orientation(picture: ImageFile.ImageFile) -> int:
    """1 to 8; damaged Exif data means nothing about the picture itself."""
    try:
        found = picture.getexif().get(ORIENTATION, 1)
    except (SyntaxError, ValueError, OSError, KeyError, TypeError):
        return 1
    return found if isinstance(found, int) and 1 <= found <= 8 else 1


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Colours as the profile means them; a damaged profile, or one for another kind, is as good as none."""
    if not profile or picture.mode not in ("RGB", "RGBA", "CMYK", "L"):
        return picture
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = picture.mode if picture.mode == "RGBA" else "RGB"
        converted = ImageCms.profileToProfile(
            picture, source, ImageCms.createProfile("sRGB"), outputMode=mode
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return picture
    return picture if converted is None else converted


def _flattened(picture: Image.Image) -> Image.Image:
    """RGB; what is transparent becomes white, 16 bits of grey become 8."""
    if picture.mode.startswith("I") or picture.mode == "F":
        low, high = (0, 65535) if picture.mode != "F" else (0, 1)
        scale = 255 / (high - low)
        picture = picture.convert("F").point(lambda value: value * scale).convert("L")
    if "A" in picture.getbands() or "transparency" in picture.info:
        clear = picture.convert("RGBA")
        ground = Image.new("RGBA", clear.size, (*WHITE, 255))
        ground.alpha_composite(clear)
        return ground.convert("RGB")
    return picture.convert("RGB")


def _encode(picture: Image.Image) -> Decoded:
    """A new file from pixels alone: nothing of the old one's metadata can be in it.

    Without Pillow's `optimize`, which fails where a grainy picture takes more than a byte a pixel.
    """
    clean = Image.frombytes("RGB", picture.size, picture.tobytes())
    buffer = io.BytesIO()
    clean.save(buffer, "JPEG", quality=QUALITY, subsampling=0)
    return Decoded(buffer.getvalue(), *clean.size)


def main() -> None:
    """A file on stdin; on stdout a line of JSON, and after it the JPEG unless the line names a problem."""
    bound_process(memory_bytes=MEMORY_BYTES, processor_seconds=PROCESSOR_SECONDS)
    Image.MAX_IMAGE_PIXELS = None  # ours is lower, and checked first
    try:
        decoded = decode(sys.stdin.buffer.read())
    except _RefusedError as refusal:
        sys.stdout.write(json.dumps({"problem": str(refusal)}))
        return
    head = json.dumps({"width_px": decoded.width_px, "height_px": decoded.height_px})
    sys.stdout.buffer.write(head.encode() + b"\n" + decoded.jpeg)


if __name__ == "__main__":
    main()
