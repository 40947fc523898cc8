"""Writes sections line by line: of all lines that rhyme where they must, the one that sits best."""

import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from generators.backends.studio.lyrics.bank import Role, Unit
from generators.backends.studio.lyrics.draft import Draft, Slot, class_of, echoes, supply_of
from generators.backends.studio.lyrics.plan import STAND_INS
from generators.backends.studio.lyrics.rhyme import FREE
from generators.backends.studio.lyrics.shelf import Candidate, Shelf
from generators.backends.studio.lyrics.template import Variant

# Costs, in units of one step of preference.
_PER_SYLLABLE: Final = 0.2  # off the song's usual line length
_PER_IMAGE: Final = 0.45  # an image already used in this section; half for one used earlier
_COUPLET: Final = -0.2  # two lines written for each other
_SAME_SOUND_AGAIN: Final = 0.3  # weight of a sound that the section before rhymed on
_JITTER: Final = 5.5  # what makes two songs differ
_SAMPLE: Final = 60  # lines looked at where any rhyme will do
_TRIES: Final = 4


class Writer:
    """Writes the sections of one song; never the same line twice while there is another.

    shelves: where lines are looked for, from the nearest to the widest.
    """

    def __init__(
        self, shelves: Sequence[Callable[[], Shelf]], dice: random.Random, *, usual_syllables: int
    ) -> None:
        self._shelves = shelves
        self._dice = dice
        self._usual = usual_syllables
        self._units: set[Unit] = set()
        self._texts: set[str] = set()
        self._images: set[str] = set()
        self._last_sounds: frozenset[str] = frozenset()

    def write(self, slots: Sequence[Slot]) -> list[Variant]:
        """One line a slot. Wishes are given up one by one: the tune, fresh lines, last the rhyme.

        Raises: LookupError when the bank has no lines at all.
        """
        loose = [Slot(slot.role, slot.letter, None, slot.reserved) for slot in slots]
        unrhymed = [Slot(slot.role, FREE, None, slot.reserved) for slot in slots]
        for wanted, is_repeat_fine in ((slots, False), (loose, False), (loose, True), (unrhymed, True)):
            for shelf in self._shelves:
                for _ in range(_TRIES):
                    draft = self._attempt(wanted, shelf(), is_repeat_fine=is_repeat_fine)
                    if draft is not None:
                        self._keep(draft)
                        return draft.lines
        raise LookupError(f"no lines for {[slot.letter for slot in slots]}")

    def rewrite_last(self, slots: Sequence[Slot], lines: Sequence[Variant]) -> Variant | None:
        """Another last line for a section already written; None when nothing fits."""
        *kept, old = lines
        letters = [slot.letter for slot in slots]
        if letters.count(letters[-1]) == 1:
            return None
        draft = Draft({letters[-1]: old.sound})
        for variant, letter in zip(kept, letters, strict=False):
            draft.put(variant, letter, is_single=False)
        draft.ends[letters[-1]].add(old.end)
        slot = Slot(slots[-1].role, letters[-1], old.syllables)
        found = self._best_single(slot, draft, self._shelves[0](), is_single=False, is_repeat_fine=False)
        return found[1].variant if found else None

    def _keep(self, draft: Draft) -> None:
        self._units.update(draft.units)
        self._texts.update(line.text for line in draft.lines)
        self._images |= draft.images
        self._last_sounds = frozenset(draft.sounds.values())

    def _attempt(self, slots: Sequence[Slot], shelf: Shelf, *, is_repeat_fine: bool) -> Draft | None:
        sounds = self._choose_sounds(slots, shelf)
        if sounds is None:
            return None
        draft = Draft(sounds)
        while (i := len(draft.lines)) < len(slots):
            if not self._place(slots[i : i + 2], draft, shelf, is_repeat_fine=is_repeat_fine):
                return None
        return draft

    def _place(self, slots: Sequence[Slot], draft: Draft, shelf: Shelf, *, is_repeat_fine: bool) -> bool:
        """Add the best next line or couplet; False when nothing fits."""
        slot = slots[0]
        is_single = slot.letter not in draft.sounds and slot.letter != FREE
        options = [
            self._best_single(slot, draft, shelf, is_single=is_single, is_repeat_fine=is_repeat_fine),
            self._best_couplet(slots, draft, shelf) if len(slots) == 2 else None,
        ]
        found = min((option for option in options if option), key=lambda option: option[0], default=None)
        if found is None:
            return False
        _, candidate, second = found
        draft.put(candidate.variant, slot.letter, is_single=is_single)
        draft.units.append(candidate.unit)
        if second is not None:
            follower = slots[1].letter
            draft.put(second, follower, is_single=follower not in draft.sounds and follower != FREE)
        return True

    def _best_single(
        self, slot: Slot, draft: Draft, shelf: Shelf, *, is_single: bool, is_repeat_fine: bool
    ) -> tuple[float, Candidate, None] | None:
        sound = draft.sounds.get(slot.letter)
        rows = _reserved(slot, sound) if slot.reserved else self._rows(slot.role, sound, shelf)
        best: tuple[float, Candidate, None] | None = None
        for cost, row in rows:
            if not self._fits(row.variant, slot, draft) or (
                row.variant.text in self._texts
                if is_repeat_fine
                else row.unit in self._units or row.unit in draft.units
            ):
                continue
            total = cost + row.cost + self._cost(row.variant, draft)
            if best is None or total < best[0]:
                best = (total, row, None)
        return best

    def _best_couplet(
        self, slots: Sequence[Slot], draft: Draft, shelf: Shelf
    ) -> tuple[float, Candidate, Variant] | None:
        first, second = slots
        if first.reserved or second.reserved:
            return None
        sound = draft.sounds.get(first.letter)
        best: tuple[float, Candidate, Variant] | None = None
        for row in _of_sound(shelf.couplets[first.role], sound):
            if (
                row.unit in self._units
                or row.unit in draft.units
                or not self._fits(row.variant, first, draft)
            ):
                continue
            followers = [
                v
                for v in row.unit.lines[1]
                if self._fits(v, second, draft)
                and not echoes(v.end, row.variant.end)
                and (second.letter in draft.sounds or class_of(v.sound) != class_of(row.variant.sound))
            ]
            if not followers:
                continue
            follower = self._dice.choice(followers)
            total = _COUPLET + row.cost + self._cost(row.variant, draft)
            if best is None or total < best[0]:
                best = (total, row, follower)
        return best

    def _rows(self, role: Role, sound: str | None, shelf: Shelf) -> Iterator[tuple[float, Candidate]]:
        for stand_in, cost in STAND_INS[role].items():
            rows: Sequence[Candidate]
            if sound is not None:
                rows = shelf.singles[stand_in].get(sound, ())
            else:
                rows = shelf.any_sound.get(stand_in, ())
                rows = self._dice.sample(rows, min(_SAMPLE, len(rows)))
            yield from ((cost, row) for row in rows)

    def _fits(self, variant: Variant, slot: Slot, draft: Draft) -> bool:
        if slot.near is not None and abs(variant.syllables - slot.near) > 1:
            return False
        sound = draft.sounds.get(slot.letter)
        if sound is not None:
            ends = draft.ends.get(slot.letter, ())
            return variant.sound == sound and not any(echoes(variant.end, end) for end in ends)
        heard = class_of(variant.sound)
        # A line without a partner must not chime with the others: that would be another scheme.
        return heard not in map(class_of, draft.sounds.values()) and heard not in draft.single_classes

    def _cost(self, variant: Variant, draft: Draft) -> float:
        again = len(variant.images & draft.images) + len(variant.images & self._images) / 2
        return (
            _PER_SYLLABLE * abs(variant.syllables - self._usual)
            + _PER_IMAGE * again
            + _JITTER * self._dice.random()
        )

    def _choose_sounds(self, slots: Sequence[Slot], shelf: Shelf) -> dict[str, str] | None:
        """A sound for every letter that has to rhyme, likelier the more end words it has."""
        letters = [slot.letter for slot in slots]
        chosen: dict[str, str] = {}
        for letter in dict.fromkeys(letters):
            if letter == FREE or letters.count(letter) == 1:
                continue
            taken = {class_of(sound) for sound in chosen.values()}
            supply = supply_of([slot for slot in slots if slot.letter == letter], shelf)
            open_sounds = {s: n for s, n in supply.items() if class_of(s) not in taken}
            if not open_sounds:
                return None
            weights = [
                math.sqrt(n) * (_SAME_SOUND_AGAIN if s in self._last_sounds else 1)
                for s, n in open_sounds.items()
            ]
            chosen[letter] = self._dice.choices(list(open_sounds), weights)[0]
        return chosen


def _reserved(slot: Slot, sound: str | None) -> Iterator[tuple[float, Candidate]]:
    for unit in slot.reserved:
        for variant in unit.lines[0]:
            if sound is None or variant.sound == sound:
                yield 0.0, Candidate(0.0, unit, variant)


def _of_sound(rows: Mapping[str, Sequence[Candidate]], sound: str | None) -> Iterable[Candidate]:
    if sound is not None:
        return rows.get(sound, ())
    return (row for same in rows.values() for row in same)
