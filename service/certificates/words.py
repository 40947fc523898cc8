"""Lyrics as files: a text as it was written, or Markdown that reads as one. The label is their last line."""

from typing import Final

import regex

from provenance.facts import SealFacts
from service.certificates.errors import CannotBeMadeError
from service.certificates.formats import ExportFormat

_HEADING: Final = regex.compile(r"\[(.+)\]")
_SPECIAL: Final = regex.compile(r"([\\`*_{}\[\]<>#|~])")
_BREAK: Final = "\\"  # at the end of a line: the next one follows on a line of its own


def write_words(text: str, wanted: ExportFormat, facts: SealFacts) -> bytes:
    """Args: text: title, headed sections and the label, as a work keeps them. Raises: CannotBeMadeError."""
    if wanted is ExportFormat.TEXT:
        return f"{text.rstrip()}\n".encode()
    if wanted is ExportFormat.MARKDOWN:
        return _to_markdown(text).encode()
    raise CannotBeMadeError("no_such_format")


def _to_markdown(text: str) -> str:
    title, *stanzas = text.strip().split("\n\n")
    return "\n\n".join([f"# {_escape(title)}", *(_stanza(stanza) for stanza in stanzas)]) + "\n"


def _stanza(stanza: str) -> str:
    first, *lines = stanza.split("\n")
    heading = _HEADING.fullmatch(first)
    if heading is None:
        return f"{_BREAK}\n".join(_escape(line) for line in (first, *lines))
    body = f"{_BREAK}\n".join(_escape(line) for line in lines)
    return f"## {_escape(heading[1])}\n\n{body}"


def _escape(line: str) -> str:
    return _SPECIAL.sub(r"\\\1", line)
