"""The asker's own words: understood, woven in, and never able to break a song."""

from collections import Counter
from collections.abc import Sequence

import pytest
import regex

from generators.backends.studio.lyrics import bank
from generators.backends.studio.lyrics.template import SINGABLE, expand
from generators.backends.studio.lyrics.theme import match_theme, singable_phrase
from generators.specs import Language, Mood, Section
from tests.unit.generators.test_lyrics_songs import LABEL, B, C, V, lines_of, sing

HOSTILE = [
    "🎉🎊🎈", "……！！？？", "哈" * 60, "x" * 60, "مرحبا بالعالم", "שלום עולם", "\u202eevil\u202c",
    "[Verse 1]", "{T}{T}", "a|b[c]", "<script>alert(1)</script>", "👨‍👩‍👧‍👦", "۱۲۳", "%s %d", "春\u200b",
    "nul\tl\nline", "𠮷野家", "1234567890", "́́́",
]  # fmt: skip


def all_units(language: Language) -> list[Sequence[bank.Unit]]:
    """Every unit of the bank, by theme and by mood."""
    by_theme = [bank.theme_units(theme.name, language) for theme in bank.themes()]
    return by_theme + [bank.mood_units(mood, language) for mood in Mood]


class TestMatching:
    @pytest.mark.parametrize(
        ("text", "theme"),
        [
            ("雨夜归家", "rain_home"), ("写给妈妈的歌", "family"), ("高考前夜", "graduation"),
            ("想去看海", "sea"), ("中秋的月亮", "moon"), ("和死党的夏夜", "friendship"),
            ("失恋第七天", "heartbreak"), ("going home in the rain", "rain_home"),
            ("my hometown", "hometown"), ("Happy birthday", "birthday"), ("never give up", "striving"),
            ("midnight in the city", "night_city"), ("first love", "first_love"),
        ],
    )  # fmt: skip
    def test_keywords_lead_to_their_theme(self, text: str, theme: str) -> None:
        assert match_theme(text, Mood.TENDER).name == theme

    def test_a_text_that_points_nowhere_follows_its_mood(self) -> None:
        assert match_theme("🎈", Mood.JOYFUL).name == "birthday"
        assert match_theme("🎈", Mood.HEROIC).name == "striving"

    def test_every_mood_has_one_home(self) -> None:
        homes = [mood for theme in bank.themes() for mood in theme.home_of]
        assert sorted(homes) == sorted(Mood)


class TestPhrase:
    @pytest.mark.parametrize(
        ("text", "phrase"),
        [
            ("雨夜归家", "雨夜归家"), ("写给妈妈的歌", "妈妈"), ("毕业，再见！", "毕业 再见"),
            ("在大雨滂沱的城市里寻找一只走丢的猫", "一只走丢的猫"), ("哈" * 60, "哈哈哈"),
            ("a song about my cat Momo", "my cat Momo"),
            ("Write me a song about the old red truck", "the old red truck"),
            ("the summer we spent fixing my father's old red truck", "my father's old red truck"),
            ("🎈 moon 🎈", "moon"),
        ],
    )  # fmt: skip
    def test_keeps_what_the_text_is_about(self, text: str, phrase: str) -> None:
        assert singable_phrase(text) == phrase

    @pytest.mark.parametrize("text", ["🎉🎊", "……", "\u200b\u202e"])
    def test_a_text_without_words_has_none(self, text: str) -> None:
        assert singable_phrase(text) is None


class TestWeaving:
    @pytest.mark.parametrize(
        ("theme", "language"),
        [("雨夜归家", Language.ZH), ("外婆的菜园", Language.ZH), ("my cat Momo", Language.EN),
         ("初雪", Language.EN)],
    )  # fmt: skip
    def test_the_theme_is_in_the_title_and_in_a_line(self, theme: str, language: Language) -> None:
        for seed in range(25):
            song = sing(theme, language, seed)
            assert theme.casefold() in song.title.casefold()
            assert any(theme.casefold() in line.casefold() for line in lines_of(song))

    @pytest.mark.parametrize("language", Language)
    @pytest.mark.parametrize("sections", [(V, C, V, C), (V,), (C,), (B, B), (C, C, C)])
    @pytest.mark.parametrize("scheme", ["AA", "AABA", "AAAAAA"])
    def test_every_word_is_sung(self, language: Language, sections: tuple[Section, ...], scheme: str) -> None:
        words = ("林晚晴", "Lily", "coffee", "🐱", "2046")
        for seed in range(5):
            song = sing("春天", language, seed, words=words, sections=sections, rhyme=scheme)
            assert all(any(word in line for line in lines_of(song)) for word in words), song.text
            assert song.rhyme["ok"] is True

    def test_a_name_of_twenty_characters_is_sung_whole(self) -> None:
        for name in ("欧阳" * 10, "Wolfeschlegelsteinha"):
            song = sing("生日", words=(name,))
            assert any(name in line for line in lines_of(song))

    def test_verses_keep_their_tune_around_short_names(self) -> None:
        for seed in range(20):
            song = sing("朋友", seed=seed, words=("小满", "阿宁"), sections=(V, C, V, C))
            assert song.rhyme["ok"] is True
            for line in lines_of(song):
                assert 5 <= len(line.replace(" ", "").replace("、", "")) <= 13


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_still_gives_a_whole_song(text: str, language: Language) -> None:
    song = sing(text, language, words=(text[:20],))
    assert song.rhyme["ok"] is True
    assert song.title.strip()
    assert song.text.split("\n")[-1] == LABEL
    assert song.text.count("\n") + 1 == 1 + 4 * (1 + 1 + len("AABA")) + 2  # no text adds a line
    assert not any(mark in song.text for mark in "\u202e\u202c\u200b\t")
    assert "{T}" not in song.text.replace("{T}{T}", "")


class TestBank:
    @pytest.mark.parametrize("language", Language)
    def test_every_template_gives_lines_that_can_be_sung(self, language: Language) -> None:
        shortest, longest = SINGABLE[language]
        for unit in (unit for units in all_units(language) for unit in units):
            for variants in unit.lines:
                assert variants, unit
                assert all(shortest <= variant.syllables <= longest for variant in variants)

    @pytest.mark.parametrize("language", Language)
    def test_holds_thousands_of_lines_in_all_roles(self, language: Language) -> None:
        for theme in bank.themes():
            units = bank.theme_units(theme.name, language)
            assert {unit.role for unit in units} == set(bank.Role)
            assert sum(len(variants) for unit in units for variants in unit.lines) >= 200
            assert len(bank.titles(theme.name, language)) >= 8

    def test_english_articles_agree_with_every_choice(self) -> None:
        wrong = regex.compile(r"\b(?:a (?=[aeio]|u[^ns])(?!one|once)|an (?![aeiou]|hour))", flags=regex.I)
        for units in all_units(Language.EN):
            for unit in units:
                for variant in (variant for variants in unit.lines for variant in variants):
                    assert not wrong.search(variant.text), variant.text

    @pytest.mark.parametrize("language", Language)
    def test_no_line_is_written_for_two_templates(self, language: Language) -> None:
        owners = Counter(
            (variant.text, unit.tone)
            for units in all_units(language)
            for unit in units
            for text_variants in unit.lines
            for variant in {v.text: v for v in text_variants}.values()
        )
        assert [text for text, n in owners.items() if n > 1] == []

    def test_a_template_with_a_loose_bracket_is_refused(self) -> None:
        with pytest.raises(ValueError, match="unbalanced"):
            expand("the [moon|lamp")
        assert expand("[a|b] and [c|d]") == ["a and c", "a and d", "b and c", "b and d"]
