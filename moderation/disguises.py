"""Spellings that hide a word from a reader of characters but not from a reader: undone, when there is a sign.

The signs are cheap searches over the skeleton; only a text that shows one pays for the rewriting.
"""

import re
from collections.abc import Iterator
from typing import Final

from moderation.normal import HAN, UNKNOWN

_ANY_MARK: Final = r"[ ,!*|+@$']"
_HARD_MARK: Final = r"[ *|+@$']"  # never sentence punctuation
_ANY_HAN: Final = f"{HAN}{UNKNOWN}"

# Marks between two Han characters of the lexicon, or between one and a letter: 自.杀, 自 sha;
# any marks between two that stand alone: 自，杀. Marks come first because few characters are marks.
_GAP: Final = re.compile(
    rf"{_ANY_MARK}(?:"
    rf"(?<=[{HAN}]{_HARD_MARK}){_HARD_MARK}*[{HAN}a-z]"
    rf"|(?<=[a-z]{_HARD_MARK}){_HARD_MARK}*[{HAN}]"
    rf"|(?<=[{HAN}].)(?<![{_ANY_HAN}]..){_ANY_MARK}*[{HAN}](?![{_ANY_HAN}]))"
)
_CLOSED: Final = re.compile(rf"(?<=[{HAN}]){_HARD_MARK}+(?=[{HAN}a-z])|(?<=[a-z]){_HARD_MARK}+(?=[{HAN}])")
# A run of Han characters each standing alone: there even commas are no phrase ends.
_ISOLATED: Final = re.compile(rf"(?<![{_ANY_HAN}])[{_ANY_HAN}](?:{_ANY_MARK}+[{_ANY_HAN}])+(?![{_ANY_HAN}])")

_ORDINARY_SUFFIX: Final = r"(?:st|nd|rd|th|px|mm|cm|km|kg|am|pm|hrs?|min|yrs?|gb|mb|fps)(?![a-z])"
_LEET: Final = re.compile(
    r"[0-9@$!|+*](?:"
    r"(?<=[a-z].)(?=[a-z0-9@$*|])"  # inside a word: p0rn, k!ll, f*k
    rf"|(?={'[a-z]' * 2})(?!{_ORDINARY_SUFFIX})"  # before one: 4nal, $ex; not 20th
    r"|(?<=[a-z]{3}[034@$])(?![0-9])"  # behind one: nigg4
    r"|(?<=[a-z][1-5])(?= ?[a-z]+[1-5])"  # tones: zi4 sha1
    r")"
)
_LETTERED_MARK: Final = re.compile(r"[ ,*'](?:(?<!')|(?=[a-z]'))[a-z][ ,*']+[a-z0-9@$](?![a-z0-9])")
_SPELLED_OUT: Final = re.compile(r"(?<![a-z0-9@$])[a-z0-9@$](?:[ ,*']+[a-z0-9@$!|])+(?![a-z0-9])")
_WORD_WITH_SYMBOLS: Final = re.compile(r"[a-z0-9@$!|+]*[a-z][a-z0-9@$!|+]*|(?<![a-z0-9])1(?![a-z0-9])")
_TONE: Final = re.compile(r"(?<=[a-z])[1-5](?![0-9])")
_STAR: Final = re.compile(r"(?<=[a-z])\*+(?=[a-z])")
_STRETCHED: Final = re.compile(r"([a-z])\1{2,}")

_LEET_AS_I: Final = str.maketrans("013456789@$!|+", "oieasgtbgasilt")
_LEET_AS_L: Final = str.maketrans("013456789@$!|+", "oleasgtbgasllt")
_STAR_LETTERS: Final = "aeiouc"


def has_gap(skeleton: str) -> bool:
    """Whether marks stand where closing them could make a Han or mixed term."""
    return _GAP.search(skeleton) is not None


def close_gaps(skeleton: str) -> str:
    """Han characters of the lexicon moved together over what separates them.

    Sentence punctuation stays, for 来自，杀青 is not a word, except between characters that all stand alone.
    """
    isolated = _ISOLATED.sub(lambda run: re.sub(_ANY_MARK, "", run[0]), skeleton)
    return _CLOSED.sub("", isolated)


def is_disguised(skeleton: str) -> bool:
    """Whether digits or symbols stand for letters, or letters are spelled one by one."""
    return _LEET.search(skeleton) is not None or _LETTERED_MARK.search(skeleton) is not None


def _read_leet(skeleton: str, letters: dict[int, int]) -> str:
    def read(word: re.Match[str]) -> str:
        bare = word[0].rstrip("!|+")  # at the end they are punctuation
        return bare.translate(letters)

    return _WORD_WITH_SYMBOLS.sub(read, skeleton)


def unmask(skeleton: str) -> Iterator[str]:
    """What the skeleton may have been meant to say; up to a few dozen readings, some of them equal."""
    joined = _SPELLED_OUT.sub(lambda run: re.sub(r"[ ,*']", "", run[0]), skeleton)
    shrunk = dict.fromkeys((joined, _STRETCHED.sub(r"\1", joined), _STRETCHED.sub(r"\1\1", joined)))
    for text in shrunk:
        yield text
        yield _TONE.sub("", text)
        yield _read_leet(text, _LEET_AS_I)
        yield _read_leet(text, _LEET_AS_L)
        if _STAR.search(text):
            for letter in _STAR_LETTERS:
                yield _STAR.sub(letter, text)
