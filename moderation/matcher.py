"""One pass of an Aho-Corasick automaton over a skeleton, then the questions that only a hit raises."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, Protocol

import ahocorasick

from moderation.categories import Category
from moderation.normal import UNKNOWN
from moderation.terms import Mode, Pardon, Term
from moderation.variants import spellings

LETTERS: Final = "etaoinshrdlucmfwypvbgkjqxz"  # by frequency: children of the root are searched in this order
COMMON_HAN: Final = (
    "一人了不在有大中国为这上他个地年我到时要出的生学说道民家子成行下们后发自得主可过作分方用多你着能等业全里工公"
    "本都高政法门动日代那去心小同北定开前军起种如现理机体好外文实新三么水"
)
_FREQUENT: Final = f"{UNKNOWN} ,{LETTERS}{COMMON_HAN}"
_NEVER: Final = "\x03"  # in no skeleton, so that what it ends is never found
_STRETCH: Final = 3  # the same letter so often in a row is a drawl, or a disguise


class Finding(NamedTuple):
    """What a term says. `part` is "" when it refuses alone."""

    category: Category
    part: str


class Span(NamedTuple):
    first: int
    last: int  # inclusive


class Pattern(NamedTuple):
    """One spelling in the automaton.

    meaning: None for a stretched letter.
    opens, closes: whether the spelling has to start or end where a Latin word does.
    """

    length: int
    meaning: Finding | Pardon | None
    opens: bool = False
    closes: bool = False
    plural: bool = False


Spellings = defaultdict[str, list[Pattern]]


class Automaton(Protocol):
    """The part of `ahocorasick.Automaton` used here; the library has no types."""

    def add_word(self, word: str, value: Sequence[Pattern]) -> bool: ...

    def make_automaton(self) -> None: ...

    def iter(self, text: str) -> Iterator[tuple[int, Sequence[Pattern]]]: ...


class Match(NamedTuple):
    findings: frozenset[Finding]
    is_stretched: bool  # some letter stands three times in a row


NOTHING: Final = Match(frozenset(), is_stretched=False)


def _pattern(spelling: str, term: Term) -> Pattern:
    return Pattern(
        length=len(spelling),
        meaning=term.meaning if isinstance(term.meaning, Pardon) else Finding(term.meaning, term.part),
        opens=spelling[0].isascii(),
        closes=spelling[-1].isascii() and term.mode is not Mode.STEM,
        plural=term.mode is Mode.WORD,
    )


def _same_kind(left: str, right: str) -> bool:
    """Both letters a-z or both digits: no word ends between them."""
    return ("a" <= left <= "z" and "a" <= right <= "z") or ("0" <= left <= "9" and "0" <= right <= "9")


def _ends_word(skeleton: str, last: int) -> bool:
    following = last + 1
    return following >= len(skeleton) or not _same_kind(skeleton[last], skeleton[following])


def _stands(pattern: Pattern, skeleton: str, span: Span) -> bool:
    """Whether a hit respects the word boundaries its pattern asks for."""
    first, last = span
    if pattern.opens and first and _same_kind(skeleton[first - 1], skeleton[first]):
        return False
    if not pattern.closes or _ends_word(skeleton, last):
        return True
    return pattern.plural and skeleton[last + 1] == "s" and _ends_word(skeleton, last + 1)


class Matcher:
    """All spellings of a lexicon. Immutable; safe to share between threads."""

    def __init__(self, terms: Iterable[Term]) -> None:
        """Build the automata; about 50 ms for the built-in lexicon."""
        refusing: Spellings = defaultdict(list)
        pardoning: Spellings = defaultdict(list)
        for letter in LETTERS:
            refusing[letter * _STRETCH].append(Pattern(_STRETCH, None))
        for term in terms:
            patterns = pardoning if isinstance(term.meaning, Pardon) else refusing
            for spelling in spellings(term):
                patterns[spelling].append(_pattern(spelling, term))
        self._refusing = _automaton(refusing)
        self._pardoning = _automaton(pardoning)
        self._longest = max(map(len, pardoning), default=0)

    def has_hits(self, skeleton: str) -> bool:
        """The cheap question: False means that `match` would find nothing."""
        return next(self._refusing.iter(skeleton), None) is not None

    def match(self, skeleton: str) -> Match:
        """Everything the lexicon finds and no innocent phrase around it pardons."""
        hits = list(_standing(self._refusing, skeleton))
        if not hits:
            return NOTHING
        pardons = list(_standing(self._pardoning, skeleton))
        ends = [span.last for span, _ in pardons]  # ascending, as the automaton finds them
        findings: set[Finding] = set()
        for span, pattern in hits:
            if isinstance(pattern.meaning, Finding):
                # Only the neighbours can matter; asking all of them would be quadratic.
                near = slice(bisect_left(ends, span.first), bisect_right(ends, span.last + self._longest))
                if not any(_pardons(other, innocent, span) for innocent, other in pardons[near]):
                    findings.add(pattern.meaning)
        return Match(frozenset(findings), any(pattern.meaning is None for _, pattern in hits))


def _automaton(patterns: Spellings) -> Automaton:
    automaton: Automaton = ahocorasick.Automaton()
    # The children of a node are searched one by one, in the order they came: frequent ones first.
    for char in _FREQUENT:
        automaton.add_word(char + _NEVER, ())
    for spelling, found in patterns.items():
        automaton.add_word(spelling, tuple(found))
    automaton.make_automaton()
    return automaton


def _standing(automaton: Automaton, skeleton: str) -> Iterator[tuple[Span, Pattern]]:
    """The patterns found where they may stand."""
    for last, patterns in automaton.iter(skeleton):
        for pattern in patterns:
            span = Span(last + 1 - pattern.length, last)
            if _stands(pattern, skeleton, span):
                yield span, pattern


def _pardons(pattern: Pattern, innocent: Span, suspect: Span) -> bool:
    """Whether a suspect lies inside an innocent phrase, or shares some characters with an everyday word."""
    if innocent.first <= suspect.first and suspect.last <= innocent.last:
        return True
    if pattern.meaning is not Pardon.EVERYDAY:
        return False
    runs_into = suspect.first < innocent.first <= suspect.last < innocent.last
    runs_out_of = innocent.first < suspect.first <= innocent.last < suspect.last
    return runs_into or runs_out_of
