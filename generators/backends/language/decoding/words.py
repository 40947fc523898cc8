"""Everything a model may write in one language: words whose length and sound are known beforehand."""

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntFlag
from typing import Final

import regex
from pypinyin import Style, pinyin

from generators.backends.studio.lyrics.pronunciations import known_words, words_in
from generators.backends.studio.lyrics.rhyme import ending_of, rhyme_class_zh, rhyme_parts_en
from generators.backends.studio.lyrics.syllables import count_syllables
from generators.specs import Language

_COMMON_LAST_ROW: Final = 0xD7  # GB 2312 level 1 ends here: 3,755 characters everybody reads
_HAN: Final = regex.compile(r"[\u4e00-\u9fff]{2,4}")
# Nobody hears these rhyme; the English ones are too weak to end a sung line.
_WEAK_ZH: Final = frozenset("了着呢吗吧啊啦的么呀哦嘛哪哇地得们个之其且而于与及并或")
_WEAK_EN: Final = frozenset(
    words_in(
        """
        a an and as at but by for from his if in into is it its my nor of on or our than that the their
        them these they this those to was were will with your i'm i'll i've i'd he she we you're you've who
        which because are has had have been be am did does just very such what when where while would
        could should
        """
    )
)
_END_SYLLABLES: Final = 3  # of the longest English word that ends a rhyming line
_CAPITALS: Final = {"i": "I", "i'm": "I'm", "i'll": "I'll", "i've": "I've", "i'd": "I'd"}
_ALONE: Final = frozenset("aio")  # the only English words of one letter


class Stand(IntFlag):
    """Where a word may stand. Chinese words stand anywhere; English ones change their spelling."""

    FIRST = 1  # at the start of a line
    LATER = 2  # after another word
    AGAIN = 4  # at the start of a sentence that is not the first
    ANYWHERE = 7


@dataclass(frozen=True, slots=True)
class Word:
    """One thing that can be written.

    text: as written, with the space before it where its stand needs one.
    end: what a line that ends with it ends on; no two rhyming lines may share it.
    sound: what it rhymes by, "" when it can end no rhyming line. Finer than heard, the checked class.
    """

    text: str
    stand: Stand
    syllables: int
    end: str
    sound: str
    heard: str


def words_of(language: Language, vocabulary: Sequence[str]) -> Iterator[Word]:
    """Each word once a stand.

    Args:
        vocabulary: the texts of a model's tokens; runs of common Chinese characters among them become words.
    """
    if language is Language.EN:
        return (word for plain in sorted(known_words()) for word in _english(plain))
    known = _characters()
    runs = {text for text in vocabulary if _HAN.fullmatch(text) and known.keys() >= set(text)}
    return (_chinese(text) for text in [*_characters(), *sorted(runs)])


def extra_words(text: str, language: Language) -> Iterator[Word]:
    """Words of the asker's own that the language's list lacks, as they spelt them; they end no rhyme."""
    if language is Language.ZH:
        return
    for plain in dict.fromkeys(regex.findall(r"[A-Za-z]+(?:['’-][A-Za-z]+)*", text)):
        if 1 < len(plain) <= 24 and plain.lower() not in known_words():
            syllables = count_syllables(plain)
            yield Word(plain[0].upper() + plain[1:], Stand.FIRST, syllables, plain.lower(), "", "")
            yield Word(f" {plain}", Stand.LATER, syllables, plain.lower(), "", "")


def _chinese(text: str) -> Word:
    heard = _only_class(text[-1]) if _is_common(text[-1]) and text[-1] not in _WEAK_ZH else ""
    sound = heard
    if heard and ending_of(text[-1], Language.ZH).sound == "-i":
        sound += "-i"  # zhi and yi share a class but hardly rhyme when sung
    return Word(text, Stand.ANYWHERE, len(text), text[-1], sound, heard)


def _english(plain: str) -> Iterator[Word]:
    if len(plain) == 1 and plain not in _ALONE:
        return
    parts = rhyme_parts_en(plain)
    # One reading only, so that nobody can hear the line in another class.
    is_end = len(parts) == 1 and plain not in _WEAK_EN and count_syllables(plain) <= _END_SYLLABLES
    sound = parts[0] if is_end else ""
    spelt = _CAPITALS.get(plain, plain)
    capital = spelt[0].upper() + spelt[1:]
    for stand, text in ((Stand.FIRST, capital), (Stand.LATER, f" {spelt}"), (Stand.AGAIN, f" {capital}")):
        yield Word(text, stand, count_syllables(plain), plain, sound, sound)


@functools.cache
def _characters() -> dict[str, None]:
    """The 6,763 characters of GB 2312, in its order."""
    pairs = (bytes((row, cell)) for row in range(0xB0, 0xF8) for cell in range(0xA1, 0xFF))
    return dict.fromkeys(char for pair in pairs if (char := pair.decode("gb2312", errors="ignore")))


def _is_common(char: str) -> bool:
    return char.encode("gb2312")[0] <= _COMMON_LAST_ROW


@functools.cache
def _only_class(char: str) -> str:
    """The class of a character that has one final in all its readings, so that no neighbour can change it."""
    finals = set(pinyin(char, style=Style.FINALS, heteronym=True, strict=True)[0])
    return (rhyme_class_zh(char) or "") if len(finals) == 1 else ""
