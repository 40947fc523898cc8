"""The spellings of one term that are written down in advance, so that matching is a single pass."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Final

from moderation.categories import Category
from moderation.normal import is_han, read_pairs
from moderation.terms import Mode, Term

MAX_MIXED_HAN: Final = 4  # 2^n mixtures; longer terms are written wholly in Han or wholly in pinyin
MIN_JOINED_LENGTH: Final = 6  # of Latin words run together; shorter ones meet innocent words


def spellings(term: Term) -> set[str]:
    """Every spelling of a term as a skeleton holds it, the term itself included."""
    found = {term.text}
    if term.mode in (Mode.MIXED, Mode.PINYIN):
        found.update(_pinyin_spellings(term.text, whole=term.mode is Mode.PINYIN))
    if isinstance(term.meaning, Category) and " " in term.text:
        joined = term.text.replace(" ", "")
        if len(joined) >= MIN_JOINED_LENGTH:
            found.add(joined)
    return found | {spelling.replace("'", "") for spelling in found}


def _readings(char: str) -> tuple[str, ...]:
    """The toneless syllable of a Han character, with u-umlaut both as v and as u; () when unknown."""
    syllable = read_pairs("pinyin.tsv").get(char) if is_han(char) else char
    if syllable is None:
        return ()
    return (syllable, syllable.replace("v", "u")) if "v" in syllable else (syllable,)


def _pinyin_spellings(text: str, *, whole: bool) -> Iterator[str]:
    readings = [_readings(char) for char in text]
    if not all(readings):
        return
    if whole:
        for syllables in itertools.product(*readings):
            yield from _spaced(syllables)
    if len(text) <= MAX_MIXED_HAN:
        for spelled in itertools.product((False, True), repeat=len(text)):
            if any(spelled) and not all(spelled):
                columns = zip(text, readings, spelled, strict=True)
                yield from _spaced([reading[0] if spell else char for char, reading, spell in columns])


def _spaced(parts: Sequence[str]) -> Iterator[str]:
    """Parts joined with and without blanks between neighbours that are both Latin."""
    if len(parts) > MAX_MIXED_HAN:
        yield from ("".join(parts), " ".join(parts))
        return
    gaps = [
        ("", " ") if not is_han(left[-1]) and not is_han(right[0]) else ("",)
        for left, right in itertools.pairwise(parts)
    ]
    for blanks in itertools.product(*gaps):
        yield "".join(part + blank for part, blank in zip(parts, (*blanks, ""), strict=True))
