"""Lyrics as documents: a sheet of letter paper to print, or Markdown. Each ends with its label."""

import functools
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

import regex

from generators.documents.rendering import render_pdf

_TWO_COLUMNS: Final = 22  # lines that fit below each other, headings counted
_ONE_PAGE: Final = 40  # lines that fit in two columns of one page
_HEADING: Final = regex.compile(r"\[(.{1,40})\]")
_TITLE: Final = regex.compile(r"(.*?)\s*[(（](.*)[)）]")


@dataclass(frozen=True, slots=True)
class Stanza:
    heading: str | None
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LyricsSheet:
    """label: the visible one, which ends the text (GB 45438-2025 section 5.1)."""

    title: str
    subtitle: str | None
    stanzas: tuple[Stanza, ...]
    label: str
    language: str


def read_lyrics(text: str, *, language: str) -> LyricsSheet:
    """From the plain text of a finished work: title, stanzas, label.

    Raises: ValueError: the text has no title, no stanza or no label.
    """
    parts = [part.splitlines() for part in regex.split(r"\n\s*\n", text.strip())]
    if len(parts) < 3:
        raise ValueError("lyrics need a title, a stanza and a label")
    title = " ".join(parts[0])
    split = _TITLE.fullmatch(title)
    return LyricsSheet(
        title=split[1] if split and split[1] else title,
        subtitle=split[2] if split and split[1] else None,
        stanzas=tuple(_stanza(lines) for lines in parts[1:-1]),
        label=" ".join(parts[-1]),
        language=language,
    )


def to_pdf(sheet: LyricsSheet, *, note: str = "", fonts: Path | None = None) -> bytes:
    """A4, in the hand of the language. `note` stands small at the foot, such as a certificate's number."""
    height = sum(len(stanza.lines) + 1 for stanza in sheet.stanzas)
    data = {
        "title": sheet.title,
        "subtitle": sheet.subtitle,
        "stanzas": [{"heading": one.heading, "lines": list(one.lines)} for one in sheet.stanzas],
        "label": sheet.label,
        "language": sheet.language,
        "note": note,
        "height": height,
        "left": _left(sheet.stanzas) if height <= _ONE_PAGE else 0,
        "columns": 2 if height > _TWO_COLUMNS else 1,
    }
    return render_pdf(_template(), data, fonts=fonts)


def to_markdown(sheet: LyricsSheet) -> str:
    """CommonMark; lines of a stanza are kept apart by a backslash."""
    blocks = [f"# {_plain(sheet.title)}"]
    if sheet.subtitle:
        blocks.append(f"*{_plain(sheet.subtitle)}*")
    for stanza in sheet.stanzas:
        if stanza.heading:
            blocks.append(f"## {_plain(stanza.heading)}")
        blocks.append("\\\n".join(_plain(line) for line in stanza.lines))
    return "\n\n".join([*blocks, "---", _plain(sheet.label)]) + "\n"


def _left(stanzas: tuple[Stanza, ...]) -> int:
    """How many stanzas stand in the left of two columns that are to be equally long."""
    heights = [len(stanza.lines) + 2 for stanza in stanzas]
    return min(range(1, len(stanzas) + 1), key=lambda n: max(sum(heights[:n]), sum(heights[n:])))


def _stanza(lines: list[str]) -> Stanza:
    heading = _HEADING.fullmatch(lines[0].strip())
    return Stanza(heading[1], tuple(lines[1:])) if heading else Stanza(None, tuple(lines))


def _plain(text: str) -> str:
    """Words that Markdown would take for its own are words."""
    escaped = regex.sub(r"([\\`*_\[\]<>#|~!])", r"\\\1", text)
    return regex.sub(r"^(\s*)([-+]|\d+[.)])(?=\s)", r"\1\\\2", escaped)


@functools.cache
def _template() -> str:
    return (resources.files("generators.documents") / "lyrics_sheet.typ").read_text("utf-8")
