"""From a stored file to the one that leaves: decode, shrink, encode, seal. Blocks."""

import io
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
from provenance.fingerprints import fingerprint
from provenance.looks import Fingerprint
from provenance.sealing import seal
from service.certificates.errors import CannotBeMadeError
from service.certificates.formats import MEDIA_TYPES, ORIGINAL, WORDS, ExportFormat
from service.certificates.orders import FileOrder, MadeFile
from service.certificates.words import write_words

JPEG_QUALITY: Final = 95  # what people keep and print deserves more than what they look at once
WEBP_QUALITY: Final = 90
GIF_COLOURS: Final = 256
_QUALITY: Final = {ExportFormat.JPEG: JPEG_QUALITY, ExportFormat.WEBP: WEBP_QUALITY}


def make_file(content: bytes, order: FileOrder, signer: ClaimSigner) -> MadeFile:
    """What was ordered, sealed. Raises: CannotBeMadeError: not a file that can be made or sealed.
    SigningUnavailableError.
    """
    if order.wanted is None:
        return _seal(content, order.media_type, order, signer, (order.width_px, order.height_px))
    media_type = MEDIA_TYPES[order.wanted]
    if order.wanted in WORDS:
        words = write_words(content.decode(), order.wanted, language=order.facts.language, note=order.note)
        return _seal(words, media_type, order, signer, (None, None))
    pixels = shrink(decode(content), order.size)
    height_px, width_px = pixels.shape[:2]
    return _seal(encode(pixels, order.wanted), media_type, order, signer, (width_px, height_px))


def _seal(
    content: bytes,
    media_type: str,
    order: FileOrder,
    signer: ClaimSigner,
    size_px: tuple[int | None, int | None],
) -> MadeFile:
    try:
        sealed = seal(content, media_type, order.facts, signer)
    except (ContainerError, SealError) as error:
        raise CannotBeMadeError("unsealable") from error
    return MadeFile(sealed.content, media_type, sealed.sha256, sealed.manifest_sha256, *size_px)


def fingerprint_of(picture: bytes) -> Fingerprint:
    """Of a still picture of ours. Raises: CannotBeMadeError."""
    return fingerprint(decode(picture))


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
