"""Words that only look like terms: the Scunthorpe problem and its Chinese cousins."""

import pytest
from pypinyin.phrases_dict import phrases_dict

from moderation.prompts import find_category


class TestWordBoundaries:
    @pytest.mark.parametrize(
        "text",
        [
            "Scunthorpe", "Penistone", "Sussex", "Essex", "Clitheroe", "Lightwater", "Cockburn", "Dickens",
            "Cummings", "analysis", "assassin", "class", "grape", "drapes", "therapist", "document",
            "cocktail", "peacock", "Titanic", "constitution", "shiitake", "basement", "raccoon", "heroine",
            "methane", "methodical", "Isis", "niggle", "snigger", "who're", "we'll", "she'll", "Ky's",
        ],
    )  # fmt: skip
    def test_inside_english_words_nothing_is_found(self, text: str) -> None:
        assert find_category([text]) is None
        assert find_category([f"a card for {text.upper()}, with love"]) is None

    @pytest.mark.parametrize(
        "text", ["heroin", "Heroin's", "HEROIN!", "(heroin)", "heroin爱", "爱heroin", "heroin_"]
    )
    def test_at_boundaries_the_word_is_found(self, text: str) -> None:
        assert find_category([text]) == "drugs"

    @pytest.mark.parametrize(("text", "refused"), [("dildo", True), ("dildos", True), ("dildosh", False)])
    def test_a_plural_s_belongs_to_the_word(self, text: str, refused: bool) -> None:
        assert (find_category([text]) is not None) == refused


class TestAcrossWords:
    @pytest.mark.parametrize(
        ("text", "pair"),
        [
            ("水乳交融", "水乳交·融"),
            ("强奸臣误国", "强·奸臣"),
            ("白色情人节", "白色·情人"),
            ("换妻子最爱的花", "换·妻子"),
            ("生日你妈妈煮了面", "生日·你妈妈"),
            ("体操你最棒", "体操·你"),
            ("枪支持", "枪·支持"),
        ],
    )
    def test_a_term_that_lies_across_two_words_is_none(self, text: str, pair: str) -> None:
        assert find_category([text]) is None, pair

    @pytest.mark.parametrize("text", ["强奸", "色情", "换妻", "日你妈", "枪支"])
    def test_the_same_term_alone_is_found(self, text: str) -> None:
        assert find_category([f"有人说{text}，好吗"]) is not None

    def test_sentence_marks_end_phrases(self) -> None:
        assert find_category(["他来自，杀青那天下着雪"]) is None
        assert find_category(["他来自。杀青那天下着雪"]) is None

    def test_hardly_any_phrase_of_the_dictionary_is_refused(self) -> None:
        """47,000 phrases and idioms: only those that name the thing itself."""
        refused = [phrase for phrase in phrases_dict if find_category([phrase])]
        assert len(phrases_dict) > 40_000
        assert len(refused) <= 25, f"{len(refused)} of {len(phrases_dict)} refused: {refused}"
