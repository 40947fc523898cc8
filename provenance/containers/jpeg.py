"""The implicit label of a JPEG: XMP in an APP1 segment behind JFIF and EXIF.

Source: TC260-PG-20259A; ITU-T T.81 annex B (segments); XMP part 3 section 1.1.3 (JPEG).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from provenance.containers import exif, xmp
from provenance.containers.carried import Carried
from provenance.containers.errors import ContainerError

_SIGNATURE: Final = b"\xff\xd8"
_APP0, _APP1, _APP15 = 0xE0, 0xE1, 0xEF
_SCAN, _END = 0xDA, 0xD9
_ALONE: Final = frozenset({0x01, *range(0xD0, 0xD8)})  # markers without a length
_XMP: Final = b"http://ns.adobe.com/xap/1.0/\0"
_EXIF: Final = b"Exif\0\0"
_LARGEST: Final = 65_502  # bytes of a packet in one segment
_MOST: Final = 4096  # segments before the pixels


@dataclass(frozen=True, slots=True)
class Segment:
    """From `start` to `end` with its marker and length; its content from `body`."""

    marker: int
    start: int
    body: int
    end: int


def write(content: bytes, text: str, source_type: str | None = None) -> bytes:
    """The same picture with one XMP packet, merged with the one it had. Raises: ContainerError."""
    parts = list(segments(content))
    old = [one for one in parts if _is_packet(content, one)]
    if len(old) > 1:
        raise ContainerError("a JPEG with several XMP packets")
    packet = content[old[0].body + len(_XMP) : old[0].end] if old else None
    fresh = xmp.labelled(packet, text, source_type)
    if len(fresh) > _LARGEST:
        raise ContainerError("an XMP packet that does not fit into a segment")
    segment = b"\xff\xe1" + (2 + len(_XMP) + len(fresh)).to_bytes(2, "big") + _XMP + fresh
    if old:
        return content[: old[0].start] + segment + content[old[0].end :]
    at = _place(content, parts)
    return content[:at] + segment + content[at:]


def read(content: bytes) -> list[Carried]:
    """Labels in XMP, in EXIF, and bare ones in any application segment. Raises: ContainerError."""
    found: list[Carried] = []
    for one in segments(content):
        data = content[one.body : one.end]
        if _is_packet(content, one):
            found += xmp.read(data[len(_XMP) :])
        elif one.marker == _APP1 and data.startswith(_EXIF):
            found += exif.read(data)
        elif _APP0 <= one.marker <= _APP15 and data.startswith(b"AIGC"):
            found.append(Carried("jpeg:APP", data.decode("utf-8", "replace").strip("\0")))
    return found


def segments(content: bytes) -> Iterator[Segment]:
    """Every segment before the first scan. Raises: ContainerError: cut off, too many, or no JPEG."""
    if not content.startswith(_SIGNATURE):
        raise ContainerError("not a JPEG")
    at = len(_SIGNATURE)
    for _ in range(_MOST):
        while content[at : at + 2] == b"\xff\xff":  # fill bytes
            at += 1
        if at + 4 > len(content) or content[at] != 0xFF:
            raise ContainerError("a JPEG that is cut off before its pixels")
        marker = content[at + 1]
        if marker in _ALONE:
            at += 2
            continue
        if marker in (_SCAN, _END):
            return
        end = at + 2 + int.from_bytes(content[at + 2 : at + 4], "big")
        if end < at + 4 or end > len(content):
            raise ContainerError("a segment is cut off")
        yield Segment(marker, at, at + 4, end)
        at = end
    raise ContainerError("more segments than any JPEG has")


def _is_packet(content: bytes, one: Segment) -> bool:
    return one.marker == _APP1 and content.startswith(_XMP, one.body)


def _place(content: bytes, segments: list[Segment]) -> int:
    """Behind JFIF and EXIF, which readers expect first."""
    at = len(_SIGNATURE)
    for one in segments:
        is_first = one.marker == _APP0 or (one.marker == _APP1 and content.startswith(_EXIF, one.body))
        if not is_first:
            break
        at = one.end
    return at
