"""The implicit label of a WebP: an XMP chunk with `TC260:AIGC`.

Source: TC260-PG-20259A; WebP Container Specification: RIFF chunks, the XMP bit of VP8X.
"""

import html
from collections.abc import Iterator
from typing import Final

import regex

from provenance.containers.errors import ContainerError

NAMESPACE: Final = "http://www.tc260.org.cn/ns/AIGC/1.0/"
_XMP: Final = b"XMP "
_XMP_BIT: Final = 0x04
_END: Final = "</rdf:RDF>"
_PACKET: Final = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF></x:xmpmeta>'
    '<?xpacket end="w"?>'
)
_LABEL: Final = regex.compile(
    r"<rdf:Description[^>]*xmlns:TC260=[^>]*>\s*<TC260:AIGC>([^<]*)</TC260:AIGC>\s*</rdf:Description>"
)

Chunk = tuple[bytes, bytes]


def write(content: bytes, text: str) -> bytes:
    """The same picture with the label's JSON in its XMP packet; what else the packet says stays.

    Raises: ContainerError: not a WebP with the extended header, which every animated one has.
    """
    chunks = list(_chunks(content))
    if not chunks or chunks[0][0] != b"VP8X":
        raise ContainerError("a WebP without an extended header")
    header = bytearray(chunks[0][1])
    header[0] |= _XMP_BIT
    packet = next((data.decode("utf-8", "replace") for kind, data in chunks if kind == _XMP), _PACKET)
    others = [chunk for chunk in chunks[1:] if chunk[0] != _XMP]
    return _riff([(b"VP8X", bytes(header)), *others, (_XMP, _with_label(packet, text).encode())])


def read(content: bytes) -> str | None:
    """The label's JSON; None without one. Raises: ContainerError."""
    for kind, data in _chunks(content):
        if kind == _XMP:
            found = _LABEL.search(data.decode("utf-8", "replace"))
            return html.unescape(found[1]) if found else None
    return None


def _with_label(packet: str, text: str) -> str:
    bare = _LABEL.sub("", packet)
    if _END not in bare:
        raise ContainerError("an XMP packet that we cannot add to")
    label = f"<TC260:AIGC>{html.escape(text, quote=False)}</TC260:AIGC>"
    description = f'<rdf:Description rdf:about="" xmlns:TC260="{NAMESPACE}">{label}</rdf:Description>'
    return bare.replace(_END, description + _END, 1)


def _chunks(content: bytes) -> Iterator[Chunk]:
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        raise ContainerError("not a WebP")
    at, end = 12, min(len(content), 8 + int.from_bytes(content[4:8], "little"))
    while at + 8 <= end:
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        if at + 8 + size > len(content):
            raise ContainerError("a chunk is cut off")
        yield content[at : at + 4], content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _riff(chunks: list[Chunk]) -> bytes:
    body = b"WEBP"
    for kind, data in chunks:
        body += kind + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) % 2)
    return b"RIFF" + len(body).to_bytes(4, "little") + body
