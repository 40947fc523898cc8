"""How common English words sound: a subset of the CMU Pronouncing Dictionary (data/cmu)."""

import functools
from collections.abc import Collection
from importlib import resources
from typing import Final

import regex

PACKAGE: Final = "generators.backends.studio.lyrics"
_WORD: Final = regex.compile(r"[a-z]+(?:'[a-z]+)*")


def words_in(text: str) -> list[str]:
    """The Latin words of a text, lower case, hyphens split, apostrophes straight."""
    return _WORD.findall(text.lower().replace("’", "'"))


def find_pronunciations(word: str) -> tuple[str, ...]:
    """Every ARPABET pronunciation with stress digits, the usual one first; () when unknown.

    A possessive or a dropped g is looked up by its stem: "mother's", "singin'".
    """
    known = _table()
    word = word.lower().replace("’", "'")
    if word in known:
        return tuple(known[word].split("\t"))
    if word.endswith("'s") and word[:-2] in known:
        return tuple(_with_s(sound) for sound in known[word[:-2]].split("\t"))
    return ()


def known_words() -> Collection[str]:
    """Every word of the table, lower case, in order of the alphabet."""
    return _table().keys()


def _with_s(sound: str) -> str:
    last = sound.rsplit(" ", 1)[-1]
    if last in {"S", "Z", "SH", "ZH", "CH", "JH"}:
        return f"{sound} IH0 Z"
    return f"{sound} S" if last in {"P", "T", "K", "F", "TH"} else f"{sound} Z"


@functools.cache
def _table() -> dict[str, str]:
    """Word to its pronunciations, tab-separated; read once, 0.01 s."""
    path = resources.files(PACKAGE) / "data/cmu/pronunciations.tsv"
    lines = path.read_text(encoding="ascii").splitlines()
    return dict(line.split("\t", 1) for line in lines)
