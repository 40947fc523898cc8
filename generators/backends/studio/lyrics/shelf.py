"""All lines that suit one theme and mood, laid out by role and sound, with what each choice costs."""

import functools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from generators.backends.studio.lyrics import bank
from generators.backends.studio.lyrics.bank import Role, Tone, Unit
from generators.backends.studio.lyrics.plan import STAND_INS
from generators.backends.studio.lyrics.template import Variant
from generators.specs import Language, Mood

# How badly a line of a tone sits in a mood; TABOO is only on the whole shelf.
TABOO: Final = 8.0
_TONE_COST: Final[Mapping[Mood, Mapping[Tone, float]]] = {
    Mood.TENDER: {Tone.ANY: 0, Tone.BRIGHT: 0.3, Tone.DARK: 1.2},
    Mood.JOYFUL: {Tone.ANY: 0.4, Tone.BRIGHT: 0, Tone.DARK: TABOO},
    Mood.NOSTALGIC: {Tone.ANY: 0, Tone.BRIGHT: 1.2, Tone.DARK: 0.3},
    Mood.HOPEFUL: {Tone.ANY: 0.2, Tone.BRIGHT: 0, Tone.DARK: 3},
    Mood.MELANCHOLY: {Tone.ANY: 0.4, Tone.BRIGHT: TABOO, Tone.DARK: 0},
    Mood.HEROIC: {Tone.ANY: 0.2, Tone.BRIGHT: 0, Tone.DARK: TABOO},
    Mood.PLAYFUL: {Tone.ANY: 0.4, Tone.BRIGHT: 0, Tone.DARK: TABOO},
    Mood.SERENE: {Tone.ANY: 0, Tone.BRIGHT: 0.5, Tone.DARK: 3},
}
_KIN_COST: Final = 3.0
_STRANGER_COST: Final = 6.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """One variant of a unit's first line. A couplet's second line is chosen from unit.lines[1]."""

    cost: float
    unit: Unit
    variant: Variant


_Row = tuple[float, Unit]
_Rows = dict[Role, dict[str, list[Candidate]]]


class Shelf:
    """Candidates by role, single lines apart from couplets."""

    def __init__(self, units: Iterable[_Row]) -> None:
        singles: _Rows = defaultdict(lambda: defaultdict(list))
        self.couplets: _Rows = defaultdict(lambda: defaultdict(list))
        for cost, unit in units:
            rows = self.couplets if len(unit.lines) == 2 else singles
            for variant in unit.lines[0]:
                rows[unit.role][variant.sound].append(Candidate(cost, unit, variant))
        self.singles: _Rows = singles

    @functools.cached_property
    def any_sound(self) -> Mapping[Role, Sequence[Candidate]]:
        """Single lines of a role, whatever they rhyme on."""
        return {
            role: [row for rows in sounds.values() for row in rows] for role, sounds in self.singles.items()
        }

    @functools.cached_property
    def supply(self) -> Mapping[Role, Mapping[str, float]]:
        """How many different units a role has for a sound; a stand-in counts less the worse it is."""
        own = {
            role: {sound: len({row.unit for row in rows}) for sound, rows in sounds.items() if sound}
            for role, sounds in self.singles.items()
        }
        return {
            role: {
                sound: sum(
                    own.get(other, {}).get(sound, 0) / (1 + 2 * cost) for other, cost in others.items()
                )
                for sound in own.get(role, {})
            }
            for role, others in STAND_INS.items()
        }


@functools.lru_cache(maxsize=64)
def own_shelf(theme: str, mood: Mood, language: Language) -> Shelf:
    """Lines written for the theme, and lines that carry the mood anywhere."""
    return Shelf(_fitting(_own_rows(theme, mood, language)))


@functools.lru_cache(maxsize=64)
def kin_shelf(theme: str, mood: Mood, language: Language) -> Shelf:
    """The same and the lines of kindred themes, for when a scheme asks for more."""
    return Shelf(_fitting(_wider(theme, mood, language, dict.fromkeys(_theme(theme).kin, _KIN_COST))))


@functools.lru_cache(maxsize=16)
def whole_shelf(theme: str, mood: Mood, language: Language) -> Shelf:
    """Every line there is: the last resort of an extreme scheme."""
    near = _theme(theme).kin
    costs = {
        t.name: _KIN_COST if t.name in near else _STRANGER_COST for t in bank.themes() if t.name != theme
    }
    return Shelf(_wider(theme, mood, language, costs))


def _own_rows(theme: str, mood: Mood, language: Language) -> list[_Row]:
    tones = _TONE_COST[mood]
    rows = [(tones[unit.tone], unit) for unit in bank.theme_units(theme, language)]
    return rows + [(0.0, unit) for unit in bank.mood_units(mood, language)]


def _wider(theme: str, mood: Mood, language: Language, others: Mapping[str, float]) -> list[_Row]:
    tones = _TONE_COST[mood]
    rows = _own_rows(theme, mood, language)
    for name, cost in others.items():
        # A hook belongs to its own theme: elsewhere it would promise another song.
        units = (unit for unit in bank.theme_units(name, language) if unit.role is not Role.HOOK)
        rows += [(cost + tones[unit.tone], unit) for unit in units]
    return rows


def _fitting(rows: Iterable[_Row]) -> Iterable[_Row]:
    return (row for row in rows if row[0] < TABOO)


def _theme(name: str) -> bank.Theme:
    return next(theme for theme in bank.themes() if theme.name == name)
