"""The plan of a song before any line is chosen: which role each line plays in its section."""

from collections.abc import Mapping, Sequence
from typing import Final

from generators.backends.studio.lyrics.bank import Role
from generators.specs import Language, Section

# What else may stand in for a role, and how much worse it sits there.
STAND_INS: Final[Mapping[Role, Mapping[Role, float]]] = {
    Role.SCENE: {Role.SCENE: 0, Role.DETAIL: 1.4, Role.MEMORY: 2},
    Role.DETAIL: {Role.DETAIL: 0, Role.SCENE: 0.5, Role.MEMORY: 0.5, Role.FEELING: 2},
    Role.MEMORY: {Role.MEMORY: 0, Role.DETAIL: 0.4, Role.FEELING: 1.6, Role.SCENE: 1.4},
    Role.FEELING: {Role.FEELING: 0, Role.BRIDGE: 1.2, Role.MEMORY: 1.2, Role.DETAIL: 1.6},
    Role.HOOK: {Role.HOOK: 0, Role.CHORUS: 5},
    Role.CHORUS: {Role.CHORUS: 0, Role.FEELING: 1.5, Role.BRIDGE: 2.5, Role.DETAIL: 3.5},
    Role.BRIDGE: {Role.BRIDGE: 0, Role.FEELING: 1.2, Role.CHORUS: 2.2, Role.MEMORY: 2.5},
}
_MIDDLES: Final[Sequence[Sequence[Role]]] = (
    (Role.DETAIL, Role.DETAIL, Role.MEMORY, Role.DETAIL, Role.DETAIL, Role.MEMORY),  # here and now
    (Role.MEMORY, Role.DETAIL, Role.MEMORY, Role.DETAIL, Role.MEMORY, Role.DETAIL),  # what was
    (Role.DETAIL, Role.MEMORY, Role.DETAIL, Role.FEELING, Role.DETAIL, Role.MEMORY),  # both at once
)
_NUMERALS: Final = "一二三四五六七八"
_NAMES: Final = {
    Language.ZH: {Section.VERSE: "主歌", Section.CHORUS: "副歌", Section.BRIDGE: "桥段"},
    Language.EN: {Section.VERSE: "Verse", Section.CHORUS: "Chorus", Section.BRIDGE: "Bridge"},
}


def roles_of(section: Section, nth: int, lines: int) -> list[Role]:
    """One role a line. nth counts the sections of this kind from 0: verses move on, from what is
    there, to what was, to both."""
    if section is Section.CHORUS:
        return [Role.HOOK] + [Role.CHORUS] * (lines - 1)
    if section is Section.BRIDGE:
        return [Role.BRIDGE] * lines
    middle = _MIDDLES[min(nth, 2)]
    opening = Role.MEMORY if nth % 2 else Role.SCENE
    return [opening, *middle[: lines - 2], Role.FEELING]


def headings(sections: Sequence[Section], language: Language) -> list[str]:
    """One bracketed heading a section, in the song's language; only the chorus is never numbered."""
    seen = dict.fromkeys(Section, 0)
    made = []
    for section in sections:
        name = _NAMES[language][section]
        number = _number(seen[section], language)
        is_plain = section is Section.CHORUS or (
            section is Section.BRIDGE and sections.count(Section.BRIDGE) == 1
        )
        made.append(f"[{name}]" if is_plain else f"[{name}{number}]")
        seen[section] += 1
    return made


def _number(nth: int, language: Language) -> str:
    return _NUMERALS[nth] if language is Language.ZH else f" {nth + 1}"
