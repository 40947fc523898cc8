"""The lexicon: term files of three columns, `term TAB category[:part] TAB mode`.

category: a Category, or a pardon. `allow` marks an innocent phrase and pardons the terms inside it.
    `everyday` marks an ordinary Han word and pardons a term that starts or ends inside it, for such a term
    lies across two words (强奸臣 holds 奸臣).
part: a term with a part refuses only together with the other parts of its category in the same request, so
    that words which are harmless alone (a tool, an age) count where they meet.
mode (left out: `han` when the term holds Han characters, else `word`):
    han     Han characters as they stand, whatever separates them
    mixed   also with some characters spelled in pinyin
    pinyin  also wholly in toneless pinyin; not for terms whose pinyin is an innocent word
    word    Latin words on word boundaries, a plural s allowed
    stem    Latin, from a word boundary, any letters may follow
Lines that are blank or start with # say nothing.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Final

from moderation.categories import Category
from moderation.errors import LexiconError
from moderation.normal import ASCII_KEPT, HAN, fold

MAX_TERM_LENGTH: Final = 40


class Pardon(StrEnum):
    ALLOW = "allow"
    EVERYDAY = "everyday"


class Mode(StrEnum):
    HAN = "han"
    MIXED = "mixed"
    PINYIN = "pinyin"
    WORD = "word"
    STEM = "stem"


_MEANINGS: Final[dict[str, Category | Pardon]] = {meaning.value: meaning for meaning in (*Category, *Pardon)}
_HAN: Final = re.compile(f"[{HAN}]")
_READABLE: Final = re.compile(rf"[{re.escape(''.join(sorted(ASCII_KEPT)))} {HAN}]+")


@dataclass(frozen=True, slots=True)
class Term:
    """One line of the lexicon: `text` is folded, `meaning` says whether it refuses or pardons."""

    text: str
    meaning: Category | Pardon
    part: str
    mode: Mode


def _fold_term(raw: str) -> str:
    """As in a skeleton: hyphens are blanks, one blank between Latin words, none beside Han.

    Raises: ValueError when a character can never appear in a skeleton.
    """
    text = " ".join(fold(raw).replace("-", " ").split())
    if not text or len(text) > MAX_TERM_LENGTH:
        raise ValueError(f"a term has 1 to {MAX_TERM_LENGTH} characters")
    if _READABLE.fullmatch(text) is None:
        raise ValueError("a term holds letters, digits, blanks, apostrophes and Han characters only")
    return text.replace(" ", "") if _HAN.search(text) else text


def parse_line(line: str) -> Term:
    """One line with content.

    Raises: ValueError with a reason that does not repeat the term.
    """
    columns = [column.strip() for column in line.split("\t")]
    if len(columns) not in (2, 3):
        raise ValueError("a line has two or three columns separated by tabs")
    text = _fold_term(columns[0])
    has_han = _HAN.search(text) is not None
    name, _, part = columns[1].partition(":")
    meaning = _MEANINGS.get(name)
    if meaning is None:
        raise ValueError("the second column names no category")
    mode = Mode(columns[2]) if len(columns) == 3 else Mode.HAN if has_han else Mode.WORD
    if has_han == (mode in (Mode.WORD, Mode.STEM)):
        raise ValueError(f"mode {mode.value} is for {'Latin' if has_han else 'Han'} terms")
    return Term(text, meaning, part, mode)


def read_terms(source: str, text: str) -> Iterator[Term]:
    """Terms of one file's content; `source` is how errors name it.

    Raises: LexiconError.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            yield parse_line(line)
        except ValueError as error:
            raise LexiconError(source, number, str(error)) from None


def built_in_terms() -> list[Term]:
    """The terms that ship with the package."""
    folder = resources.files("moderation").joinpath("lexicon")
    files = sorted((item for item in folder.iterdir() if item.name.endswith(".tsv")), key=lambda f: f.name)
    return [term for file in files for term in read_terms(file.name, file.read_text(encoding="utf-8"))]


def operator_terms(paths: Iterable[Path]) -> list[Term]:
    """The terms of an operator's own files.

    Raises: LexiconError; OSError when a file cannot be read; UnicodeDecodeError when it is not UTF-8.
    """
    return [term for path in paths for term in read_terms(str(path), path.read_text(encoding="utf-8"))]
