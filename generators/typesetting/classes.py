"""What a character is for line breaking and spacing.

Source: W3C "Requirements for Chinese Text Layout", sections 3.1 (punctuation) and 3.2 (mixed text).
"""

import functools
from enum import StrEnum
from typing import Final

import regex


class Manner(StrEnum):
    IDEOGRAPH = "ideograph"  # stands alone; a line may break on both sides
    OPEN = "open"  # never ends a line; its blank half is in front
    CLOSE = "close"  # never starts a line; its blank half is behind
    DASH = "dash"  # —— and ……: one piece, never starts a line
    DOT = "dot"  # · and kin: never starts a line, not squeezed
    WORD = "word"  # letters and digits: broken at spaces only
    RTL = "rtl"  # a word that runs from right to left
    EMOJI = "emoji"


OPENING: Final = frozenset("“‘（「『《〈【〔〖［｛")
CLOSING: Final = frozenset("”’）」』》〉】〕〗］｝，。、；：！？．")
DASHES: Final = frozenset("—…⋯‥―")
DOTS: Final = frozenset("·・•々〻ーゝゞヽヾ％‰℃℉")
# Proportional punctuation that has touched a Chinese character must not be torn from it either.
LATIN_NO_START: Final = frozenset(",.!?;:)]}%°’”")
LATIN_NO_END: Final = frozenset("([{$¥€£#@‘“")

_CJK: Final = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Bopomofo}\p{Hangul}\u3000-\u303f\uff01-\uffee\p{So}\p{Nl}\p{No}←-⇿]"
)
_RTL: Final = regex.compile(r"[\p{Hebrew}\p{Arabic}\p{Syriac}\p{Thaana}\p{Nko}]")


@functools.lru_cache(maxsize=8192)
def manner_of(cluster: str, *, is_latin_text: bool) -> Manner:
    """Class of one grapheme cluster that is not an emoji.

    is_latin_text: quotes, dashes and dots belong to words, as in English.
    """
    first = cluster[0]
    if not is_latin_text or first > "\u2fff":
        if first in OPENING:
            return Manner.OPEN
        if first in CLOSING:
            return Manner.CLOSE
        if first in DASHES:
            return Manner.DASH
        if first in DOTS:
            return Manner.DOT
    if _RTL.match(first):
        return Manner.RTL
    return Manner.IDEOGRAPH if _CJK.match(first) else Manner.WORD
