"""A certificate as a page to print and frame: the work under a mat, its record, a code to check it by."""

import functools
import io
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import segno
from PIL import Image

from generators import encoders
from generators.documents.rendering import render_pdf
from generators.specs import PictureFormat
from service.certificates.making import decode
from service.certificates.orders import PaperFacts

PICTURE_PX: Final = 1600  # the longer side as printed: 300 dpi on half a page
_ROOM_MM: Final = (104.0, 132.0)  # for the picture, without its mat
_MAT_MM: Final = 12.0
_WORDS_MM: Final = 106.0
_VERSE_LINES: Final = 14
_LANGUAGES: Final[Mapping[str, Mapping[str, Any]]] = tomllib.loads(
    Path(__file__).with_name("paper.toml").read_text("utf-8")
)


def print_certificate(facts: PaperFacts, work: bytes | None, language: str) -> bytes:
    """The PDF, in "zh" or "en". Blocks for some hundred milliseconds.

    work: the still picture of it, encoded; None prints its words.
    Raises: CannotBeMadeError: it is no picture.
    """
    words = _LANGUAGES[language]
    files = {"qr.svg": _code(facts.url)}
    picture, width_mm = None, 0.0
    if work is not None:
        picture = "work.jpg"
        files[picture], width_mm = _picture(work)
    data = {
        "language": language,
        "heading": words["heading"],
        "issuer": facts.issuer,
        "number": facts.number,
        "warning": words["warning"] if facts.is_development else None,
        "title": facts.title,
        "title_pt": _title_pt(facts.title),
        "picture": picture,
        "picture_width_mm": width_mm,
        "left_mm": (width_mm if picture else _WORDS_MM - _MAT_MM) + _MAT_MM,
        "verse": _verse(facts.text),
        "sentence": words["sentence"],
        "facts": [{"name": words[name], "value": value} for name, value in _facts(facts, words).items()],
        "check": words["check"],
        "url": facts.url.partition("://")[2],
        "disclaimer": words["disclaimer"],
    }
    return render_pdf(_template(), data, files=files)


def _facts(facts: PaperFacts, words: Mapping[str, Any]) -> dict[str, str]:
    made = words["made_by_model" if facts.is_model else "made_by_rules"]
    return {
        "number": facts.number,
        "issued": words["moment"].format(at=facts.issued_at),
        "kind": words["kinds"].get(facts.kind, facts.kind),
        "made": made.format(made_by=facts.made_by),
        "index": words["place"].format(index=facts.index, origin=facts.origin),
        "content": _grouped(facts.content_sha256),
        "owner": _grouped(facts.commitment),
    }


def _picture(content: bytes) -> tuple[bytes, float]:
    """(JPEG as it is printed, its width on paper)."""
    pixels = decode(content)
    share = min(_ROOM_MM[0] / pixels.shape[1], _ROOM_MM[1] / pixels.shape[0])
    with Image.fromarray(pixels) as picture:
        picture.thumbnail((PICTURE_PX, PICTURE_PX))
        jpeg = encoders.encode(np.asarray(picture, dtype=np.uint8), PictureFormat.JPEG, quality=92)
    return jpeg, round(pixels.shape[1] * share, 2)


def _code(url: str) -> bytes:
    file = io.BytesIO()
    segno.make_qr(url, error="m").save(file, kind="svg", border=1, dark="#22221e", light=None)
    return file.getvalue()


def _verse(text: str | None) -> list[str]:
    """The first lines of the words, without the title and headings."""
    stanzas = (text or "").strip().split("\n\n")[1:-1]
    lines = [line for stanza in stanzas for line in [*stanza.split("\n"), ""] if not line.startswith("[")]
    return lines[:_VERSE_LINES]


def _title_pt(title: str) -> float:
    """Long titles are smaller; a Han character is as wide as two letters."""
    width = sum(2 if ord(char) > 0x2E80 else 1 for char in title)
    return 24.0 if width <= 22 else 18.0 if width <= 44 else 13.0


def _grouped(digest: str) -> str:
    """A hash that can be compared by eye: groups of eight on two lines."""
    groups = [digest[at : at + 8] for at in range(0, len(digest), 8)]
    return f"{' '.join(groups[:4])}\n{' '.join(groups[4:])}"


@functools.cache
def _template() -> str:
    return Path(__file__).with_name("certificate.typ").read_text("utf-8")
