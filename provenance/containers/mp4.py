"""The implicit label of an MP4: `moov.udta.meta` with the key AIGC; the source type is in XMP at the end.

Source: TC260-PG-20257A; QuickTime File Format, "Metadata": `keys` names the entries, `ilst` has their values;
XMP part 3 section 1.2.7.1 (the box of XMP in ISO files).
"""

from collections.abc import Iterator
from typing import Final

from provenance.containers import xmp
from provenance.containers.boxes import IsoBox, box, find, walk
from provenance.containers.carried import LONGEST_BYTES, Carried
from provenance.containers.errors import ContainerError

_KEY: Final = b"AIGC"
_FULL: Final = bytes(4)  # version 0, no flags
_UTF8: Final = (1).to_bytes(4, "big")
_HANDLER: Final = box(b"hdlr", _FULL + bytes(4) + b"mdta" + bytes(12) + b"\0")
_OFFSETS: Final = {b"stco": 4, b"co64": 8}  # bytes of one chunk's place in the file
_XMP: Final = bytes.fromhex("be7acfcb97a942e89c71999491e3afac")
_TO_TABLES: Final = (b"trak", b"mdia", b"minf", b"stbl")


def write(content: bytes, text: str, source_type: str | None = None) -> bytes:
    """The same film with the label's JSON; one that was there is replaced. Raises: ContainerError."""
    content = _without_packet(content)
    moov = _require_moov(content)
    children = walk(content, moov.body, moov.end)
    kept = b"".join(content[one.start : one.end] for one in children if one.kind != b"udta")
    old = find(content, b"udta", moov.body, moov.end)
    others = b"" if old is None else _without_label(content, old)
    value = box(b"data", _UTF8 + bytes(4) + text.encode())
    keys = box(b"keys", _FULL + (1).to_bytes(4, "big") + box(b"mdta", _KEY))
    meta = box(b"meta", _FULL + _HANDLER + keys + box(b"ilst", box((1).to_bytes(4, "big"), value)))
    fresh = bytearray(box(b"moov", kept + box(b"udta", others + meta)))
    _move_chunks(fresh, behind=moov.end, by=len(fresh) - (moov.end - moov.start))
    labelled = content[: moov.start] + bytes(fresh) + content[moov.end :]
    return labelled if source_type is None else labelled + box(b"uuid", _XMP + xmp.source_packet(source_type))


def read(content: bytes) -> list[Carried]:
    """Labels under the key in `moov.udta.meta` and `moov.meta`, and in XMP. Raises: ContainerError."""
    found: list[Carried] = []
    moov = _require_moov(content)
    for above in (moov, find(content, b"udta", moov.body, moov.end)):
        metas = [one for one in walk(content, above.body, above.end) if one.kind == b"meta"] if above else []
        texts = (_value(content, one) for one in metas)
        found += [Carried("mp4:keys", text) for text in texts if text is not None]
    for one in _packets(content):
        found += xmp.read(content[one.body + len(_XMP) : one.end][: LONGEST_BYTES + 1])
    return found


def _packets(content: bytes) -> list[IsoBox]:
    return [one for one in walk(content) if one.kind == b"uuid" and content.startswith(_XMP, one.body)]


def _without_packet(content: bytes) -> bytes:
    """The film without the XMP that we wrote. Raises: ContainerError: one stands where nothing may move."""
    if content[4:8] != b"ftyp":
        raise ContainerError("not an MP4")
    packets = _packets(content)
    if not packets:
        return content
    if len(packets) > 1 or packets[0].end != len(content):
        raise ContainerError("an MP4 with XMP of others")
    return content[: packets[0].start]


def _require_moov(content: bytes) -> IsoBox:
    if content[4:8] != b"ftyp":
        raise ContainerError("not an MP4")
    moov = find(content, b"moov")
    if moov is None:
        raise ContainerError("an MP4 without an index")
    return moov


def _without_label(content: bytes, udta: IsoBox) -> bytes:
    children = walk(content, udta.body, udta.end)
    return b"".join(
        content[child.start : child.end]
        for child in children
        if child.kind != b"meta" or _value(content, child) is None
    )


def _value(content: bytes, meta: IsoBox) -> str | None:
    """What a meta box says under our key."""
    start = meta.body + len(_FULL)
    keys, values = find(content, b"keys", start, meta.end), find(content, b"ilst", start, meta.end)
    if keys is None or values is None:
        return None
    named = list(walk(content, keys.body + 8, keys.end))
    for number, key in enumerate(named, start=1):
        if content[key.body : key.end] == _KEY:
            entry = find(content, number.to_bytes(4, "big"), values.body, values.end)
            data = find(content, b"data", entry.body, entry.end) if entry else None
            return content[data.body + 8 : data.end].decode("utf-8", "replace") if data else None
    return None


def _move_chunks(moov: bytearray, *, behind: int, by: int) -> None:
    """Correct the places of samples that lie behind the index, which has grown, in place."""
    for kind, table in _tables(bytes(moov)):
        size = _OFFSETS[kind]
        count = int.from_bytes(moov[table.body + 4 : table.body + 8], "big")
        if table.body + 8 + count * size > table.end:
            raise ContainerError("a table of chunks is cut off")
        for number in range(count):
            at = table.body + 8 + number * size
            place = int.from_bytes(moov[at : at + size], "big")
            if place >= behind:
                moov[at : at + size] = (place + by).to_bytes(size, "big")


def _tables(moov: bytes) -> Iterator[tuple[bytes, IsoBox]]:
    levels = [IsoBox(b"moov", 0, 8, len(moov))]
    for kind in _TO_TABLES:
        levels = [child for one in levels for child in walk(moov, one.body, one.end) if child.kind == kind]
    for stbl in levels:
        for table in walk(moov, stbl.body, stbl.end):
            if table.kind in _OFFSETS:
                yield table.kind, table
