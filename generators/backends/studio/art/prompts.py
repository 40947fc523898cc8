"""Reading a prompt: the style and the wishes that its Chinese or English words name. No model, no guesses."""

import functools
import re
import tomllib
import unicodedata
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import Final, TypeVar

from generators.backends.studio.art.numerals import find_number
from generators.backends.studio.art.steering import Hue, Season, Steering, Subject, TimeOfDay, Weather
from generators.specs import Style

_STYLE_WORD: Final = 4  # what a word that names a style weighs against one that names a common subject
_OWN_SUBJECT: Final = 3  # or one that a single style is made of
_OWN_SUBJECTS: Final = frozenset({Subject.PLUM, Subject.LANTERN, Subject.SILK})
_SHOWS_BEST: Final[Mapping[Subject, Style]] = {
    Subject.MOUNTAIN: Style.INK,
    Subject.RIVER: Style.INK,
    Subject.WATERFALL: Style.INK,
    Subject.BOAT: Style.INK,
    Subject.PAVILION: Style.INK,
    Subject.BIRD: Style.INK,
    Subject.BAMBOO: Style.INK,
    Subject.PINE: Style.INK,
    Subject.MOON: Style.INK,
    Subject.SUN: Style.INK,
    Subject.STARS: Style.INK,
    Subject.WAVE: Style.SILK,
    Subject.SILK: Style.SILK,
    Subject.CLOUD: Style.LANTERN,
    Subject.LANTERN: Style.LANTERN,
    Subject.PLUM: Style.PLUM,
}
_DENSITY: Final = {"sparse": 0.12, "lush": 0.9}
_NEGATION: Final = re.compile(
    r"(?:\b(?:no|without|not|never)\s+(?:[a-z-]+\s+){0,2}(?:n?or\s+)?"
    r"|(?:没有|沒有|不要|不见|不見|不画|不畫|别画|別畫|去掉)[^,。;、\s的]{0,3}|[无無])$"
)
_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    styles: Mapping[str, re.Pattern[str]]
    subjects: Mapping[str, re.Pattern[str]]
    season: Mapping[str, re.Pattern[str]]
    time_of_day: Mapping[str, re.Pattern[str]]
    weather: Mapping[str, re.Pattern[str]]
    hue: Mapping[str, re.Pattern[str]]
    density: Mapping[str, re.Pattern[str]]


def read_prompt(prompt: str) -> tuple[Style, Steering]:
    """What a prompt asks for; the same prompt always reads the same.

    One without a known word is hashed to a style. Denied words ("no boat", "没有船") are not wished for.
    """
    text = unicodedata.normalize("NFKC", prompt).casefold()
    words = _vocabulary()
    subjects = frozenset(subject for subject in Subject if _mentions(text, words.subjects[subject.value]))
    density = _first(text, words.density)
    steering = Steering(
        hue=_choose(Hue, text, words.hue),
        season=_choose(Season, text, words.season),
        time_of_day=_choose(TimeOfDay, text, words.time_of_day),
        weather=_choose(Weather, text, words.weather),
        subjects=subjects,
        counts=dict(_counts(text, words, subjects)),
        density=0.5 if density is None else _DENSITY[density],
    )
    return _style(text, words, subjects), steering


@functools.cache
def _vocabulary() -> _Vocabulary:
    source = resources.files("generators.backends.studio.art").joinpath("vocabulary.toml")
    tables = tomllib.loads(source.read_text(encoding="utf-8"))
    return _Vocabulary(
        **{
            kind: {name: _pattern(words["zh"], words["en"]) for name, words in table.items()}
            for kind, table in tables.items()
        }
    )


def _pattern(chinese: list[str], english: list[str]) -> re.Pattern[str]:
    longest_first = sorted(english, key=len, reverse=True)
    return re.compile(rf"(?:{'|'.join(chinese)})|\b(?:{'|'.join(longest_first)})(?:e?s)?\b")


def _mentions(text: str, pattern: re.Pattern[str]) -> list[re.Match[str]]:
    """Where a word stands and is not denied."""
    return [match for match in pattern.finditer(text) if not _NEGATION.search(text[: match.start()][-48:])]


def _first(text: str, table: Mapping[str, re.Pattern[str]]) -> str | None:
    """The entry mentioned first; of two at one place the longer word counts ("粉红" is pink, not red)."""
    found = [
        (match.start(), -len(match.group()), name)
        for name, pattern in table.items()
        for match in _mentions(text, pattern)
    ]
    return min(found)[2] if found else None


def _choose(choices: type[_Choice], text: str, table: Mapping[str, re.Pattern[str]]) -> _Choice | None:
    name = _first(text, table)
    return None if name is None else choices(name)


def _style(text: str, words: _Vocabulary, subjects: frozenset[Subject]) -> Style:
    """The style with most weight; of equals the one mentioned first."""
    weights = dict.fromkeys(Style, 0)
    places = dict.fromkeys(Style, len(text))
    for style in Style:
        for match in _mentions(text, words.styles[style.value]):
            weights[style] += _STYLE_WORD
            places[style] = min(places[style], match.start())
    for subject in subjects:
        style = _SHOWS_BEST[subject]
        weights[style] += _OWN_SUBJECT if subject in _OWN_SUBJECTS else 1
        places[style] = min(places[style], _mentions(text, words.subjects[subject.value])[0].start())
    if not any(weights.values()):
        return list(Style)[zlib.crc32(text.encode()) % len(Style)]
    return max(Style, key=lambda style: (weights[style], -places[style]))


def _counts(text: str, words: _Vocabulary, subjects: frozenset[Subject]) -> Iterator[tuple[Subject, int]]:
    """Numbers that stand before what can be counted."""
    for subject in subjects & {Subject.BOAT, Subject.BIRD, Subject.LANTERN}:
        for match in _mentions(text, words.subjects[subject.value]):
            number = find_number(text[: match.start()][-32:])
            if number is not None:
                yield subject, number
                break
