"""The implicit label of a PDF: the entry `AIGC` of its information dictionary; the source type is in its XMP.

Source: TC260-PG-20258A; ISO 32000-1 sections 14.3.2 (metadata streams), 14.3.3 (information dictionary).
qpdf parses it: give hostile documents to it only where time and memory are limited.
"""

import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import pikepdf
from pikepdf import Dictionary, Name, Pdf, Stream

from provenance.containers import xmp
from provenance.containers.carried import LONGEST_BYTES, Carried
from provenance.containers.errors import ContainerError

_KEY: Final = "/AIGC"
_LARGEST: Final = 64 << 20  # bytes of a document that is opened


def write(content: bytes, text: str, source_type: str | None = None) -> bytes:
    """The same document with the label's JSON; one that was there is replaced. Raises: ContainerError."""
    file = io.BytesIO()
    with _opened(content) as document:
        document.docinfo[_KEY] = pikepdf.String(text)
        if source_type is not None:
            packet = _packet(document)
            fresh = xmp.source_packet(source_type) if packet is None else xmp.sourced(packet, source_type)
            stream = Stream(document, fresh, Type=Name.Metadata, Subtype=Name.XML)
            document.Root.Metadata = document.make_indirect(stream)
        document.save(file, deterministic_id=True)
    return file.getvalue()


def read(content: bytes) -> list[Carried]:
    """Labels in the information dictionary and in XMP. Raises: ContainerError."""
    with _opened(content) as document:
        value = document.docinfo.get(_KEY) if "/Info" in document.trailer else None
        found = [] if value is None else [Carried("pdf:Info", _text_of(value))]
        packet = _packet(document)
        return found if packet is None else [*found, *xmp.read(packet)]


@contextmanager
def _opened(content: bytes) -> Iterator[Pdf]:
    if len(content) > _LARGEST:
        raise ContainerError("a PDF of more than 64 MiB")
    try:
        with Pdf.open(io.BytesIO(content), suppress_warnings=True) as document:
            yield document
    except (pikepdf.PdfError, pikepdf.ForeignObjectError, ValueError, TypeError, KeyError) as error:
        if isinstance(error, ContainerError):
            raise
        raise ContainerError("not a PDF that can be read") from error


def _packet(document: Pdf) -> bytes | None:
    """The XMP of the document itself, at most a megabyte of it; none in an encoding that is not its own."""
    stream = document.Root.get("/Metadata")
    if not isinstance(stream, Stream):
        return None
    raw, coding = stream.read_raw_bytes(), stream.get("/Filter")
    if coding is None:
        return raw
    if coding != Name.FlateDecode:
        return None
    try:
        return zlib.decompressobj().decompress(raw, LONGEST_BYTES + 1)
    except zlib.error:
        return None


def _text_of(value: object) -> str:
    """A string as it stands; a dictionary, as some write it, says nothing that we could read."""
    return "" if isinstance(value, Dictionary) else str(value)[:LONGEST_BYTES]
