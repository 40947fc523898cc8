"""The built-in lexicon is tidy: every line works, says what it means, and is needed."""

from collections import Counter

import pytest
from pypinyin import lazy_pinyin

from moderation.categories import Category
from moderation.matcher import Matcher
from moderation.normal import is_han, read_pairs
from moderation.screen import Screen
from moderation.terms import Mode, Pardon, Term, built_in_terms, parse_line
from moderation.variants import spellings

TERMS = built_in_terms()
REFUSING = [term for term in TERMS if isinstance(term.meaning, Category)]


class TestBuiltInTerms:
    def test_every_line_is_there_once(self) -> None:
        counts = Counter((term.text, term.meaning, term.part) for term in TERMS)
        assert not [key for key, count in counts.items() if count > 1]

    def test_every_category_that_people_write_about_has_terms(self) -> None:
        empty = set(Category) - {term.meaning for term in TERMS}
        assert empty == {Category.OPERATOR, Category.PERSONAL_DATA, Category.LINK}

    def test_every_term_refuses_by_itself_or_with_its_other_parts(self) -> None:
        screen = Screen(TERMS)
        parts = {
            category: {term.part: term.text for term in REFUSING if term.meaning is category and term.part}
            for category in Category
        }
        silent = []
        for term in REFUSING:
            assert isinstance(term.meaning, Category)
            others = [text for part, text in parts[term.meaning].items() if term.part and part != term.part]
            if screen.find_category(", ".join([term.text, *others])) is None:
                silent.append(term.text)
        assert not silent

    def test_every_allowed_phrase_pardons_a_term(self) -> None:
        strict = Matcher(REFUSING)
        allowed = [term for term in TERMS if term.meaning is Pardon.ALLOW]
        assert not [term.text for term in allowed if not strict.match(term.text).findings]

    def test_every_everyday_word_can_overlap_a_term(self) -> None:
        texts = [term.text for term in REFUSING]
        words = [term.text for term in TERMS if term.meaning is Pardon.EVERYDAY]
        idle = [word for word in words if not any(_overlaps(word, text) for text in texts)]
        assert not idle

    def test_no_everyday_word_is_a_term(self) -> None:
        words = {term.text for term in TERMS if term.meaning is Pardon.EVERYDAY}
        assert not words & {term.text for term in REFUSING}

    def test_pinyin_is_read_as_the_dictionary_reads_the_whole_term(self) -> None:
        table = read_pairs("pinyin.tsv")
        phonetic = [term.text for term in REFUSING if term.mode in (Mode.MIXED, Mode.PINYIN)]
        misread = [
            text
            for text in phonetic
            if all(map(is_han, text))
            and [table.get(char) for char in text] != lazy_pinyin(text, v_to_u=False)
        ]
        assert not misread


def _overlaps(word: str, term: str) -> bool:
    runs_into = any(term.endswith(word[:size]) for size in range(1, min(len(word), len(term))))
    runs_out_of = any(term.startswith(word[-size:]) for size in range(1, min(len(word), len(term))))
    return runs_into or runs_out_of


class TestSpellings:
    def test_of_a_pinyin_term_mix_han_and_syllables(self) -> None:
        assert spellings(parse_line("自杀\tself_harm\tpinyin")) == {
            "自杀",
            "zisha",
            "zi sha",
            "zi杀",
            "自sha",
        }

    def test_of_a_mixed_term_keep_one_han_character(self) -> None:
        assert spellings(parse_line("冰毒\tdrugs\tmixed")) == {"冰毒", "bing毒", "冰du"}

    def test_of_u_umlaut_are_both(self) -> None:
        assert {"lvka", "luka", "lv ka", "lu ka"} <= spellings(parse_line("绿卡\tfraud\tpinyin"))

    def test_of_long_terms_stay_few(self) -> None:
        assert spellings(parse_line("结束自己的生命\tself_harm\tpinyin")) == {
            "结束自己的生命",
            "jieshuzijideshengming",
            "jie shu zi ji de sheng ming",
        }

    def test_of_words_run_together_as_in_a_hashtag(self) -> None:
        assert spellings(parse_line("i'll kill you\tviolence")) == {
            "i'll kill you",
            "ill kill you",
            "i'llkillyou",
            "illkillyou",
        }


class TestParseLine:
    def test_folds_the_term(self) -> None:
        assert parse_line("ＭＥＴＨ-Lab\tdrugs") == Term("meth lab", Category.DRUGS, "", Mode.WORD)
        assert parse_line("賭 博\tgambling\tmixed") == Term("赌博", Category.GAMBLING, "", Mode.MIXED)

    def test_chooses_the_mode_by_script(self) -> None:
        assert parse_line("k粉\tdrugs").mode is Mode.HAN
        assert parse_line("bomb\tweapons:what") == Term("bomb", Category.WEAPONS, "what", Mode.WORD)

    @pytest.mark.parametrize(
        "line", ["a", "a\tb", "a\tdrugs\tb", "a\tdrugs\tword\tb", "x" * 41 + "\tdrugs", "éж\tdrugs"]
    )
    def test_refuses_what_it_cannot_mean(self, line: str) -> None:
        with pytest.raises(ValueError, match=r"term|column|Mode|category"):
            parse_line(line)
