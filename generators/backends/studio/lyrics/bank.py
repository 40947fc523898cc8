"""The original line bank: reads data/<language>/*.toml into units that are ready to be chosen.

In a file, each role holds one template a line. " / " joins two lines that belong together; a
leading "+ " or "- " marks a bright or a dark one, no mark means it suits any mood.
"""

import functools
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from typing import Any, Final

from generators.backends.studio.lyrics.pronunciations import PACKAGE
from generators.backends.studio.lyrics.template import Variant, expand, to_singable
from generators.specs import Language, Mood

COUPLET: Final = " / "


class Role(StrEnum):
    """What a line does in a song."""

    SCENE = "scene"  # where and when: opens a verse
    DETAIL = "detail"  # a thing seen or done
    MEMORY = "memory"  # the other one, or what was before
    FEELING = "feeling"  # what it comes to: closes a verse
    HOOK = "hook"  # the line everybody remembers: opens the chorus
    CHORUS = "chorus"
    BRIDGE = "bridge"  # the turn


class Tone(StrEnum):
    BRIGHT = "+"
    DARK = "-"
    ANY = ""


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """One or two lines that stand together, each in all its variants.

    source: the theme or the mood it was written for.
    """

    lines: tuple[tuple[Variant, ...], ...]
    role: Role
    tone: Tone
    source: str


@dataclass(frozen=True, slots=True)
class Theme:
    """What a free-text theme is matched against. kin: themes whose lines can stand in, nearest first."""

    name: str
    keywords: tuple[str, ...]
    kin: tuple[str, ...]
    home_of: tuple[str, ...]  # moods that fall back on this theme


@functools.cache
def themes() -> Sequence[Theme]:
    """Every theme, in the order of the file, which settles ties."""
    found = tomllib.loads((resources.files(PACKAGE) / "data/themes.toml").read_text(encoding="utf-8"))
    return [
        Theme(name, tuple(row["zh"] + row["en"]), tuple(row["kin"]), tuple(row.get("home_of", ())))
        for name, row in found.items()
    ]


@functools.cache
def theme_units(name: str, language: Language) -> Sequence[Unit]:
    """The units of one theme; parsed on first use."""
    return list(_units(_file(name, language), name, language))


@functools.cache
def mood_units(mood: Mood, language: Language) -> Sequence[Unit]:
    """Lines that carry a mood on any theme."""
    return list(_units(_file("moods", language)[mood], mood, language))


@functools.cache
def titles(name: str, language: Language) -> Sequence[str]:
    """Titles for a song whose theme text cannot be one."""
    return _lines(_file(name, language)["titles"])


@functools.cache
def weaving_templates(use: str, language: Language) -> Sequence[str]:
    """Templates that hold the asker's own words at {T}; use is "theme" or "words"."""
    return _lines(_file("weaving", language)[use])


def _lines(block: str) -> list[str]:
    return [line.strip() for line in block.splitlines() if line.strip()]


def _units(blocks: Mapping[str, str], source: str, language: Language) -> Iterator[Unit]:
    for role in Role:
        for line in _lines(blocks.get(role, "")):
            tone = Tone(line[0]) if line[:2] in {"+ ", "- "} else Tone.ANY
            templates = line.removeprefix(f"{tone} ").split(COUPLET)
            variants = tuple(to_singable(expand(template), language) for template in templates)
            yield Unit(variants, role, tone, source)


@functools.cache
def _file(name: str, language: Language) -> dict[str, Any]:
    path = resources.files(PACKAGE) / "data" / language / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))
