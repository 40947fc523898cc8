"""Screening sits on the admission path: what it does grows with the text and never with its square.

Work is counted, not timed, so that a busy machine changes nothing: benchmarks/screening.py has microseconds.
"""

from collections.abc import Iterator, Sequence

import ahocorasick
import pytest

from moderation import matcher
from moderation import screen as screening
from moderation.matcher import Automaton, Pattern, Span
from moderation.normal import Table
from moderation.screen import Screen
from moderation.terms import built_in_terms

ZH = "中秋月圆人团圆，愿林晚晴与家人岁岁平安喜乐，秋风送爽桂花飘香，思念在心。知夏敬上"
EN = "a quiet mountain village at dawn, plum blossoms in fresh snow, soft golden light over misty hills"
HOSTILE = [
    "aaab", "a ", "1 ", "13", "* a", "自 ", "自，", "a1", "@a", "a.b@", "kill kill ", "+1 ", "(at)",
    "色情人", " dot  at ", "k1l a b 1 3 8 p*rn zi4 sha1 自.杀 ",
]  # fmt: skip
LONGEST = 2000
READINGS = 40  # of one text: as it stands, closed up, and three dozen ways to take off a disguise


class Work:
    """What screening has done so far."""

    def __init__(self) -> None:
        self.folded = 0  # characters brought into the form of a skeleton
        self.scanned = 0  # characters an automaton was asked about
        self.hits = 0
        self.compared = 0  # pairs of a suspect and an innocent phrase near it

    def total(self) -> int:
        return self.folded + self.scanned + self.hits + self.compared


class CountingAutomaton:
    """The real one, and a note of what it is asked and what it finds."""

    def __init__(self, automaton: Automaton, work: Work) -> None:
        self._automaton = automaton
        self._work = work

    def add_word(self, word: str, value: Sequence[Pattern]) -> bool:
        return self._automaton.add_word(word, value)

    def make_automaton(self) -> None:
        self._automaton.make_automaton()

    def iter(self, text: str) -> Iterator[tuple[int, Sequence[Pattern]]]:
        self._work.scanned += len(text)
        for last, patterns in self._automaton.iter(text):
            self._work.hits += len(patterns)
            yield last, patterns


@pytest.fixture(scope="module")
def work() -> Work:
    return Work()


@pytest.fixture(scope="module")
def screen(work: Work) -> Iterator[Screen]:
    """The built-in lexicon, counted."""
    make, pardons, skeleton = ahocorasick.Automaton, matcher._pardons, screening._skeleton

    def fold(text: str, table: Table) -> str:
        work.folded += len(text)
        return skeleton(text, table)

    def count(pattern: Pattern, innocent: Span, suspect: Span) -> bool:
        work.compared += 1
        return pardons(pattern, innocent, suspect)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("moderation.matcher.ahocorasick.Automaton", lambda: CountingAutomaton(make(), work))
        patched.setattr(matcher, "_pardons", count)
        patched.setattr(screening, "_skeleton", fold)
        yield Screen(built_in_terms())


def spent(screen: Screen, work: Work, text: str) -> int:
    before = work.total()
    screen.find_category(text)
    return work.total() - before


class TestWork:
    @pytest.mark.parametrize("text", [ZH, ZH * 5, EN, EN * 2], ids=["zh40", "zh200", "en100", "en200"])
    def test_a_clean_prompt_is_folded_once_and_read_once(self, screen: Screen, work: Work, text: str) -> None:
        assert spent(screen, work, text) <= 2 * len(text)

    @pytest.mark.parametrize("seed", HOSTILE)
    def test_twice_the_text_is_twice_the_work(self, screen: Screen, work: Work, seed: str) -> None:
        text = (seed * LONGEST)[:LONGEST]
        half, whole = spent(screen, work, text[: LONGEST // 2]), spent(screen, work, text)
        assert half > 0
        assert whole <= 2.2 * half
        assert whole <= READINGS * LONGEST

    def test_a_hit_meets_only_the_innocent_phrases_around_it(self, screen: Screen, work: Work) -> None:
        """Suspects and innocents by the hundred: asking each about all others would be 100 times as much."""
        phrase = "自杀干预，杀青，kill time, "
        assert spent(screen, work, phrase * 4) > 0
        before = work.compared
        screen.find_category((phrase * LONGEST)[:LONGEST])
        assert 0 < work.compared - before < 4 * LONGEST
