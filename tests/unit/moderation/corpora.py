"""The example prompts of this folder: one a line, # for comments."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parent / "corpus"


class Hostile(NamedTuple):
    category: str
    disguise: str
    text: str


def _lines(name: str) -> Iterator[str]:
    for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line


def innocent() -> list[str]:
    names = ("innocent_zh.txt", "innocent_en.txt", "innocent_held_out.txt")
    return [line for name in names for line in _lines(name)]


def hostile() -> list[Hostile]:
    names = ("hostile.tsv", "hostile_held_out.tsv")
    return [Hostile(*line.split("\t")) for name in names for line in _lines(name)]
