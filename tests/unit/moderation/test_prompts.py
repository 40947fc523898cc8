"""What a refusal says, what it keeps to itself, and what an operator can change."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import ErrorKind
from moderation import prompts
from moderation.categories import Category
from moderation.errors import LexiconError, PromptRejectedError


@pytest.fixture
def lexicon(tmp_path: Path) -> Iterator[Path]:
    """An operator's file to write; the built-in lexicon is back afterwards."""
    yield tmp_path / "own.tsv"
    prompts.load_lexicon()


def refusal(*texts: str) -> PromptRejectedError:
    with pytest.raises(PromptRejectedError) as caught:
        prompts.require_allowed(texts)
    return caught.value


class TestRefusal:
    def test_names_the_category_and_nothing_else(self) -> None:
        error = refusal("出售冰毒，量大从优")
        assert error.code == "prompt_rejected"
        assert error.kind is ErrorKind.FORBIDDEN
        assert error.facts() == {"category": "drugs"}

    def test_never_repeats_a_word_of_the_prompt_or_the_lexicon(self) -> None:
        error = refusal("出售冰毒，量大从优")
        said = f"{error!s} {error!r} {dict(error.facts())} {error.args} {vars(error)}"
        assert not set("出售冰毒量大从优") & set(said)

    def test_of_several_reasons_the_severest_is_given(self) -> None:
        assert refusal("傻逼，线上赌场，裸体小女孩").category is Category.SEXUAL_MINORS
        assert refusal("出售冰毒和枪支").category is Category.WEAPONS
        assert refusal("赌球平台，电话13800138000").category is Category.GAMBLING

    def test_sexual_words_beside_an_age_are_about_minors(self) -> None:
        assert refusal("nude woman, 12 years old").category is Category.SEXUAL_MINORS
        assert refusal("nude woman, 32 years old").category is Category.SEXUAL
        assert refusal("全裸，十七岁").category is Category.SEXUAL_MINORS
        assert refusal("全裸，二十七岁").category is Category.SEXUAL


class TestSeveralTexts:
    def test_parts_meet_across_fields(self) -> None:
        assert refusal("小女孩", "衣服脱光").category is Category.SEXUAL_MINORS

    def test_no_term_reaches_from_one_field_into_the_next(self) -> None:
        prompts.require_allowed(["来自", "杀青的你"])
        prompts.require_allowed(["自", "杀"])
        prompts.require_allowed(["kill", "yourself"])

    def test_no_number_reaches_from_one_field_into_the_next(self) -> None:
        prompts.require_allowed(["1380013", "8000"])

    def test_nothing_and_emptiness_are_allowed(self) -> None:
        prompts.require_allowed([])
        prompts.require_allowed(["", " "])

    def test_characters_beyond_the_table_pass(self) -> None:
        prompts.require_allowed(["𠮷野家的牛肉饭𰻞𰻞面", "\U0010fffd", "👨‍👩‍👧‍👦🏳️‍🌈🇨🇳"])


class TestOperatorsLexicon:
    def test_adds_terms_with_all_their_disguises(self, lexicon: Path) -> None:
        prompts.require_allowed(["竞品花店"])
        lexicon.write_text("竞品花店\toperator\tpinyin\nrivalbrand\toperator\tword\n", encoding="utf-8")
        prompts.load_lexicon([lexicon])
        for text in ("竞品花店", "競品花店", "竞 品.花 店", "jing pin hua dian", "竞品huadian", "R1valbrand"):
            assert refusal(text).category is Category.OPERATOR

    def test_keeps_the_built_in_terms(self, lexicon: Path) -> None:
        lexicon.write_text("竞品花店\toperator\n", encoding="utf-8")
        prompts.load_lexicon([lexicon])
        assert refusal("我想自杀").category is Category.SELF_HARM

    def test_pardons_a_built_in_term(self, lexicon: Path) -> None:
        assert refusal("工业大麻种植").category is Category.DRUGS
        lexicon.write_text("工业大麻\tallow\n", encoding="utf-8")
        prompts.load_lexicon([lexicon])
        prompts.require_allowed(["工业大麻种植"])
        assert refusal("工业大麻与大麻烟").category is Category.DRUGS

    def test_may_hold_parts_that_refuse_only_together(self, lexicon: Path) -> None:
        lexicon.write_text("花店\toperator:what\n倒闭\toperator:how\n", encoding="utf-8")
        prompts.load_lexicon([lexicon])
        prompts.require_allowed(["花店开业"])
        assert refusal("花店昨天倒闭").category is Category.OPERATOR

    @pytest.mark.parametrize(
        "line",
        ["词", "词\tnonsense", "词\toperator\tword", "word\toperator\tpinyin", "あ\toperator", "\toperator"],
    )
    def test_a_wrong_line_is_named_by_number_and_changes_nothing(self, lexicon: Path, line: str) -> None:
        lexicon.write_text(f"# comment\n\n好词\toperator\n{line}\n", encoding="utf-8")
        with pytest.raises(LexiconError) as caught:
            prompts.load_lexicon([lexicon])
        assert f"{lexicon}:4:" in str(caught.value)
        assert "词" not in str(caught.value).removeprefix(str(lexicon))
        prompts.require_allowed(["好词"])
