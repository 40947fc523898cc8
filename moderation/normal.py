"""Text as screening sees it: a *skeleton*, in which every disguise of one character is that character.

A skeleton holds only a-z, 0-9, @$!|+*', the Han characters that some term uses, and four marks:
    " "  separator: blanks, symbols, emoji, brackets, dots, dashes
    ","  sentence punctuation and line breaks, where phrases end of their own accord
    UNKNOWN  any character no term uses; BREAK  the seam between two texts
Marks that hide inside words (zero-width, combining, tags) are gone. One `str.translate` with a list
does all of it: NFKC, case, full width, traditional Han, look-alike letters.
"""

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import Final

UNKNOWN: Final = "\x01"
BREAK: Final = "\x02"
SEPARATOR: Final = " "
PAUSE: Final = ","

ASCII_KEPT: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789@$!|+*'")
NUMERALS: Final = "〇零一二三四五六七八九十幺两壹贰叁肆伍陆柒捌玖"  # in phone numbers and ages
YEARS_OF_AGE: Final = "岁"

HAN: Final = "㐀-鿿"  # for character classes of regular expressions

_SIZE: Final = 0x30000
_PAUSES: Final = "\n\r\t,;:?，。、；：？…⋯．｡､"
_APOSTROPHES: Final = "'’‘`´ʼ′＇"
_HIDDEN: Final = "\u115f\u1160\u3164\uffa0\u2800\u034f\uff9e\uff9f"
# Where punctuation, symbols and marks live; the rest is letters that no term uses.
_MARK_RANGES: Final = (
    (0, 0x3400),
    (0x4DC0, 0x4E00),
    (0xA000, 0xAC00),
    (0xE000, 0x12000),
    (0x13430, 0x13460),
    (0x16000, 0x17000),
    (0x1BC00, 0x1FC00),
)
_FAR: Final = re.compile(f"[{chr(_SIZE)}-\U0010ffff]")  # where a list would have to be too long
_TAGS: Final = range(0xE0000, 0xE1000)  # and variation selectors: never shown

Table = list[str | None]  # indexed by code point; None deletes


@functools.cache
def read_pairs(name: str) -> dict[str, str]:
    """Source character -> target, from a committed table of `target TAB sources` lines."""
    text = resources.files("moderation").joinpath("tables", name).read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines())
    return {source: target for target, sources in rows for source in sources}


def is_han(char: str) -> bool:
    """True for unified ideographs of the basic plane."""
    return "㐀" <= char <= "鿿"


def fold(text: str) -> str:
    """A term or word as its skeleton spells it: folded, lower case, nothing replaced by a mark."""
    return text.lower().translate(_fold_table())


@functools.cache
def _fold_table() -> dict[int, str]:
    return {ord(source): target for source, target in read_pairs("folds.tsv").items()}


def _mark_of(char: str) -> str | None:
    """What a character becomes that is not a letter or digit of any term."""
    if char in _HIDDEN:
        return None
    if char in _PAUSES:
        return PAUSE
    if char in _APOSTROPHES:
        return "'"
    category = unicodedata.category(char)
    if category[0] == "M" or category == "Cf":
        return None
    # What is for private use is shown as the mark of a missing sort.
    return SEPARATOR if category[0] in "PSZ" or category in {"Cc", "Co"} else UNKNOWN


def _far_mark(found: re.Match[str]) -> str:
    if ord(found[0]) in _TAGS:
        return ""
    return _mark_of(found[0]) or ""


def _marks() -> Iterator[tuple[int, str | None]]:
    for first, last in _MARK_RANGES:
        for code in range(first, last):
            mark = _mark_of(chr(code))
            if mark != UNKNOWN:
                yield code, mark


@functools.cache
def _marks_only() -> tuple[str | None, ...]:
    table: Table = [UNKNOWN] * _SIZE
    for code, mark in _marks():
        table[code] = mark
    return tuple(table)


def skeleton_of(text: str, table: Table) -> str:
    """The text as a skeleton, by a table of `compile_table`; runs of blanks are not joined yet."""
    return _FAR.sub(_far_mark, text).translate(table)


def compile_table(han: Iterable[str]) -> Table:
    """The translation list whose skeletons keep the characters `han`; takes about 4 ms, the first 20 ms.

    One shared string stands for everything else. That is what makes matching fast: the automaton scans the
    children of its root one by one, and UNKNOWN is the first of them.
    """
    kept = ASCII_KEPT | set(han) | set(NUMERALS) | set(YEARS_OF_AGE)
    table = list(_marks_only())
    for char in kept:
        table[ord(char)] = char
    for upper in range(ord("A"), ord("Z") + 1):
        table[upper] = chr(upper).lower()
    for source, target in read_pairs("folds.tsv").items():
        table[ord(source)] = "".join(char if char in kept else UNKNOWN for char in target)
    table[ord(BREAK)] = BREAK
    return table
