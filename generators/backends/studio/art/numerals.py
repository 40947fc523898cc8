"""Small numbers in Chinese and English, standing before what they count."""

import re
from typing import Final

_CHINESE: Final = "一二三四五六七八九"
_ENGLISH: Final = (
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
)
# At most a classifier and one character between ("两只白鹤"); a flock ("一群雁") or hundreds are no count.
_BEFORE_CHINESE: Final = re.compile(
    rf"([{_CHINESE}]?十[{_CHINESE}]?|[{_CHINESE}两兩]|\d{{1,2}})[^\s,。;、群片排些队隊行百千万萬]{{0,2}}$"
)
# At most two adjectives between ("two small boats"); neither "a flock of" nor "ten thousand" is a count.
_BEFORE_ENGLISH: Final = re.compile(
    rf"\b(an?|{'|'.join(_ENGLISH)}|\d{{1,2}})\s+(?:(?!of\b|hundred|thousand|dozen)[a-z-]+\s+){{0,2}}$"
)


def find_number(before: str) -> int | None:
    """The number, 0..99, that ends the folded text before a word; None when none does."""
    english = _BEFORE_ENGLISH.search(before)
    if english is not None:
        return _read_english(english.group(1))
    chinese = _BEFORE_CHINESE.search(before)
    return None if chinese is None else _read_chinese(chinese.group(1))


def _read_english(numeral: str) -> int:
    if numeral.isdecimal():
        return int(numeral)
    return _ENGLISH.index(numeral) + 1 if numeral in _ENGLISH else 1


def _read_chinese(numeral: str) -> int:
    if numeral.isdecimal():
        return int(numeral)
    if "十" not in numeral:
        return _digit(numeral)
    tens, _, ones = numeral.partition("十")
    return 10 * (_digit(tens) if tens else 1) + (_digit(ones) if ones else 0)


def _digit(character: str) -> int:
    return 2 if character in "两兩" else _CHINESE.index(character) + 1
