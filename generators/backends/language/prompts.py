"""What a language model is asked, in the language it is to answer in; the texts are in prompts.toml."""

import functools
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

import regex

from generators.backends.studio.lyrics.plan import headings
from generators.backends.studio.lyrics.rhyme import FREE
from generators.backends.studio.lyrics.theme import clean
from generators.backends.studio.lyrics.weave import written_once
from generators.specs import CardSpec, Language, LyricsSpec

LINE: Final = {Language.ZH: (7, 10), Language.EN: (7, 10)}  # syllables asked for
MESSAGE: Final = {Language.ZH: (24, 90), Language.EN: (70, 195)}  # characters asked for
_QUOTES: Final = regex.compile(r"[\"“”「」『』`]")
_BETWEEN: Final = {Language.ZH: "，", Language.EN: ", "}
_CLAUSES: Final = {Language.ZH: "；", Language.EN: "; "}


@dataclass(frozen=True, slots=True)
class Prompt:
    system: str
    user: str


def ask_for_song(spec: LyricsSpec) -> Prompt:
    """The whole song at once."""
    texts = _texts(spec.language)
    named = section_names(spec, written_once(spec.sections))
    user = texts["lyrics"].format(
        theme=_quoted(spec.theme),
        mood=texts["moods"][spec.mood],
        sections=_BETWEEN[spec.language].join(named),
        example=named[0],
        **_shape(spec),
    )
    return _prompt(texts["lyrics_system"], user)


def ask_again(spec: LyricsSpec, sections: Iterable[int]) -> str:
    """What to say after a song of which some sections are missing or do not rhyme."""
    named = _BETWEEN[spec.language].join(section_names(spec, sections))
    return _tidy(_texts(spec.language)["again"].format(sections=named, **_shape(spec)))


def ask_for_message(spec: CardSpec) -> Prompt:
    """The words of a card."""
    texts = _texts(spec.language)
    shortest, longest = MESSAGE[spec.language]
    user = texts["message"].format(
        occasion=texts["occasions"][spec.occasion],
        recipient=_quoted(spec.recipient),
        sender=_quoted(spec.sender),
        shortest=shortest,
        longest=longest,
    )
    return _prompt(texts["message_system"], user)


def section_names(spec: LyricsSpec, sections: Iterable[int]) -> list[str]:
    """The bracketed headings of these sections."""
    named = headings(spec.sections, spec.language)
    return [named[section] for section in sections]


def _shape(spec: LyricsSpec) -> dict[str, object]:
    shortest, longest = LINE[spec.language]
    texts, words = _texts(spec.language), _BETWEEN[spec.language].join(map(_quoted, spec.words))
    return {
        "words": texts["words_asked"].format(words=words) if words else "",
        "lines": len(spec.rhyme),
        "shortest": shortest,
        "longest": longest,
        "scheme": _scheme_in_words(spec.rhyme, spec.language),
    }


def _scheme_in_words(scheme: str, language: Language) -> str:
    """AABA as "lines 1, 2, 4 rhyme; lines 3 rhyme with no other": models follow that, not letters."""
    texts = _texts(language)
    repeated = [letter for letter in dict.fromkeys(scheme) if letter != FREE and scheme.count(letter) > 1]
    if not repeated:
        return str(texts["no_rhymes"])
    said = [texts["rhymes"].format(places=_places(scheme, [letter], language)) for letter in repeated]
    others = [letter for letter in dict.fromkeys(scheme) if letter not in repeated]
    if others:
        said.append(texts["free"].format(places=_places(scheme, others, language)))
    return _CLAUSES[language].join(said)


def _places(scheme: str, letters: Sequence[str], language: Language) -> str:
    between = "、" if language is Language.ZH else ", "
    return between.join(str(i + 1) for i, letter in enumerate(scheme) if letter in letters)


def _quoted(text: str) -> str:
    """The asker's text on one line and without quotation marks, so that it cannot leave its own."""
    return _QUOTES.sub("'", clean(text))


def _prompt(system: str, user: str) -> Prompt:
    return Prompt(_tidy(system), _tidy(user))


def _tidy(text: str) -> str:
    return "\n".join(line for line in text.strip().splitlines() if line.strip())


@functools.cache
def _texts(language: Language) -> dict[str, Any]:
    path = resources.files("generators.backends.language") / "prompts.toml"
    found: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))[language]
    return found
