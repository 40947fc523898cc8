"""A section in the making: its slots, what stands in them, and which sounds could fill them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from generators.backends.studio.lyrics.bank import Role, Unit
from generators.backends.studio.lyrics.shelf import Shelf
from generators.backends.studio.lyrics.template import Variant

_VOWELS: Final = frozenset("aeiouy")


@dataclass(frozen=True, slots=True)
class Slot:
    """One line to be written.

    near: syllables of the line sung to the same notes, to be met within one; None when free.
    reserved: the only lines that may stand here, because they hold the asker's words.
    """

    role: Role
    letter: str
    near: int | None = None
    reserved: Sequence[Unit] = ()


@dataclass(slots=True)
class Draft:
    """A section in the making."""

    sounds: Mapping[str, str]  # of letters that occur more than once
    lines: list[Variant] = field(default_factory=list)
    units: list[Unit] = field(default_factory=list)
    ends: dict[str, set[str]] = field(default_factory=dict)
    single_classes: set[str] = field(default_factory=set)
    images: set[str] = field(default_factory=set)

    def put(self, variant: Variant, letter: str, *, is_single: bool) -> None:
        """Add a line and remember its end word, so that no word rhymes with itself."""
        self.lines.append(variant)
        self.ends.setdefault(letter, set()).add(variant.end)
        self.images |= variant.images
        if is_single:
            self.single_classes.add(class_of(variant.sound))


def class_of(sound: str) -> str:
    """The checked class of a sound of the bank."""
    return sound.removesuffix("-i")


def echoes(one: str, other: str) -> bool:
    """Whether two end words are one word to the ear: night and tonight, but not rain and train."""
    short, long = sorted((one, other), key=len)
    if not long.endswith(short) or short[:1] in "aeiou":
        return one == other
    before = long.removesuffix(short)
    return not before or not _VOWELS.isdisjoint(before)


def supply_of(slots: Sequence[Slot], shelf: Shelf) -> dict[str, float]:
    """Sounds that can end all these lines, with how richly the poorest of them is served."""
    free = [slot for slot in slots if not slot.reserved]
    served = [shelf.supply.get(slot.role, {}) for slot in free]
    sounds = {
        sound: min(each)
        for sound in (served[0] if served else ())
        if min(each := [by_sound.get(sound, 0.0) for by_sound in served]) >= 1 and sum(each) >= 2 * len(each)
    }
    woven = [_woven_ends(slot) for slot in slots if slot.reserved]
    if not woven:
        return sounds
    choices = {
        sound: len(frozenset[str]().union(*(ends[sound] for ends in woven)))
        for sound in woven[0]
        if all(sound in ends for ends in woven) and (sound in sounds or not served)
    }
    return {sound: min(n, sounds.get(sound, n)) for sound, n in choices.items() if n > len(woven)}


def _woven_ends(slot: Slot) -> dict[str, set[str]]:
    """The end words a reserved line can have, by sound."""
    ends: dict[str, set[str]] = {}
    for variant in (variant for unit in slot.reserved for variant in unit.lines[0] if variant.sound):
        ends.setdefault(variant.sound, set()).add(variant.end)
    return ends
