"""Writes `tables/*.tsv` from OpenCC, the confusables list and pypinyin: `python -m moderation.build_tables`.

The tables are committed because reading them takes milliseconds and loading those libraries does not;
nothing at run time imports this module.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import opencc
from confusable_homoglyphs import confusables
from pypinyin import Style, lazy_pinyin

TABLES: Final = Path(__file__).parent / "tables"
LAST_CODE_POINT: Final = 0x2FFFF  # compatibility ideographs end before it
ASCII_KEPT: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789@$!|+*")

# Look-alikes that the confusables list files under another letter or leaves out.
_EXTRA_LETTERS: Final = {
    "ε": "e", "έ": "e", "є": "e", "з": "3", "н": "h", "в": "b", "к": "k", "м": "m", "т": "t",
    "η": "n", "κ": "k", "τ": "t", "χ": "x", "β": "b", "ω": "w", "и": "n", "п": "n", "я": "r",
    "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ł": "l", "ı": "i", "ɡ": "g", "æ": "ae", "œ": "oe",
    "¢": "c", "€": "e", "£": "l",
}  # fmt: skip
# Variants of one character that no simplification table joins.
_EXTRA_READINGS: Final = {"肏": "cao", "屄": "bi"}  # outside GB 2312
_EXTRA_HAN: Final = {"妳": "你", "祂": "他", "牠": "它", "婬": "淫", "姦": "奸", "氷": "冰"}


def _is_han(char: str) -> bool:
    return "㐀" <= char <= "䶿" or "一" <= char <= "鿿"


def _is_letter(char: str) -> bool:
    return unicodedata.category(char).startswith("L")


def _lookalikes() -> dict[str, str]:
    """Non-ASCII letter -> ASCII letter, and CJK radical -> ideograph, as the confusables list has them."""
    found: dict[str, str] = {}
    for key, entries in confusables.confusables_data.items():
        for other in (entry["c"] for entry in entries):
            if len(key) == 1 and key.isascii() and key.isalpha() and len(other) == 1:
                if not other.isascii() and _is_letter(other) and not _is_han(other):
                    found.setdefault(other, key.lower())
            elif len(key) == 1 and "⺀" <= key <= "⻿" and len(other) == 1 and _is_han(other):
                found.setdefault(key, other)
    return found


def _enclosed_letters() -> dict[str, str]:
    """Negative circled and squared capitals and the halves of flags, which Unicode does not decompose."""
    return {
        chr(first + offset): chr(ord("a") + offset)
        for first in (0x1F150, 0x1F170, 0x1F1E6)
        for offset in range(26)
    }


def _small_capitals() -> dict[str, str]:
    """Capitals as high as small letters, with which people decorate what they write."""
    prefix = "LATIN LETTER SMALL CAPITAL "
    named = ((char, unicodedata.name(char, "")) for char in map(chr, range(0x80, 0x10000)))
    return {
        char: name[-1].lower()
        for char, name in named
        if name.startswith(prefix) and len(name) == len(prefix) + 1
    }


def _bare(char: str) -> str:
    """Compatibility form, case folded, without marks: what the eye is left with."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", char).casefold())
    return "".join(part for part in folded if unicodedata.category(part) not in {"Mn", "Me", "Cf"})


def _lookalike_of(char: str, similar: Mapping[str, str]) -> str | None:
    """The lower case is asked first: capital Cyrillic I looks like l, but folds to a letter like i."""
    for form in (char.lower(), char, char.upper()):
        if form in similar:
            return similar[form]
    return None


def fold_char(char: str, similar: Mapping[str, str], simplify: opencc.OpenCC) -> str:
    """What one character is read as; itself when it is nobody's variant."""
    if unicodedata.category(char) == "Nd":
        return str(unicodedata.digit(char))  # of any script
    bare = _bare(char)
    enclosed = bare.strip("()") if len(bare) == 3 else bare  # a letter in brackets
    folded = "".join(_lookalike_of(part, similar) or part for part in enclosed)
    if any(map(_is_han, folded)):
        simple = simplify.convert(folded)
        return "".join(_EXTRA_HAN.get(part, part) for part in simple)
    return folded


def folds() -> dict[str, str]:
    """Variant -> plain text of kept ASCII or Han characters, for every code point that has one."""
    similar = _lookalikes() | _enclosed_letters() | _small_capitals() | _EXTRA_LETTERS
    simplify = opencc.OpenCC("t2s")
    found: dict[str, str] = {}
    for char in map(chr, range(0x80, LAST_CODE_POINT + 1)):
        if unicodedata.category(char) in {"Cn", "Cs", "Co", "Cc", "Mn", "Me", "Mc"}:
            continue
        folded = fold_char(char, similar, simplify)
        readable = folded and all(part in ASCII_KEPT or _is_han(part) for part in folded)
        if folded != char and readable:
            found[char] = folded
    return found


def syllables() -> dict[str, str]:
    """Simplified character -> its commonest toneless reading, u-umlaut written v; GB 2312 has 6763."""
    readings = dict(_EXTRA_READINGS)
    for first in range(0xB0, 0xF8):
        row = bytes(byte for second in range(0xA1, 0xFF) for byte in (first, second))
        for char in row.decode("gb2312", errors="ignore"):
            readings[char] = lazy_pinyin(char, style=Style.NORMAL, v_to_u=False)[0]
    return readings


def render(pairs: Mapping[str, str]) -> str:
    """Lines of `target TAB sources`, sorted: small, and a change reads well in a diff."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for source, target in pairs.items():
        groups[target].append(source)
    return "".join(f"{target}\t{''.join(sorted(groups[target]))}\n" for target in sorted(groups))


def write_tables(folder: Path = TABLES) -> Iterable[Path]:
    """Write both tables; returns their paths."""
    for name, pairs in (("folds.tsv", folds()), ("pinyin.tsv", syllables())):
        path = folder / name
        path.write_text(render(pairs), encoding="utf-8")
        yield path


if __name__ == "__main__":
    for _ in write_tables():
        pass
