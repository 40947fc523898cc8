"""XMP packets: our two properties put into one, and found in anybody's.

Source: ISO 16684-1 (XMP); TC260-PG-20259A for `TC260:AIGC`; IPTC Photo Metadata 2025.1 for
`Iptc4xmpExt:DigitalSourceType`. A packet is edited by the places that a parser names, so that what others
wrote into it stays as they wrote it.
"""

import html
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

import regex

from provenance.containers.carried import LONGEST_BYTES, Carried
from provenance.containers.errors import ContainerError

AIGC_NAMESPACE: Final = "http://www.tc260.org.cn/ns/AIGC/1.0/"
IPTC_NAMESPACE: Final = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
AIGC: Final = (AIGC_NAMESPACE, "AIGC")
SOURCE_TYPE: Final = (IPTC_NAMESPACE, "DigitalSourceType")
PLACE: Final = "xmp"
_RDF_END: Final = ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "RDF")
_SEPARATOR: Final = "\x1f"
_DEEPEST: Final = 64
_EMPTY: Final = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF></x:xmpmeta>'
    '<?xpacket end="w"?>'
).encode()
_OPENING: Final = f'<rdf:Description xmlns:rdf="{_RDF_END[0]}" rdf:about="">'.encode()
_CLOSING: Final = b"</rdf:Description>"
_LOOSE: Final = regex.compile(rb"<[\w-]+:AIGC[^>]{0,200}>([^<]{1,8192})</[\w-]+:AIGC>")

Name = tuple[str, str]


@dataclass(slots=True)
class _Property:
    """Where a property stands: an element, or an attribute of the tag that begins at `start`."""

    name: Name
    start: int
    end: int = 0
    is_attribute: bool = False
    text: str = ""


@dataclass(slots=True)
class _Packet:
    properties: list[_Property] = field(default_factory=list)
    rdf_end: int | None = None

    def of(self, name: Name) -> list[_Property]:
        return [one for one in self.properties if one.name == name]


def labelled(packet: bytes | None, text: str, source_type: str | None) -> bytes:
    """The packet, or a new one, with this label and source type instead of those it had.

    Raises: ContainerError: it is not XMP in UTF-8.
    """
    content = _without(_EMPTY if packet is None else packet.rstrip(b"\0"))
    source = "" if source_type is None else _source(source_type)
    return _with(content, f'<TC260:AIGC xmlns:TC260="{AIGC_NAMESPACE}">{_escaped(text)}</TC260:AIGC>{source}')


def sourced(packet: bytes, source_type: str) -> bytes:
    """The packet with this source type and no label. Raises: ContainerError."""
    return _with(_without(packet.rstrip(b"\0")), _source(source_type))


def source_packet(source_type: str) -> bytes:
    """A packet for containers that keep the label elsewhere: a file has exactly one."""
    return _with(_EMPTY, _source(source_type))


def read(packet: bytes) -> list[Carried]:
    """The labels in a packet: as elements or attributes, under any prefix; broken XML is searched instead."""
    try:
        found = [one.text for one in _parse(packet.rstrip(b"\0")).of(AIGC)]
    except ContainerError:
        found = [
            html.unescape(m[1].decode("utf-8", "replace")) for m in _LOOSE.finditer(packet[:LONGEST_BYTES])
        ]
    return [Carried(PLACE, text.strip()) for text in found]


def read_source_types(packet: bytes) -> list[str]:
    """What a packet says of the digital source. Raises: ContainerError: it is not XMP."""
    return [one.text.strip() for one in _parse(packet.rstrip(b"\0")).of(SOURCE_TYPE)]


def _with(content: bytes, properties: str) -> bytes:
    end = _parse(content).rdf_end
    if end is None:
        raise ContainerError("an XMP packet without RDF")
    return content[:end] + _OPENING + properties.encode() + _CLOSING + content[end:]


def _source(uri: str) -> str:
    name = "Iptc4xmpExt:DigitalSourceType"
    return f'<{name} xmlns:Iptc4xmpExt="{IPTC_NAMESPACE}">{_escaped(uri)}</{name}>'


def _escaped(text: str) -> str:
    return html.escape(text, quote=False)


def _without(content: bytes) -> bytes:
    """The packet without what it said of our two properties; from the back, so that places stay true."""
    parsed = _parse(content)
    ours = [one for one in parsed.properties if one.name in (AIGC, SOURCE_TYPE)]
    for one in sorted(ours, key=lambda one: one.start, reverse=True):
        content = (
            _cut_attribute(content, one) if one.is_attribute else content[: one.start] + content[one.end :]
        )
    return content.replace(_OPENING + _CLOSING, b"")  # ours, which are empty now


def _cut_attribute(content: bytes, one: _Property) -> bytes:
    local = regex.escape(one.name[1].encode())
    pattern = rb"\s[\w.-]+:" + local + rb"\s*=\s*(\"[^\"]*\"|'[^']*')"
    found = regex.compile(pattern).search(content, one.start)
    if found is None:
        raise ContainerError("an XMP attribute that was not found again")
    return content[: found.start()] + content[found.end() :]


def _parse(content: bytes) -> _Packet:
    """Raises: ContainerError: not XML, too large or deep, or it declares entities."""
    if len(content) > LONGEST_BYTES:
        raise ContainerError("an XMP packet of more than a megabyte")
    parser = expat.ParserCreate("utf-8", _SEPARATOR)
    handler = _Handler(parser, content)
    try:
        parser.Parse(content, True)  # noqa: FBT003 - positional in C
    except (expat.ExpatError, UnicodeDecodeError) as error:
        raise ContainerError("an XMP packet that is no XML") from error
    return handler.packet


class _Handler:
    """Notes where properties stand while the parser walks."""

    def __init__(self, parser: expat.XMLParserType, content: bytes) -> None:
        self.packet = _Packet()
        self._parser, self._content = parser, content
        self._open: list[_Property] = []
        self._deep = 0
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._refuse

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._deep += 1
        if self._deep > _DEEPEST:
            raise ContainerError("an XMP packet deeper than any")
        at = self._parser.CurrentByteIndex
        for key, value in attributes.items():
            if _name(key) in (AIGC, SOURCE_TYPE):
                self.packet.properties.append(_Property(_name(key), at, is_attribute=True, text=value))
        if _name(tag) in (AIGC, SOURCE_TYPE):
            self._open.append(_Property(_name(tag), at))

    def _end(self, tag: str) -> None:
        self._deep -= 1
        at = self._parser.CurrentByteIndex
        if _name(tag) == _RDF_END and self.packet.rdf_end is None and self._content[at : at + 2] == b"</":
            self.packet.rdf_end = at
        if self._open and self._open[-1].name == _name(tag):
            done = self._open.pop()
            done.end = self._content.index(b">", at) + 1
            self.packet.properties.append(done)

    def _text(self, text: str) -> None:
        for one in self._open:
            one.text += text

    def _refuse(self, *_: object) -> None:
        raise ContainerError("an XMP packet that declares entities")


def _name(qualified: str) -> Name:
    namespace, _, local = qualified.rpartition(_SEPARATOR)
    return namespace, local
