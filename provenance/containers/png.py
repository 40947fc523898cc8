"""The implicit label of a PNG: XMP in an `iTXt` chunk before the pixels.

Source: TC260-PG-20259A; PNG third edition section 11.3.3 (text chunks), 5.3 (layout of chunks).
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from provenance.containers import exif, xmp
from provenance.containers.carried import LONGEST_BYTES, Carried
from provenance.containers.errors import ContainerError

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_KEYWORD: Final = b"XML:com.adobe.xmp"
_PLAIN: Final = b"\0" * 5  # not compressed, no language, no translated keyword
_TEXTS: Final = (b"tEXt", b"zTXt", b"iTXt")
_LABELS: Final = (_KEYWORD, b"AIGC")
_MOST_LABELS: Final = 64  # chunks with such a keyword, each of which may unpack to a megabyte
_MOST: Final = 1 << 17  # chunks; encoders of 8 KiB chunks stay below for a gigabyte


@dataclass(frozen=True, slots=True)
class Chunk:
    """Where a chunk lies: from `start` to `end`, its content from `body` to `check`."""

    kind: bytes
    start: int
    body: int
    check: int
    end: int


def write(content: bytes, text: str, source_type: str | None = None) -> bytes:
    """The same picture with one XMP packet, merged with the one it had. Raises: ContainerError."""
    parts = list(chunks(content))
    if not parts or parts[0].kind != b"IHDR":
        raise ContainerError("a PNG that does not begin with its header")
    old = [chunk for chunk in parts if _is_packet(content, chunk)]
    if len(old) > 1:
        raise ContainerError("a PNG with several XMP packets")
    packet = xmp.labelled(_text_of(content, old[0])[1] if old else None, text, source_type)
    after = parts[0].end
    rest = content[after:] if not old else content[after : old[0].start] + content[old[0].end :]
    return content[:after] + _chunk(b"iTXt", _KEYWORD + _PLAIN + packet) + rest


def read(content: bytes) -> list[Carried]:
    """Labels in XMP, in text chunks with the keyword AIGC, and in EXIF. Raises: ContainerError."""
    found: list[Carried] = []
    told = 0
    for chunk in chunks(content):
        if chunk.kind in _TEXTS and _keyword_of(content, chunk) in _LABELS:
            told += 1
            if told > _MOST_LABELS:
                raise ContainerError("more labels than any PNG has")
            keyword, text = _text_of(content, chunk)
            if keyword == _KEYWORD:
                found += xmp.read(text)
            else:
                place = f"png:{chunk.kind.decode()}"
                found.append(Carried(place, text.decode("utf-8", "replace")))
        elif chunk.kind == b"eXIf":
            found += exif.read(content[chunk.body : chunk.check])
    return found


def chunks(content: bytes) -> Iterator[Chunk]:
    """Every chunk up to IEND. Raises: ContainerError: cut off, too many, or no PNG."""
    if not content.startswith(_SIGNATURE):
        raise ContainerError("not a PNG")
    at = len(_SIGNATURE)
    for _ in range(_MOST):
        if at + 12 > len(content):
            raise ContainerError("a PNG without an end")
        size = int.from_bytes(content[at : at + 4], "big")
        chunk = Chunk(content[at + 4 : at + 8], at, at + 8, at + 8 + size, at + 12 + size)
        if chunk.end > len(content):
            raise ContainerError("a chunk is cut off")
        yield chunk
        if chunk.kind == b"IEND":
            return
        at = chunk.end
    raise ContainerError("more chunks than any PNG has")


def _is_packet(content: bytes, chunk: Chunk) -> bool:
    return chunk.kind == b"iTXt" and content.startswith(_KEYWORD + b"\0", chunk.body)


def _keyword_of(content: bytes, chunk: Chunk) -> bytes:
    return content[chunk.body : min(chunk.check, chunk.body + 80)].partition(b"\0")[0]


def _text_of(content: bytes, chunk: Chunk) -> tuple[bytes, bytes]:
    """Keyword and text; empty where the text is too long or broken."""
    data = content[chunk.body : min(chunk.check, chunk.body + LONGEST_BYTES)]
    keyword, _, rest = data.partition(b"\0")
    if chunk.kind == b"tEXt":
        return keyword, rest
    if chunk.kind == b"zTXt":
        return keyword, _inflated(rest[1:])
    is_compressed, rest = rest[:1] == b"\1", rest[2:]
    text = rest.partition(b"\0")[2].partition(b"\0")[2]
    return keyword, _inflated(text) if is_compressed else text


def _inflated(data: bytes) -> bytes:
    """At most a megabyte of it."""
    try:
        return zlib.decompressobj().decompress(data, LONGEST_BYTES)
    except zlib.error:
        return b""


def _chunk(kind: bytes, data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")
