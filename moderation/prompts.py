"""Screening of what people ask for, before any work: local, in microseconds, deterministic."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from moderation.categories import Category
from moderation.errors import PromptRejectedError
from moderation.normal import BREAK
from moderation.screen import Screen
from moderation.terms import built_in_terms, operator_terms

_active: list[Screen] = []  # the screen in use; empty until the first text or load_lexicon


def load_lexicon(paths: Iterable[Path] = ()) -> None:
    """Screen with the built-in lexicon and the operator's files from now on; called once at start.

    Format: `moderation.terms`. A term of the operator refuses, a phrase marked `allow` pardons what it
    covers, also a built-in term that it equals. Nothing changes when a file is wrong.
    Raises: LexiconError; OSError, UnicodeDecodeError when a file cannot be read.
    """
    screen = Screen([*built_in_terms(), *operator_terms(paths)])
    _active[:] = [screen]


def find_category(texts: Sequence[str]) -> Category | None:
    """The severest reason to refuse these texts together, None when there is none.

    Screened in one pass, so that words which only matter together are seen across fields; no term and no
    number reaches from one text into the next.
    """
    if not _active:
        load_lexicon()
    return _active[0].find_category(BREAK.join(texts))


def require_allowed(texts: Sequence[str]) -> None:
    """Refuse a request whose texts, together, may not be worked on.

    Raises: PromptRejectedError: carries the category, never the words that matched.
    """
    category = find_category(texts)
    if category is not None:
        raise PromptRejectedError(category=category)
