"""Lyrics as files: plain text as it was written, Markdown, or a sheet to print. Each ends with its label."""

from generators.documents.lyrics import read_lyrics, to_markdown, to_pdf
from service.certificates.errors import CannotBeMadeError
from service.certificates.formats import ExportFormat


def write_words(text: str, wanted: ExportFormat, *, language: str, note: str) -> bytes:
    """Args: text: title, headed sections and the label, as a work keeps them. note: for the sheet's foot.

    Raises: CannotBeMadeError.
    """
    if wanted is ExportFormat.TEXT:
        return f"{text.rstrip()}\n".encode()
    try:
        sheet = read_lyrics(text, language=language)
    except ValueError as error:
        raise CannotBeMadeError("not_lyrics") from error
    return to_pdf(sheet, note=note) if wanted is ExportFormat.PDF else to_markdown(sheet).encode()
