"""The implicit label of a WebP: an XMP chunk with `TC260:AIGC`.

Source: TC260-PG-20259A; WebP Container Specification: RIFF chunks, the XMP bit of VP8X, and where the two
simple formats keep their sizes.
"""

from collections.abc import Iterator
from typing import Final

from provenance.containers import exif, xmp
from provenance.containers.carried import Carried
from provenance.containers.errors import ContainerError

_XMP: Final = b"XMP "
_XMP_BIT: Final = 0x04
_ALPHA_BIT: Final = 0x10
_MOST: Final = 1 << 16  # chunks; an animation has one a frame

Chunk = tuple[bytes, bytes]


def write(content: bytes, text: str, source_type: str | None = None) -> bytes:
    """The same picture, extended where it was simple, with one XMP packet, merged with the one it had.

    Raises: ContainerError.
    """
    parts = list(chunks(content))
    header, others = _header(parts)
    packets = [data for kind, data in others if kind == _XMP]
    if len(packets) > 1:
        raise ContainerError("a WebP with several XMP packets")
    packet = xmp.labelled(packets[0] if packets else None, text, source_type)
    kept = [chunk for chunk in others if chunk[0] != _XMP]
    return _riff([(b"VP8X", header), *kept, (_XMP, packet)])


def read(content: bytes) -> list[Carried]:
    """Labels in XMP and in EXIF. Raises: ContainerError."""
    found: list[Carried] = []
    for kind, data in chunks(content):
        if kind == _XMP:
            found += xmp.read(data)
        elif kind == b"EXIF":
            found += exif.read(data)
    return found


def _header(chunks: list[Chunk]) -> tuple[bytes, list[Chunk]]:
    """The extended header that says that there is XMP, and the chunks behind it."""
    if not chunks:
        raise ContainerError("a WebP without a picture")
    kind, data = chunks[0]
    if kind == b"VP8X" and len(data) == 10:
        return bytes([data[0] | _XMP_BIT]) + data[1:], chunks[1:]
    if kind == b"VP8 " and data[3:6] == b"\x9d\x01\x2a":
        width, height = (int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (6, 8))
        return _extended(width, height, has_alpha=False), chunks
    if kind == b"VP8L" and data[:1] == b"\x2f" and len(data) > 5:
        packed = int.from_bytes(data[1:5], "little")
        width, height = (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
        return _extended(width, height, has_alpha=bool(packed >> 28 & 1)), chunks
    raise ContainerError("a WebP that begins with neither a header nor a picture")


def _extended(width: int, height: int, *, has_alpha: bool) -> bytes:
    if not width or not height:
        raise ContainerError("a WebP without size")
    bits = _XMP_BIT | (_ALPHA_BIT if has_alpha else 0)
    return bytes([bits, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")


def chunks(content: bytes) -> Iterator[Chunk]:
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        raise ContainerError("not a WebP")
    at, end = 12, 8 + int.from_bytes(content[4:8], "little")
    if end > len(content):
        raise ContainerError("a WebP that is cut off")
    for _ in range(_MOST):
        if at + 8 > end:
            return
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        if at + 8 + size > len(content):
            raise ContainerError("a chunk is cut off")
        yield content[at : at + 4], content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    raise ContainerError("more chunks than any WebP has")


def _riff(chunks: list[Chunk]) -> bytes:
    parts = [b"WEBP"]
    for kind, data in chunks:
        parts += [kind, len(data).to_bytes(4, "little"), data, b"\0" * (len(data) % 2)]
    size = sum(map(len, parts))
    return b"".join([b"RIFF", size.to_bytes(4, "little"), *parts])
