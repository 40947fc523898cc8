"""Composes one song: plan, sections, title, and the honest report on its rhymes."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from generators.backends.studio.lyrics import bank, shelf, theme, weave
from generators.backends.studio.lyrics.draft import Slot
from generators.backends.studio.lyrics.plan import headings, roles_of
from generators.backends.studio.lyrics.rhyme import SYSTEMS, check_scheme
from generators.backends.studio.lyrics.template import Variant
from generators.backends.studio.lyrics.weave import Place
from generators.backends.studio.lyrics.writer import Writer
from generators.specs import Language, LyricsSpec, Section

_USUAL_SYLLABLES: Final = {Language.ZH: (8, 9, 9, 10), Language.EN: (8, 9, 9, 10)}
_VARIED_ENDING_SHARE: Final = 0.35  # of the songs: the last chorus ends on a new line
_BRACKETED_TITLE_SHARE: Final = 0.4
_ATTEMPTS: Final = 6  # at a song whose rhymes the verifier accepts; the first is nearly always good
_SMALL_WORDS: Final = frozenset(
    ("a", "an", "the", "and", "or", "of", "in", "on", "at", "to", "for", "from", "with", "by", "my")
)


@dataclass(frozen=True, slots=True)
class Composition:
    """A finished song, its label line not yet added."""

    title: str
    headings: Sequence[str]
    sections: Sequence[Sequence[str]]
    rhyme: Mapping[str, object]

    def to_text(self, label: str) -> str:
        """Plain text: title, headed sections, and the label as the last line."""
        parts = [
            "\n".join((heading, *lines)) for heading, lines in zip(self.headings, self.sections, strict=True)
        ]
        return "\n\n".join((self.title, *parts, label))


class CancelledError(Exception):
    """The caller asked to stop."""


def compose(spec: LyricsSpec, seed: int, on_step: Callable[[], bool]) -> Composition:
    """One song; the same for the same spec and seed.

    on_step: called after the plan and after each section; False stops the song.
    Raises: CancelledError.
    """
    _advance(on_step)
    for attempt in range(_ATTEMPTS):
        steps = on_step if attempt == 0 else _never_stops
        made = _Composer(spec, random.Random(f"{seed}/{attempt}")).compose(steps)
        if made.rhyme["ok"]:
            break
    return made


def _never_stops() -> bool:
    return True


def _advance(on_step: Callable[[], bool]) -> None:
    if not on_step():
        raise CancelledError


class _Composer:
    def __init__(self, spec: LyricsSpec, dice: random.Random) -> None:
        self._spec = spec
        self._dice = dice
        self._theme = theme.match_theme(spec.theme, spec.mood)
        self._phrase = theme.singable_phrase(spec.theme)
        self._reserved = weave.reserve(
            spec.sections, spec.rhyme, self._phrase, spec.words, spec.language, dice
        )
        widths = (shelf.own_shelf, shelf.kin_shelf, shelf.whole_shelf)
        self._writer = Writer(
            [partial(width, self._theme.name, spec.mood, spec.language) for width in widths],
            dice,
            usual_syllables=dice.choice(_USUAL_SYLLABLES[spec.language]),
        )

    def compose(self, on_step: Callable[[], bool]) -> Composition:
        written: list[Sequence[Variant]] = []
        melodies: dict[Section, Sequence[Variant]] = {}  # the first section of each kind sets the tune
        for i, section in enumerate(self._spec.sections):
            if section is Section.CHORUS and section in melodies:
                written.append(self._sing_again(i, melodies[section]))
            else:
                lines = self._writer.write(self._slots(i, melodies.get(section)))
                melodies.setdefault(section, lines)
                written.append(lines)
            _advance(on_step)
        texts = [[variant.text for variant in lines] for lines in written]
        named = headings(self._spec.sections, self._spec.language)
        return Composition(self._title(), named, texts, report_rhymes(self._spec, named, texts))

    def _slots(self, index: int, melody: Sequence[Variant] | None) -> list[Slot]:
        """The lines of one section; a later verse keeps the line lengths of the first."""
        spec = self._spec
        section = spec.sections[index]
        nth = spec.sections[:index].count(section)
        near = [variant.syllables for variant in melody] if melody else [None] * len(spec.rhyme)
        return [
            Slot(role, letter, near[i], self._reserved.get(Place(index, i), ()))
            for i, (role, letter) in enumerate(
                zip(roles_of(section, nth, len(spec.rhyme)), spec.rhyme, strict=True)
            )
        ]

    def _sing_again(self, index: int, chorus: Sequence[Variant]) -> Sequence[Variant]:
        """The chorus once more; the last one of a song may end on a new line."""
        spec = self._spec
        is_last = Section.CHORUS not in spec.sections[index + 1 :]
        first = spec.sections.index(Section.CHORUS)
        is_woven = Place(first, len(chorus) - 1) in self._reserved
        if not is_last or is_woven or self._dice.random() > _VARIED_ENDING_SHARE:
            return chorus
        ending = self._writer.rewrite_last(self._slots(first, None), chorus)
        return [*chorus[:-1], ending] if ending else chorus

    def _title(self) -> str:
        """The asker's words, sometimes with the song's own image behind them in brackets."""
        own = self._dice.choice(bank.titles(self._theme.name, self._spec.language))
        if self._phrase is None:
            return own
        is_han = self._spec.language is Language.ZH
        title = self._phrase if is_han else _title_case(self._phrase)
        if own.casefold() in title.casefold() or self._dice.random() > _BRACKETED_TITLE_SHARE:
            return title
        return f"{title}（{own}）" if is_han else f"{title} ({own})"


def report_rhymes(
    spec: LyricsSpec, named: Sequence[str], texts: Sequence[Sequence[str]]
) -> dict[str, object]:
    """What the verifier hears in the finished lines; nothing is taken from the writing.

    Args:
        named: one bracketed heading a section.
    """
    rows = [
        {"section": heading.strip("[]"), **check_scheme(lines, spec.rhyme, spec.language)}
        for heading, lines in zip(named, texts, strict=True)
    ]
    return {
        "scheme": spec.rhyme,
        "language": spec.language.value,
        "system": SYSTEMS[spec.language],
        "sections": rows,
        "ok": all(row["ok"] for row in rows),
    }


def _title_case(phrase: str) -> str:
    words = phrase.split()
    return " ".join(
        word if i and word.lower() in _SMALL_WORDS else word[0].upper() + word[1:]
        for i, word in enumerate(words)
    )
