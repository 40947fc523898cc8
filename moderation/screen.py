"""A compiled lexicon with the finders: from a text to the category that refuses it."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from moderation import ages, disguises, personal_data
from moderation.categories import SEVERITY, Category
from moderation.matcher import Finding, Matcher
from moderation.normal import Table, compile_table, is_han, skeleton_of
from moderation.terms import Term

AGE: Final = "age"  # the part of sexual_minors that a written age supplies


def _han_of(terms: Iterable[Term]) -> set[str]:
    return {char for term in terms for char in term.text if is_han(char)}


def _skeleton(text: str, table: Table) -> str:
    skeleton = skeleton_of(text, table)
    while "  " in skeleton:
        skeleton = skeleton.replace("  ", " ")
    return skeleton


class Screen:
    """Immutable once built, so threads and tasks share one."""

    def __init__(self, terms: Iterable[Term]) -> None:
        """Compile `terms`; about 60 ms for the built-in lexicon."""
        kept = list(terms)
        self._matcher = Matcher(kept)
        refusing = [term for term in kept if isinstance(term.meaning, Category)]
        self._quick_table = compile_table(_han_of(refusing))
        self._full_table = compile_table(_han_of(kept))
        parts: defaultdict[Category, set[str]] = defaultdict(set)
        for term in refusing:
            if isinstance(term.meaning, Category) and term.part:
                parts[term.meaning].add(term.part)
        self._parts = {category: frozenset(names) for category, names in parts.items()}

    def find_category(self, text: str) -> Category | None:
        """The severest reason to refuse, None for a clean text. Linear in the length of the text."""
        quick = _skeleton(text, self._quick_table)
        if self._matcher.has_hits(quick) or disguises.has_gap(quick) or disguises.is_disguised(quick):
            skeleton = _skeleton(text, self._full_table)  # with the characters that pardons need as well
            found = self._findings(skeleton)
            category = self._verdict(found, skeleton) if found else None
            if category is not None:
                return category
        if personal_data.is_likely(quick) and personal_data.has_personal_data(text, quick):
            return Category.PERSONAL_DATA
        return None

    def _findings(self, skeleton: str) -> frozenset[Finding]:
        """What the lexicon finds in the text and, where it shows signs of one, under its disguise."""
        found, is_stretched = self._matcher.match(skeleton)
        if disguises.has_gap(skeleton):
            found |= self._matcher.match(disguises.close_gaps(skeleton)).findings
        if is_stretched or disguises.is_disguised(skeleton):
            for reading in dict.fromkeys(disguises.unmask(skeleton)):
                found |= self._matcher.match(reading).findings
        return found

    def _verdict(self, found: frozenset[Finding], skeleton: str) -> Category | None:
        named: defaultdict[Category, set[str]] = defaultdict(set)
        for category, part in found:
            named[category].add(part)
        if (Category.SEXUAL in named or Category.SEXUAL_MINORS in named) and ages.names_minor(skeleton):
            named[Category.SEXUAL_MINORS].add(AGE)
        refusing = [category for category, parts in named.items() if self._is_complete(category, parts)]
        if Category.SEXUAL in refusing and AGE in named[Category.SEXUAL_MINORS]:
            return Category.SEXUAL_MINORS
        return min(refusing, key=SEVERITY.__getitem__, default=None)

    def _is_complete(self, category: Category, parts: set[str]) -> bool:
        """A term without a part refuses alone, the others when every part is present."""
        return "" in parts or (bool(parts) and parts >= self._parts.get(category, {""}))
