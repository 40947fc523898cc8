"""The implicit label of a GIF: XMP in an application extension before the end.

Source: TC260-PG-20259A; GIF89a section 26; XMP part 3 section 1.1.2 (GIF): the packet lies bare, and 258
trailing bytes bring any reader of sub-blocks, wherever it enters, to the terminator.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from provenance.containers import xmp
from provenance.containers.carried import LONGEST_BYTES, Carried
from provenance.containers.errors import ContainerError

_EXTENSION, _IMAGE, _END = 0x21, 0x2C, 0x3B
_APPLICATION: Final = b"\x21\xff\x0bXMP DataXMP"
_TRAILER: Final = b"\x01" + bytes(range(255, -1, -1)) + b"\x00"
_MOST: Final = 1 << 20  # blocks and sub-blocks; a film of 250 MB has as many


@dataclass(frozen=True, slots=True)
class Block:
    kind: int
    start: int
    end: int


def write(content: bytes, text: str, source_type: str | None = None) -> bytes:
    """The same picture with one XMP packet, merged with the one it had. Raises: ContainerError."""
    parts = list(blocks(content))
    old = [one for one in parts if content.startswith(_APPLICATION, one.start)]
    if len(old) > 1:
        raise ContainerError("a GIF with several XMP packets")
    packet = xmp.labelled(_packet(content, old[0]) if old else None, text, source_type)
    kept = content[6 : parts[-1].start]
    if old:
        kept = content[6 : old[0].start] + content[old[0].end : parts[-1].start]
    return b"GIF89a" + kept + _APPLICATION + packet + _TRAILER + content[parts[-1].start :]


def read(content: bytes) -> list[Carried]:
    """Labels in XMP. Raises: ContainerError."""
    return [
        carried
        for one in blocks(content)
        if content.startswith(_APPLICATION, one.start)
        for carried in xmp.read(_packet(content, one))
    ]


def blocks(content: bytes) -> Iterator[Block]:
    """Extensions, images and the end, in order. Raises: ContainerError."""
    if content[:6] not in (b"GIF87a", b"GIF89a") or len(content) < 14:
        raise ContainerError("not a GIF")
    at = 13 + _colours_bytes(content[10])
    steps = 0
    while at < len(content):
        kind, start = content[at], at
        if kind == _END:
            yield Block(kind, start, start + 1)
            return
        if kind == _EXTENSION:
            at += 2
        elif kind == _IMAGE and at + 10 < len(content):
            at += 11 + _colours_bytes(content[at + 9])  # and the byte that says how LZW codes begin
        else:
            break
        while at < len(content) and content[at]:
            at += 1 + content[at]
            steps += 1
        at, steps = at + 1, steps + 1
        if steps > _MOST:
            raise ContainerError("more blocks than any GIF has")
        yield Block(kind, start, at)
    raise ContainerError("a GIF without an end")


def _colours_bytes(packed: int) -> int:
    """Of the table of colours that a header announces."""
    return 3 * 2 ** ((packed & 7) + 1) if packed & 0x80 else 0


def data_of(content: bytes, block: Block, *, behind: bytes) -> bytes:
    """What the sub-blocks of an extension hold, a little more than a megabyte at most."""
    at = block.start + len(behind)
    parts: list[bytes] = []
    while at < block.end and content[at] and len(parts) * 255 <= LONGEST_BYTES:
        parts.append(content[at + 1 : at + 1 + content[at]])
        at += 1 + content[at]
    return b"".join(parts)


def _packet(content: bytes, block: Block) -> bytes:
    """Bare with its trailer, as it should be, or in sub-blocks, as some write it."""
    start = block.start + len(_APPLICATION)
    if content.endswith(_TRAILER, start, block.end):
        return content[start : block.end - len(_TRAILER)][: LONGEST_BYTES + 1]
    return data_of(content, block, behind=_APPLICATION)
