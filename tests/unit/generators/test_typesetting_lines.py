"""Line breaking and spacing: what no line may start or end with, what is squeezed, what is kept whole."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from generators.fonts.voices import open_voice
from generators.typesetting.breaking import PROSE, VERSE, best_fit, first_fit
from generators.typesetting.classes import Manner
from generators.typesetting.composing import compose
from generators.typesetting.paragraph import Paragraph, arrange

NO_START = set("，。、；：！？」』）》〉】”’…—·")
NO_END = set("（「『《〈【“‘")
LETTERS = "花好月圆人长久愿君安，。！？、；：「」（）《》——……“”·0123456789AbCd 🎂"
# Evenly mixed text: hypothesis' own strings repeat few characters and seldom fill a line badly.
CHINESE = st.integers(0, 2**32).map(lambda seed: "".join(random.Random(seed).choices(LETTERS, k=48)))


def spell(text: str, *, is_latin: bool = False, longest: float = 8.0) -> Paragraph:
    voice = open_voice("en_text" if is_latin else "zh_text")
    return arrange(compose(text, voice, is_latin_text=is_latin, longest_em=longest).atoms)


def lines_of(paragraph: Paragraph, measure: float) -> list[str]:
    lines = first_fit(paragraph, measure)
    assert lines is not None
    return ["".join(atom.text for atom in paragraph.atoms[start:end]) for start, end in lines]


class TestKinsoku:
    @given(text=CHINESE, measure=st.floats(8, 20))
    @settings(deadline=None, max_examples=200)
    def test_no_line_starts_or_ends_with_the_wrong_mark(self, text: str, measure: float) -> None:
        paragraph = spell(text)
        for lines in (first_fit(paragraph, measure), best_fit(paragraph, measure, 99, VERSE)):
            if lines is None:
                continue  # a chain of marks longer than the line: the size must shrink
            assert [end for _, end in lines[:-1]] == [start for start, _ in lines[1:]]
            for (_, end), (start, _) in pairwise(lines):
                assert paragraph.atoms[start].text[0] not in NO_START
                assert paragraph.atoms[end - 1].text[-1] not in NO_END

    @given(text=CHINESE, measure=st.floats(8, 20))
    @settings(deadline=None, max_examples=100)
    def test_no_line_is_longer_than_the_measure(self, text: str, measure: float) -> None:
        paragraph = spell(text)
        for lines in (first_fit(paragraph, measure), best_fit(paragraph, measure, 99, PROSE)):
            for start, end in lines or []:
                assert paragraph.width(start, end) <= measure + 1e-4

    def test_dashes_and_dots_stay_together(self) -> None:
        manners = {atom.text for atom in spell("他说——好……").atoms if atom.manner is Manner.DASH}
        assert manners == {"——", "……"}


class TestSpacing:
    def test_two_marks_in_a_row_share_one_blank(self) -> None:
        alone = spell("好。").end + spell("”").end
        together = spell("好。”").end
        assert together < alone - 0.3

    def test_a_mark_at_the_end_of_a_line_takes_half_a_square(self) -> None:
        paragraph = spell("花好，")
        assert paragraph.width(0, 3) == pytest.approx(2.5, abs=0.12)

    def test_an_opening_mark_at_the_start_of_a_line_takes_half_a_square(self) -> None:
        assert spell("（花好").width(0, 3) == pytest.approx(2.5, abs=0.12)

    def test_chinese_and_latin_stand_a_quarter_apart(self) -> None:
        paragraph = spell("在Rome过年")
        assert paragraph.gaps == (0.0, 0.25, 0.25, 0.0)

    def test_a_typed_space_between_them_changes_nothing(self) -> None:
        assert spell("在 Rome 过年").end == pytest.approx(spell("在Rome过年").end)

    def test_tracking_widens_every_gap(self) -> None:
        atoms = spell("中秋快乐").atoms
        assert arrange(atoms, tracking=0.1).end == pytest.approx(arrange(atoms).end + 0.3)


class TestWords:
    def test_english_breaks_at_spaces_only(self) -> None:
        text = "May everything that was half become whole again this autumn"
        lines = lines_of(spell(text, is_latin=True), 9.0)
        assert len(lines) > 2
        assert [word for line in lines for word in line.split()] != []
        words = [atom.text for atom in spell(text, is_latin=True).atoms]
        assert words == text.split()

    def test_a_word_longer_than_the_line_is_broken_inside(self) -> None:
        word = "Rindfleischetikettierungsüberwachungsaufgaben"
        paragraph = spell(word, is_latin=True, longest=6.0)
        assert "".join(atom.text for atom in paragraph.atoms) == word
        assert paragraph.longest <= 6.0
        assert len(lines_of(paragraph, 6.0)) > 2

    def test_a_hyphen_lets_a_word_go_on_below(self) -> None:
        assert [atom.text for atom in spell("well-known/other", is_latin=True).atoms] == [
            "well-",
            "known/",
            "other",
        ]

    def test_newlines_are_kept(self) -> None:
        assert lines_of(spell("花好\n月圆\n\n人长久"), 50) == ["花好", "月圆", "人长久"]


class TestBestFit:
    def test_verse_ends_its_lines_with_its_clauses(self) -> None:
        text = "今晚的月亮，是从故乡那边升起来的。愿你眼里常有光亮，梦里常有归途。中秋快乐，人月两圆。"
        paragraph = spell(text)
        lines = best_fit(paragraph, 13.0, 9, VERSE)
        assert lines is not None
        assert {paragraph.atoms[end - 1].text for _, end in lines} <= {"，", "。"}

    def test_no_single_character_is_left_on_the_last_line(self) -> None:
        paragraph = spell("春夏秋冬春夏秋冬春夏秋冬春")
        assert [len(line) for line in lines_of(paragraph, 4.0)][-1] == 1  # first fit leaves one
        lines = best_fit(paragraph, 4.0, 9, PROSE)
        assert lines is not None
        start, end = lines[-1]
        assert end - start > 2

    def test_even_verse_would_rather_break_a_clause_than_leave_one_character(self) -> None:
        paragraph = spell("春夏秋冬，春夏秋冬。春")
        lines = best_fit(paragraph, 5.0, 9, VERSE)
        assert lines is not None
        start, end = lines[-1]
        assert end - start > 1

    def test_too_few_lines_are_refused(self) -> None:
        assert best_fit(spell("春夏秋冬春夏秋冬"), 4.0, 1, PROSE) is None
