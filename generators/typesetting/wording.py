"""Clean the words before they are set: one Unicode form, plain spaces, bounded lines, real quotes."""

import unicodedata
from typing import Final

import regex

from generators.specs import Language

MOST_LINES: Final = 12  # hard line breaks that are kept; later ones become spaces

# Direction marks, joiners outside clusters, soft hyphens, fillers: no font shows them. Joiners and
# selectors inside an emoji or a joined script stay, they change which glyph is drawn.
_IGNORABLE: Final = regex.compile(
    r"[\p{Default_Ignorable_Code_Point}--[\u200c\u200d\ufe0e\ufe0f\U000e0020-\U000e007f]]", regex.V1
)
_BLANKS: Final = regex.compile(r"[^\S\n\u3000]+")
_NEWLINES: Final = regex.compile(r" *\n[ \n]*")


def clean(text: str) -> str:
    """NFC without invisible characters, single spaces, at most `MOST_LINES` lines."""
    visible = _IGNORABLE.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n")))
    lines = _NEWLINES.sub("\n", _BLANKS.sub(" ", visible)).strip().split("\n")
    head, tail = lines[: MOST_LINES - 1], lines[MOST_LINES - 1 :]
    return "\n".join([*head, " ".join(tail)]) if tail else "\n".join(head)


def curl_quotes(text: str, language: Language) -> str:
    """Typewriter quotes, dashes and dots to typographic ones; nothing else changes."""
    text = regex.sub(r"(?<=^|[\s(\[{“‘—（「《，。：])\"", "“", text)
    text = text.replace('"', "”")
    text = regex.sub(r"(?<=^|[\s(\[{“—（])'(?=\p{L})", "‘", text)
    text = text.replace("'", "’")
    text = regex.sub(r"(?<!-)--(?!-)", "—" if language is Language.EN else "——", text)
    return regex.sub(r"(?<!\.)\.\.\.(?!\.)", "…" if language is Language.EN else "……", text)
