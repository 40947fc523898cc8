"""From the asker's free text to a theme of the bank, and to a phrase a line can hold."""

import functools
from typing import Final

import regex
from pypinyin.seg.mmseg import seg

from generators.backends.studio.lyrics import bank
from generators.backends.studio.lyrics.bank import Theme
from generators.backends.studio.lyrics.syllables import count_syllables
from generators.specs import Mood

MAX_PHRASE_SYLLABLES: Final = 7

_INVISIBLE: Final = regex.compile(r"\p{Cf}+")
_STUTTER: Final = regex.compile(r"(\X)\1{3,}")
# What may stand inside a phrase that is sung; everything else (emoji, brackets, marks) parts phrases.
_SUNG: Final = regex.compile(r"[\p{L}\p{M}\p{N}][\p{L}\p{M}\p{N} '’·&-]*")
_ASKING_ZH: Final = regex.compile(
    r"^(?:请|帮我|给我|为我)*(?:写|作|来|唱)?一?首?(?:关于|有关|献给|写给|送给|献|给)(?=.)|的一?首?(?:歌|歌词|歌曲)$"
)
_ASKING_EN: Final = regex.compile(
    r"^(?:please )?(?:write|make|sing|give)?(?: ?(?:me|us))? ?(?:an? )?(?:\w+ )?"
    r"(?:song|lyrics|lullaby|ballad)(?: about| for| on| to) ",
    flags=regex.IGNORECASE,
)
_SMALL_WORDS: Final = frozenset(
    (
        "the",
        "a",
        "an",
        "of",
        "and",
        "to",
        "in",
        "on",
        "at",
        "for",
        "with",
        "from",
        "that",
        "which",
        "is",
        "we",
    )
)


def clean(text: str) -> str:
    """One line without invisible marks; a character repeated without end is heard three times."""
    return " ".join(_STUTTER.sub(r"\1\1\1", _INVISIBLE.sub("", text)).split())


def match_theme(text: str, mood: Mood) -> Theme:
    """The theme whose keywords the text holds, longer ones weighing more; else the one that shares
    most single characters or word beginnings with it; else the home of the mood."""
    folded = clean(text).casefold()
    for score in (_keyword_score, _likeness):
        best = max(bank.themes(), key=lambda theme: score(theme, folded))
        if score(best, folded) > 0:
            return best
    return next(theme for theme in bank.themes() if mood in theme.home_of)


def _keyword_score(theme: Theme, text: str) -> int:
    return sum(len(word) ** 2 * (3 if _is_han(word) else 1) for word in theme.keywords if _holds(text, word))


def _holds(text: str, keyword: str) -> bool:
    if _is_han(keyword):
        return keyword in text
    return regex.search(rf"\b{regex.escape(keyword)}(?:s|es|'s)?\b", text) is not None


def _likeness(theme: Theme, text: str) -> int:
    han = {char for word in theme.keywords for char in word if _is_han(char)}
    stems = {word[:5] for word in theme.keywords if len(word) >= 5 and not _is_han(word)}
    return sum(char in han for char in set(text)) + sum(text.count(stem) for stem in stems)


def _is_han(text: str) -> bool:
    return "\u3400" <= text[:1] <= "\U0003ffff"


@functools.lru_cache(maxsize=256)
def singable_phrase(text: str) -> str | None:
    """The asker's own words, short enough for a line; None when the text has none.

    A long text gives its first short enough clause, else the end of the first one, where Chinese
    and English both put what it is about.
    """
    asked = clean(text)
    bare = _ASKING_EN.sub("", _ASKING_ZH.sub("", asked)).strip() or asked
    clauses = [found.strip(" '’·&-") for found in _SUNG.findall(bare)]
    clauses = [clause for clause in clauses if count_syllables(clause) > 0]
    if not clauses:
        return None
    whole = " ".join(clauses)
    if count_syllables(whole) <= MAX_PHRASE_SYLLABLES and len(whole) <= 40:
        return whole
    return next((clause for clause in clauses if 2 <= count_syllables(clause) <= 7), None) or _tail(
        clauses[0]
    )


def _tail(clause: str) -> str:
    """The longest end of a clause that is short enough and begins with a whole, weighty word."""
    glue = " " if " " in clause else ""
    words = clause.split() if glue else [str(word) for word in seg.cut(clause)]
    while len(words) > 1 and (
        count_syllables(glue.join(words)) > MAX_PHRASE_SYLLABLES or _is_light(words[0], glue)
    ):
        words = words[1:]
    return glue.join(words)[-40:]


def _is_light(word: str, glue: str) -> bool:
    """A small word of English, or a single character of Chinese, cut off from what it belonged to."""
    return word.casefold() in _SMALL_WORDS if glue else len(word) == 1
