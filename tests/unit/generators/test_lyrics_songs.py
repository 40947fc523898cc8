"""Whole songs: they rhyme as asked, can be sung, differ, and hold the asker's words."""

import itertools
from collections import Counter
from collections.abc import Sequence
from statistics import mean
from typing import Any, cast

import pytest

from generators.backends.studio.lyrics import bank
from generators.backends.studio.lyrics.backend import StudioLyricsBackend
from generators.backends.studio.lyrics.rhyme import check_scheme
from generators.backends.studio.lyrics.syllables import count_syllables
from generators.contracts import Brief, Failure, FailureReason, Song, Unwatched
from generators.specs import CardSpec, Language, LyricsSpec, Mood, Occasion, Section

V, C, B = Section.VERSE, Section.CHORUS, Section.BRIDGE
LABEL = "AI生成 · AI-generated"
THEME_TEXTS = {
    Language.ZH: {theme.name: theme.keywords[0] for theme in bank.themes()},
    Language.EN: {theme.name: next(k for k in theme.keywords if k.isascii()) for theme in bank.themes()},
}


class Steps(Unwatched):
    """A progress that remembers, and cancels after `allowed` steps."""

    def __init__(self, allowed: int = 99) -> None:
        self.allowed = allowed
        self.seen: list[tuple[int, int, int]] = []

    def step(self, index: int, step: int, steps: int) -> bool:
        self.seen.append((index, step, steps))
        return step <= self.allowed


def sing(theme: str, language: Language = Language.ZH, seed: int = 7, **spec: Any) -> Song:
    asked = LyricsSpec(theme=theme, language=language, **spec)
    song = StudioLyricsBackend().generate([Brief(asked, seed, LABEL)], Steps())[0]
    assert isinstance(song, Song)
    return song


def sections_of(song: Song) -> list[list[str]]:
    """The lines of each section, headings left out."""
    return [block.split("\n")[1:] for block in song.text.split("\n\n")[1:-1]]


def lines_of(song: Song) -> list[str]:
    """Every different line once: a chorus sung again adds nothing."""
    return list(dict.fromkeys(line for section in sections_of(song) for line in section))


class TestEveryThemeAndMood:
    @pytest.mark.parametrize("language", Language)
    @pytest.mark.parametrize("mood", Mood)
    @pytest.mark.parametrize("theme", [theme.name for theme in bank.themes()])
    def test_composes_and_rhymes_for_many_seeds(self, theme: str, mood: Mood, language: Language) -> None:
        for seed in range(3):
            song = sing(THEME_TEXTS[language][theme], language, seed, mood=mood, sections=(V, C, V, B, C))
            assert song.rhyme["ok"] is True, song.text
            assert song.text.split("\n")[-1] == LABEL
            assert len(lines_of(song)) >= 16

    @pytest.mark.parametrize("language", Language)
    def test_bright_moods_hold_no_dark_line_of_the_bank(self, language: Language) -> None:
        dark = {
            variant.text
            for theme in bank.themes()
            for unit in bank.theme_units(theme.name, language)
            if unit.tone is bank.Tone.DARK
            for variants in unit.lines
            for variant in variants
        }
        for theme, mood in itertools.product(bank.themes(), (Mood.JOYFUL, Mood.PLAYFUL, Mood.HEROIC)):
            song = sing(THEME_TEXTS[language][theme.name], language, 3, mood=mood)
            assert dark.isdisjoint(lines_of(song))


class TestSchemes:
    @pytest.mark.parametrize("language", Language)
    @pytest.mark.parametrize(
        "scheme",
        ["AA", "AB", "AABA", "AABB", "ABAB", "ABBA", "AAAA", "XAXA", "XXXX", "AABBCC", "ABCDABCD",
         "AAAAAAAA", "AABBCCDD", "ABABXCXC"],
    )  # fmt: skip
    def test_each_is_kept_and_the_report_is_the_verifiers_own(self, scheme: str, language: Language) -> None:
        for seed in range(3):
            song = sing("雨夜归家", language, seed, rhyme=scheme, sections=(V, C, B, V))
            assert song.rhyme["ok"] is True, song.text
            rows = cast("Sequence[dict[str, Any]]", song.rhyme["sections"])
            for lines, row in zip(sections_of(song), rows, strict=True):
                again = check_scheme(lines, scheme, language)
                assert {**row, "section": ""} == {**again, "section": ""}
                assert len(lines) == len(scheme)

    @pytest.mark.parametrize("language", Language)
    def test_the_most_a_spec_can_ask_for_still_rhymes_with_no_line_twice(self, language: Language) -> None:
        song = sing("大海", language, rhyme="AAAAAAAA", sections=(V,) * 8)
        assert song.rhyme["ok"] is True
        assert len(lines_of(song)) == 64

    def test_the_report_is_plain_and_names_its_system(self) -> None:
        assert sing("月亮").rhyme["system"] == "十三辙"
        assert sing("moon", Language.EN).rhyme["system"] == "CMU"
        assert sing("moon", Language.EN).rhyme["language"] == "en"


class TestShape:
    def test_title_headings_lines_and_label_are_where_they_belong(self) -> None:
        song = sing("雨夜归家", sections=(V, C, V, B, C))
        blocks = song.text.split("\n\n")
        assert blocks[0] == song.title
        assert [block.split("\n")[0] for block in blocks[1:-1]] == [
            "[主歌一]", "[副歌]", "[主歌二]", "[桥段]", "[副歌]",
        ]  # fmt: skip
        assert blocks[-1] == LABEL
        english = sing("going home", Language.EN, sections=(V, C, B, B)).text
        assert [line for line in english.split("\n") if line.startswith("[")] == [
            "[Verse 1]", "[Chorus]", "[Bridge 1]", "[Bridge 2]",
        ]  # fmt: skip

    @pytest.mark.parametrize("language", Language)
    def test_the_chorus_returns_with_at_most_another_last_line(self, language: Language) -> None:
        varied = 0
        for seed in range(30):
            parts = sections_of(sing("毕业", language, seed, sections=(C, V, C, V, C)))
            assert parts[0] == parts[2]
            assert parts[0][:-1] == parts[4][:-1]
            varied += parts[0] != parts[4]
            assert set(parts[1]).isdisjoint(parts[3])
        assert 0 < varied < 30

    @pytest.mark.parametrize(
        ("language", "shortest", "longest"), [(Language.ZH, 5, 13), (Language.EN, 5, 11)]
    )
    def test_lines_can_be_sung_and_verses_share_a_tune(
        self, language: Language, shortest: int, longest: int
    ) -> None:
        for seed, theme in enumerate(bank.themes()):
            song = sing(THEME_TEXTS[language][theme.name], language, seed, sections=(V, C, V, B, V))
            first, _, second, _, third = sections_of(song)
            for line in lines_of(song):
                assert shortest <= count_syllables(line) <= longest, line
            for one, two, three in zip(first, second, third, strict=True):
                assert abs(count_syllables(one) - count_syllables(two)) <= 1
                assert abs(count_syllables(one) - count_syllables(three)) <= 1

    def test_any_order_of_sections_works(self) -> None:
        for order in itertools.product((V, C, B), repeat=3):
            assert sing("春天", sections=order).rhyme["ok"] is True


class TestDiversity:
    @pytest.mark.parametrize(
        ("theme", "language", "most"),
        [("雨夜归家", Language.ZH, 15), ("故乡", Language.ZH, 15),
         ("going home in the rain", Language.EN, 18), ("graduation", Language.EN, 18)],
    )  # fmt: skip
    def test_a_hundred_songs_on_one_theme_share_few_lines(
        self, theme: str, language: Language, most: int
    ) -> None:
        """Shared: lines two songs have in common, by the shorter one; each chorus counted once."""
        songs = [set(lines_of(sing(theme, language, seed))) for seed in range(100)]
        shared = mean(len(a & b) / min(len(a), len(b)) for a, b in itertools.combinations(songs, 2))
        assert shared <= 0.07
        assert max(Counter(itertools.chain.from_iterable(songs)).values()) <= most

    def test_a_seed_gives_the_same_song_and_another_seed_another(self) -> None:
        assert sing("初恋", seed=5) == sing("初恋", seed=5)
        assert sing("初恋", seed=5).text != sing("初恋", seed=6).text


class TestBackend(Unwatched):
    def test_reports_the_plan_and_every_section(self) -> None:
        backend, steps = StudioLyricsBackend(), Steps()
        spec = LyricsSpec(theme="梦想", sections=(V, C, B))
        backend.generate([Brief(spec, 1, LABEL), Brief(spec, 2, LABEL)], steps)
        assert steps.seen == [(i, step, 4) for i in (0, 1) for step in (1, 2, 3, 4)]
        assert backend.steps(spec) == 4

    def test_a_cancelled_song_stops_and_its_neighbour_does_not(self) -> None:
        class OnlySecond(Steps):
            def step(self, index: int, step: int, steps: int) -> bool:
                return index == 1 or step < 2

        briefs = [Brief(LyricsSpec(theme="梦想"), seed, LABEL) for seed in (1, 2)]
        first, second = StudioLyricsBackend().generate(briefs, OnlySecond())
        assert isinstance(first, Failure)
        assert first.reason is FailureReason.CANCELLED
        assert isinstance(second, Song)

    def test_claims_no_model(self) -> None:
        assert StudioLyricsBackend.identity.is_model is False

    def test_refuses_another_kind_of_spec(self) -> None:
        card = CardSpec(occasion=Occasion.LOVE, recipient="a", sender="b")
        with pytest.raises(TypeError, match="CardSpec"):
            StudioLyricsBackend().steps(card)
