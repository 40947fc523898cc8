"""Where a file keeps its C2PA manifest store, and the store's bytes as they stand there.

Source: C2PA 2.2 section 11.3 and annex A (embedding by format). Only the place is read here, never the JUMBF.
"""

import io
from collections.abc import Callable, Iterator, Mapping
from typing import Final

import pikepdf
from pikepdf import Dictionary, Pdf, Stream

from provenance.containers import gif, jpeg, png, webp
from provenance.containers.boxes import walk
from provenance.containers.errors import ContainerError, ScatteredManifestError

_STORE: Final = b"jumdc2pa"  # how a store describes itself
_APP11: Final = 0xEB
_BOX_UUID: Final = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
_GIF: Final = b"\x21\xff\x0bC2PA_GIF\x01\x00\x00"
_PDF_ROLE: Final = "/C2PA_Manifest"


def find_manifest(content: bytes, media_type: str) -> bytes | None:
    """The store; None where there is none, or the type keeps none. Raises: ContainerError."""
    finder = _BY_TYPE.get(media_type.partition(";")[0].strip())
    return None if finder is None else finder(content)


def _in_jpeg(content: bytes) -> bytes | None:
    """In APP11 segments: a common identifier, a number and a sequence before each part of one JUMBF box.

    Raises: ScatteredManifestError.
    """
    parts = [
        one for one in jpeg.segments(content) if one.marker == _APP11 and content.startswith(b"JP", one.body)
    ]
    first = next((one for one in parts if content.startswith(_STORE, one.body + 20)), None)
    if first is None:
        return None
    name, end = content[first.body : first.body + 4], first.start
    ours = [one for one in parts if content.startswith(name, one.body)]
    for number, one in enumerate(ours, start=1):
        sequence = int.from_bytes(content[one.body + 4 : one.body + 8], "big")
        if sequence != number or one.start != end:
            raise ScatteredManifestError("the parts of the manifest do not follow each other")
        end = one.end
    rest = (content[one.body + 16 : one.end] for one in ours[1:])
    return content[first.body + 8 : first.end] + b"".join(rest)


def _in_png(content: bytes) -> bytes | None:
    return _first(content[one.body : one.check] for one in png.chunks(content) if one.kind == b"caBX")


def _in_webp(content: bytes) -> bytes | None:
    return _first(data for kind, data in webp.chunks(content) if kind == b"C2PA")


def _in_gif(content: bytes) -> bytes | None:
    return _first(
        gif.data_of(content, one, behind=_GIF)
        for one in gif.blocks(content)
        if content.startswith(_GIF, one.start)
    )


def _in_mp4(content: bytes) -> bytes | None:
    """In a `uuid` box: version and flags, a purpose that ends with a zero, the place of Merkle trees."""
    for one in walk(content):
        if one.kind != b"uuid" or not content.startswith(_BOX_UUID, one.body):
            continue
        body = content[one.body + 20 : one.end]
        purpose, _, rest = body.partition(b"\0")
        if purpose == b"manifest":
            return rest[8:]
    return None


def _in_pdf(content: bytes) -> bytes | None:
    try:
        with Pdf.open(io.BytesIO(content), suppress_warnings=True) as document:
            files = document.Root.get("/AF")
            for file in files if isinstance(files, pikepdf.Array) else ():
                if isinstance(file, Dictionary) and file.get("/AFRelationship") == _PDF_ROLE:
                    stream = file.EF.F
                    return stream.read_raw_bytes() if isinstance(stream, Stream) else None
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ContainerError("not a PDF that can be read") from error
    return None


def _first(found: Iterator[bytes]) -> bytes | None:
    return next(found, None)


_BY_TYPE: Final[Mapping[str, Callable[[bytes], bytes | None]]] = {
    "image/jpeg": _in_jpeg,
    "image/png": _in_png,
    "image/webp": _in_webp,
    "image/gif": _in_gif,
    "video/mp4": _in_mp4,
    "application/pdf": _in_pdf,
}
