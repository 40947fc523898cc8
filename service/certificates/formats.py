"""In which formats and sizes a certified work can be exported, and from which of its files.

A size names the shortest side in pixels. Nothing is enlarged: a size that the work does not reach is its
original, so that the same file is never kept twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from models.work import Work, WorkFile
from service.certificates.errors import UnknownExportError

ORIGINAL: Final = "original"
SIZES: Final = (ORIGINAL, "1080", "720", "480")


class ExportFormat(StrEnum):
    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"
    GIF = "gif"
    MP4 = "mp4"
    HTML = "html"
    PDF = "pdf"
    MARKDOWN = "md"
    TEXT = "txt"


MEDIA_TYPES: Final = {
    ExportFormat.PNG: "image/png",
    ExportFormat.JPEG: "image/jpeg",
    ExportFormat.WEBP: "image/webp",
    ExportFormat.GIF: "image/gif",
    ExportFormat.MP4: "video/mp4",
    ExportFormat.HTML: "text/html; charset=utf-8",
    ExportFormat.PDF: "application/pdf",
    ExportFormat.MARKDOWN: "text/markdown; charset=utf-8",
    ExportFormat.TEXT: "text/plain; charset=utf-8",
}
EXTENSIONS: Final = {one: one.value for one in ExportFormat} | {ExportFormat.JPEG: "jpg"}
_PICTURES: Final = (ExportFormat.PNG, ExportFormat.JPEG, ExportFormat.WEBP, ExportFormat.GIF)
_STILLS: Final = (ExportFormat.PNG, ExportFormat.JPEG, ExportFormat.WEBP)
WORDS: Final = (ExportFormat.TEXT, ExportFormat.PDF, ExportFormat.MARKDOWN)
_BY_TYPE: Final = {media_type.partition(";")[0]: one for one, media_type in MEDIA_TYPES.items()}
_WHOLE: Final = "preview"  # the role of a work's full file
_POSTER: Final = "poster"  # of the still picture of one that moves


@dataclass(frozen=True, slots=True)
class Choice:
    """One file that can be made. source: the stored file that it is made of."""

    format: ExportFormat
    size: str
    source: WorkFile

    @property
    def is_as_stored(self) -> bool:
        """Whether nothing but label and signature is added."""
        return self.size == ORIGINAL and format_of(self.source) is self.format


def format_of(file: WorkFile) -> ExportFormat:
    """Raises: KeyError: no format of ours."""
    return _BY_TYPE[file.media_type.partition(";")[0].strip()]


def original_of(work: Work) -> WorkFile:
    """The file that is certified: the whole work, as it was made. Raises: UnknownExportError."""
    for file in work.files:
        if file.role == _WHOLE:
            return file
    raise UnknownExportError("This work has no file to certify.", formats=())


def formats_of(work: Work) -> Sequence[ExportFormat]:
    """The work's own format first."""
    own = format_of(original_of(work))
    if own is ExportFormat.TEXT:
        return WORDS
    others = _STILLS if _poster_of(work) is not None else _PICTURES
    return (own, *(one for one in others if one is not own))


def choose(work: Work, wanted: str, size: str) -> Choice:
    """Raises: UnknownExportError: not a format or size of this work."""
    formats = formats_of(work)
    if wanted not in formats or size not in SIZES:
        raise UnknownExportError(f"This work has no {wanted} of size {size}.", formats=formats)
    export_format, source = ExportFormat(wanted), original_of(work)
    poster = _poster_of(work)
    if poster is not None and format_of(source) is not export_format:
        source = poster
    can_shrink = export_format in _PICTURES and (poster is None or source is poster)
    return Choice(export_format, _reached(source, size) if can_shrink else ORIGINAL, source)


def _reached(source: WorkFile, size: str) -> str:
    if size == ORIGINAL or source.width_px is None or source.height_px is None:
        return ORIGINAL
    return size if int(size) < min(source.width_px, source.height_px) else ORIGINAL


def _poster_of(work: Work) -> WorkFile | None:
    return next((file for file in work.files if file.role == _POSTER), None)
