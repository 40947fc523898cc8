"""Places for the asker's own words: which lines must hold them, and what those lines may say."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from generators.backends.studio.lyrics import bank
from generators.backends.studio.lyrics.bank import Role, Tone, Unit
from generators.backends.studio.lyrics.rhyme import FREE
from generators.backends.studio.lyrics.template import SINGABLE, expand, to_variants
from generators.backends.studio.lyrics.theme import clean
from generators.specs import Language, Section

_BLANK: Final = "{T}"


@dataclass(frozen=True, slots=True)
class Place:
    """One line of the song: the section's index in the spec, and the line's in the section."""

    section: int
    line: int


def written_once(sections: Sequence[Section]) -> list[int]:
    """Indices of the sections that get lines of their own: the chorus only where it first stands."""
    return [i for i, s in enumerate(sections) if s is not Section.CHORUS or s not in sections[:i]]


def reserve(
    sections: Sequence[Section],
    scheme: str,
    phrase: str | None,
    words: Sequence[str],
    language: Language,
    dice: random.Random,
) -> Mapping[Place, Sequence[Unit]]:
    """Lines that must hold the theme's phrase and each of the words, with what they may say."""
    places = [Place(s, line) for s in written_once(sections) for line in range(len(scheme))]
    reserved: dict[Place, Sequence[Unit]] = {}
    if phrase is not None:
        reserved[_theme_place(places, sections, dice)] = _units("theme", phrase, language)
    open_places = _by_comfort([place for place in places if place not in reserved], sections, scheme, dice)
    names = list(dict.fromkeys(name for word in words if (name := clean(word))))
    for place, group in zip(open_places, _groups(names, max(1, len(places) // 3)), strict=False):
        reserved[place] = _units("words", _listed(group, language), language)
    return reserved


def _theme_place(places: Sequence[Place], sections: Sequence[Section], dice: random.Random) -> Place:
    """Where the theme is named: in the chorus, at either end, or in the song's first line."""
    chorus = [place for place in places if sections[place.section] is Section.CHORUS]
    ends = [chorus[0], chorus[-1]] if chorus else [places[0]]
    return dice.choice(ends)


def _by_comfort(
    places: Sequence[Place], sections: Sequence[Section], scheme: str, dice: random.Random
) -> list[Place]:
    """Places for names, the easiest first: lines that need not rhyme, never two in a row in a
    section, verses before choruses, openings and hooks last."""

    def strain(place: Place) -> float:
        letter = scheme[place.line]
        is_free = letter == FREE or scheme.count(letter) == 1
        is_chorus = sections[place.section] is Section.CHORUS
        return (place.line == 0) * 4 + is_chorus * 2 + (not is_free) * 2 + dice.random()

    ordered = sorted(places, key=strain)
    firsts: list[Place] = []
    for place in ordered:  # one a section before a second one anywhere
        if all(place.section != other.section for other in firsts):
            firsts.append(place)
    return firsts + [place for place in ordered if place not in firsts]


def _groups(names: Sequence[str], most: int) -> list[list[str]]:
    """The names dealt into at most `most` lines, as evenly as can be."""
    count = min(most, len(names))
    return [list(names[i::count]) for i in range(count)]


def _listed(names: Sequence[str], language: Language) -> str:
    if language is Language.ZH:
        return "、".join(names)
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _units(use: str, phrase: str, language: Language) -> list[Unit]:
    """One unit a template; a phrase too long for a singable line gets the shortest lines there are."""
    floor, longest = SINGABLE[language]
    made = []
    for template in bank.weaving_templates(use, language):
        if use == "words" and template.startswith(_BLANK) and phrase[0].islower():
            continue  # a line starts with a capital, and a word is sung as it was written
        lines = [_start(line.replace(_BLANK, phrase), language) for line in expand(template)]
        made.append(to_variants(lines, language))
    shortest = min(variant.syllables for variants in made for variant in variants)
    limit = max(longest, shortest + 3)
    fitting = (tuple(v for v in variants if floor <= v.syllables <= limit) for variants in made)
    return [Unit((variants,), Role.FEELING, Tone.ANY, "weaving") for variants in fitting if variants]


def _start(line: str, language: Language) -> str:
    return line[0].upper() + line[1:] if language is Language.EN else line
