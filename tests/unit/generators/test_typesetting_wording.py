"""Words before they are set: cleaned, bounded, with real quotes, and otherwise as they were written."""

import pytest

from generators.specs import Language
from generators.typesetting.wording import MOST_LINES, clean, curl_quotes


class TestClean:
    def test_invisible_marks_disappear(self) -> None:
        assert clean("林\u200b晚\u2060晴\u202e\ufeff") == "林晚晴"

    def test_variation_selectors_of_ideographs_disappear_and_emoji_keep_theirs(self) -> None:
        assert clean("葛\U000e0100❤\ufe0f") == "葛❤\ufe0f"

    def test_joined_emoji_stay_joined(self) -> None:
        family = "👨\u200d👩\u200d👧"
        assert clean(family) == family

    def test_letters_and_accents_become_one(self) -> None:
        assert clean("Zoe\u0308") == "Zoë"

    def test_spaces_collapse_and_ideographic_ones_stay(self) -> None:
        assert clean("  a \t b\u3000c  ") == "a b\u3000c"

    def test_lines_are_bounded_and_no_word_is_lost(self) -> None:
        lines = clean("\n\n".join(str(number) for number in range(40))).split("\n")
        assert len(lines) == MOST_LINES
        assert " ".join(lines).split() == [str(number) for number in range(40)]


class TestQuotes:
    @pytest.mark.parametrize(
        ("typed", "wanted"),
        [
            ('"Hello," she said.', "“Hello,” she said."),
            ("It's Tom's 'best' day", "It’s Tom’s ‘best’ day"),
            ("rock 'n' roll", "rock ‘n’ roll"),
            ("wait -- no...", "wait — no…"),
            ("already “curly”", "already “curly”"),
        ],
    )
    def test_english(self, typed: str, wanted: str) -> None:
        assert curl_quotes(typed, Language.EN) == wanted

    def test_chinese_gets_double_width_dashes_and_dots(self) -> None:
        assert curl_quotes('他说："好"--是...', Language.ZH) == "他说：“好”——是……"
