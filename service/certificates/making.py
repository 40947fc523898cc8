"""From a stored file to the one that leaves: decode, shrink, encode, seal. Blocks; runs off the loop."""

import io
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from PIL import Image, UnidentifiedImageError

from generators import encoders
from generators.contracts import Pixels
from generators.specs import PictureFormat
from provenance.containers.errors import ContainerError
from provenance.credentials.signers import ClaimSigner
from provenance.errors import SealError
from provenance.facts import SealFacts
from provenance.fingerprints import Fingerprint, fingerprint
from provenance.sealing import SealedFile, seal
from service.certificates.errors import CannotBeMadeError
from service.certificates.formats import MEDIA_TYPES, ORIGINAL, ExportFormat

JPEG_QUALITY: Final = 95  # what people keep and print deserves more than what they look at once
WEBP_QUALITY: Final = 90
GIF_COLOURS: Final = 256
_QUALITY: Final = {ExportFormat.JPEG: JPEG_QUALITY, ExportFormat.WEBP: WEBP_QUALITY}


@dataclass(frozen=True, slots=True)
class MadeExport:
    """width_px, height_px: None for what has no size."""

    sealed: SealedFile
    media_type: str
    width_px: int | None
    height_px: int | None


def seal_file(content: bytes, media_type: str, facts: SealFacts, signer: ClaimSigner) -> SealedFile:
    """Raises: CannotBeMadeError: not a file that can be sealed. SigningUnavailableError."""
    try:
        return seal(content, media_type, facts, signer)
    except (ContainerError, SealError) as error:
        raise CannotBeMadeError("unsealable") from error


def fingerprint_of(picture: bytes) -> Fingerprint:
    """Of a still picture of ours. Raises: CannotBeMadeError."""
    return fingerprint(decode(picture))


def convert(
    content: bytes, wanted: ExportFormat, size: str, facts: SealFacts, signer: ClaimSigner
) -> MadeExport:
    """A still picture in another format or size, sealed. Raises: as `seal_file`."""
    pixels = shrink(decode(content), size)
    media_type = MEDIA_TYPES[wanted]
    sealed = seal_file(encode(pixels, wanted), media_type, facts, signer)
    return MadeExport(sealed, media_type, pixels.shape[1], pixels.shape[0])


def decode(content: bytes) -> Pixels:
    """Raises: CannotBeMadeError: not a picture."""
    try:
        with Image.open(io.BytesIO(content)) as picture:
            return np.asarray(picture.convert("RGB"), dtype=np.uint8)
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise CannotBeMadeError("unreadable") from error


def shrink(pixels: Pixels, size: str) -> Pixels:
    """The visible label shrinks with the picture: it keeps its share of the shortest side."""
    if size == ORIGINAL:
        return pixels
    height, width = pixels.shape[:2]
    share = int(size) / min(height, width)
    small = cv2.resize(pixels, (round(width * share), round(height * share)), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.uint8)


def encode(pixels: Pixels, wanted: ExportFormat) -> bytes:
    if wanted is ExportFormat.GIF:
        return _encode_gif(pixels)
    return encoders.encode(pixels, PictureFormat(wanted.value), quality=_QUALITY.get(wanted))


def _encode_gif(pixels: Pixels) -> bytes:
    file = io.BytesIO()
    picture = Image.fromarray(pixels).quantize(GIF_COLOURS, dither=Image.Dither.FLOYDSTEINBERG)
    picture.save(file, "GIF", optimize=False)
    return file.getvalue()
