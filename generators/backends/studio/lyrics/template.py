"""Templates of lines: "The [lamp|moon] is [low|bright]" stands for every way of choosing."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import regex

from generators.backends.studio.lyrics.rhyme import ending_of
from generators.backends.studio.lyrics.syllables import count_syllables
from generators.specs import Language

MAX_VARIANTS: Final = 256  # of one line; a template beyond it is a mistake in the bank


SINGABLE: Final = {Language.ZH: (5, 12), Language.EN: (5, 11)}  # syllables of a line of the bank
# Particles in the neutral tone: they may end a free line, but nobody hears them rhyme.
_WEAK_ENDS: Final = frozenset("了着呢吗吧啊啦的么")
# Too common to be noticed when a song says them twice.
_PLAIN_HAN: Final = frozenset(
    "的了我你他她它在一不是着这那有都也把还就又再里上下来去到过和与从向人们个得地很太最只像说谁什么没为让会能要想"
    "起开出看走好大小天年时心前后中头声自己"
)
_CHOICE: Final = regex.compile(r"\[([^\[\]]*)\]")
_HAN: Final = regex.compile(r"\p{Han}")
_LONG_WORD: Final = regex.compile(r"[a-z]{4,}")


@dataclass(frozen=True, slots=True)
class Variant:
    """One finished line.

    sound: what it rhymes by, "" for nothing; finer than the checked class where two halves of a
        class sound apart.
    images: the characters or words a listener would notice twice.
    """

    text: str
    end: str
    sound: str
    syllables: int
    images: frozenset[str]


def expand(template: str) -> list[str]:
    """Every line a template stands for, in order.

    Raises: ValueError for an unclosed bracket or more than MAX_VARIANTS lines.
    """
    pieces = [piece.split("|") if i % 2 else [piece] for i, piece in enumerate(_CHOICE.split(template))]
    if any("[" in text or "]" in text for piece in pieces for text in piece):
        raise ValueError(f"unbalanced brackets: {template}")
    if math.prod(map(len, pieces)) > MAX_VARIANTS:
        raise ValueError(f"too many variants: {template}")
    return ["".join(choice) for choice in itertools.product(*pieces)]


def to_variants(lines: Sequence[str], language: Language) -> tuple[Variant, ...]:
    """The same lines measured and heard, in order."""
    return tuple(_measure(line, language) for line in lines)


def to_singable(lines: Sequence[str], language: Language) -> tuple[Variant, ...]:
    """Those of the lines that one breath can sing."""
    shortest, longest = SINGABLE[language]
    return tuple(v for v in to_variants(lines, language) if shortest <= v.syllables <= longest)


def _measure(line: str, language: Language) -> Variant:
    # The last characters settle the reading; few distinct tails keep the phrase table's work small.
    ending = ending_of(line[-5:] if language is Language.ZH else line, language)
    sound = ending.classes[0] if ending.classes and ending.word not in _WEAK_ENDS else ""
    if ending.sound == "-i":
        sound += "-i"  # zhi and yi share a track but hardly rhyme when sung
    return Variant(line, ending.word, sound, count_syllables(line), _images(line, language))


def _images(line: str, language: Language) -> frozenset[str]:
    if language is Language.EN:
        return frozenset(_LONG_WORD.findall(line.lower()))
    return frozenset(_HAN.findall(line)) - _PLAIN_HAN
