"""What holds whatever a model would like: tokens are drawn blindly here, without a network."""

import random
from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
import pytest
from pypinyin.phrases_dict import phrases_dict

from generators.backends.language.decoding.line import DeadEndError, Demand, Line
from generators.backends.language.decoding.prose import MessageScript
from generators.backends.language.decoding.script import Script
from generators.backends.language.decoding.tongue import Tongue
from generators.backends.language.decoding.verse import SongScript
from generators.backends.language.decoding.words import Stand, extra_words, words_of
from generators.backends.language.decoding.writing import Writing, open_writing
from generators.backends.language.finishing import finish_song
from generators.backends.language.weaving import is_woven
from generators.backends.studio.lyrics.draft import echoes
from generators.backends.studio.lyrics.rhyme import ending_of
from generators.backends.studio.lyrics.syllables import count_syllables
from generators.contracts import BackendUnavailableError, Brief, Identity, Song
from generators.specs import Language, LyricsSpec, Section, count_graphemes
from tests.factories.language_models import make_tokenizer

V, C, B = Section.VERSE, Section.CHORUS, Section.BRIDGE
MODEL = Identity("transformers", "tiny", "local", is_model=True)
SCHEMES = ["AA", "AB", "AABA", "ABBA", "XAXA", "XXXX", "AABBCCDD", "AAAAAAAA", "ABCDABCD", "ABABXCXC"]


@pytest.fixture(scope="module")
def writings() -> Mapping[Language, Writing]:
    tongue = Tongue(make_tokenizer())
    return {language: open_writing(language, tongue) for language in Language}


def write(script: Script, seed: int, haste: float) -> None:
    """Draw allowed tokens blindly; haste: how readily a line is closed when it may be."""
    dice = random.Random(seed)
    while not script.is_done:
        tokens = script.next_tokens()
        script.feed(int(tokens[-1]) if dice.random() < haste else int(dice.choice(tokens)))


def sing(spec: LyricsSpec, writing: Writing, seed: int, haste: float = 0.1) -> Song:
    script = SongScript(spec, seed, writing, lambda _: True, lambda *_: None)
    write(script, seed, haste)
    return finish_song(Brief(spec, seed, "label"), script.title, script.sections, MODEL, {})


def rows_of(song: Song) -> list[list[dict[str, str]]]:
    sections = cast("Sequence[dict[str, list[dict[str, str]]]]", song.rhyme["sections"])
    return [section["lines"] for section in sections]


class TestSongs:
    @pytest.mark.parametrize("language", Language)
    @pytest.mark.parametrize("scheme", SCHEMES)
    def test_every_scheme_is_kept_by_blind_choice(
        self, scheme: str, language: Language, writings: Mapping[Language, Writing]
    ) -> None:
        for seed, haste in enumerate((0.0, 0.2, 1.0)):
            spec = LyricsSpec(theme="t", language=language, rhyme=scheme, sections=(V, C, V, B))
            song = sing(spec, writings[language], seed, haste)
            assert song.rhyme["ok"] is True, song.text
            assert [len(rows) for rows in rows_of(song)] == [len(scheme)] * 4

    @pytest.mark.parametrize("language", Language)
    def test_the_longest_song_has_enough_rhymes(
        self, language: Language, writings: Mapping[Language, Writing]
    ) -> None:
        spec = LyricsSpec(theme="t", language=language, rhyme="AAAAAAAA", sections=(V,) * 8)
        assert sing(spec, writings[language], 3).rhyme["ok"] is True

    @pytest.mark.parametrize("language", Language)
    def test_lines_can_be_sung_and_verses_share_a_tune(
        self, language: Language, writings: Mapping[Language, Writing]
    ) -> None:
        for seed in range(4):
            spec = LyricsSpec(theme="t", language=language, rhyme="AABA", sections=(V, C, V))
            first, _, second = rows_of(sing(spec, writings[language], seed))
            for one, other in zip(first, second, strict=True):
                lengths = [count_syllables(row["text"]) for row in (one, other)]
                assert all(6 <= length <= 11 for length in lengths)
                assert abs(lengths[0] - lengths[1]) <= 1

    @pytest.mark.parametrize("language", Language)
    def test_the_askers_words_are_in_it_when_the_model_forgets_them(
        self, language: Language, writings: Mapping[Language, Writing]
    ) -> None:
        words = ("林晚晴", "Zoë", "🎈🎈", "a rather long name")
        for sections in ((V, C, V), (V,)):
            spec = LyricsSpec(theme="t", language=language, rhyme="AA", sections=sections, words=words)
            song = sing(spec, writings[language], 5)
            assert is_woven(song.text, words), song.text
            assert song.rhyme["ok"] is True

    def test_words_the_model_used_itself_are_not_forced(self, writings: Mapping[Language, Writing]) -> None:
        spec = LyricsSpec(theme="t", rhyme="AAAA", sections=(V,))
        plain = sing(spec, writings[Language.ZH], 1)
        used = rows_of(plain)[0][0]["text"][2]
        again = sing(spec.model_copy(update={"words": (used,)}), writings[Language.ZH], 1)
        assert again.text == plain.text

    @pytest.mark.parametrize("language", Language)
    def test_rhyming_ends_are_different_words(
        self, language: Language, writings: Mapping[Language, Writing]
    ) -> None:
        for seed in range(6):
            spec = LyricsSpec(theme="t", language=language, rhyme="AAAAAA", sections=(V, V))
            for rows in rows_of(sing(spec, writings[language], seed)):
                ends = [row["end"] for row in rows]
                assert not any(echoes(a, b) for i, a in enumerate(ends) for b in ends[:i]), ends

    def test_a_stopped_song_asks_for_no_more(self, writings: Mapping[Language, Writing]) -> None:
        steps: list[int] = []

        def on_step(step: int) -> bool:
            steps.append(step)
            return step < 3

        spec = LyricsSpec(theme="t", rhyme="AABA")
        script = SongScript(spec, 1, writings[Language.ZH], on_step, lambda *_: None)
        write(script, 1, 0.2)
        assert script.is_cancelled
        assert steps == [1, 2, 3]


class TestMessages:
    @pytest.mark.parametrize("language", Language)
    @pytest.mark.parametrize("haste", [0.0, 0.05, 0.3, 1.0])
    def test_fit_a_card(self, haste: float, language: Language, writings: Mapping[Language, Writing]) -> None:
        for seed in range(12):
            script = MessageScript(language, writings[language])
            write(script, seed, haste)
            assert 24 <= count_graphemes(script.text) <= 200
            assert script.text[-1] in "。."
            assert "\n" not in script.text


class TestLine:
    def demand(self, writing: Writing, shortest: int, longest: int, ends: Sequence[str]) -> Demand:
        mask = np.array([word.end in ends for word in writing.lexicon.words], np.bool_)
        return Demand(shortest, longest, writing.lexicon.syllables, mask)

    @pytest.mark.parametrize("length", [1, 2, 5, 12])
    def test_an_exact_length_is_met_with_a_single_end_to_choose(
        self, length: int, writings: Mapping[Language, Writing]
    ) -> None:
        writing = writings[Language.ZH]
        line = Line(writing.lexicon, self.demand(writing, length, length, ["光"]))
        dice = random.Random(length)
        while not line.can_close:
            line.feed(int(dice.choice(line.next_tokens())))
        assert len(line.text) == length
        assert line.text.endswith("光")

    def test_a_character_in_pieces_is_finished_before_anything_else(
        self, writings: Mapping[Language, Writing]
    ) -> None:
        writing = writings[Language.ZH]
        row = next(i for i, count in enumerate(writing.lexicon.counts) if count == 3)
        line = Line(writing.lexicon, self.demand(writing, 1, 9, ["光"]))
        first, second, third = (int(token) for token in writing.lexicon.tokens[row, :3])
        line.feed(first)
        assert second in line.next_tokens()
        starts = set(writing.lexicon.tokens[:, 0].tolist()) - set(writing.lexicon.tokens[:, 1].tolist())
        assert starts.isdisjoint(line.next_tokens().tolist())
        line.feed(second)
        line.feed(third)
        assert line.text == writing.lexicon.words[row].text

    def test_no_word_at_the_end_is_a_dead_end(self, writings: Mapping[Language, Writing]) -> None:
        writing = writings[Language.ZH]
        with pytest.raises(DeadEndError):
            Line(writing.lexicon, self.demand(writing, 3, 5, ["no such end"]))


class TestWords:
    def test_no_neighbour_changes_how_an_end_is_heard(self) -> None:
        heard = {word.end: word.heard for word in words_of(Language.ZH, ()) if word.sound}
        phrases = [phrase for phrase in phrases_dict if phrase[-1] in heard]
        assert len(phrases) > 20_000
        wrong = [p for p in phrases if ending_of(p, Language.ZH).classes != (heard[p[-1]],)]
        assert wrong == []

    def test_an_english_end_has_one_sound(self) -> None:
        ends = [word for word in words_of(Language.EN, ()) if word.sound and word.stand is Stand.LATER]
        assert all(ending_of(f"so{word.text}", Language.EN).classes == (word.heard,) for word in ends)
        assert {" again", " the"}.isdisjoint(word.text for word in ends)  # two readings; too weak

    def test_names_of_the_theme_may_be_sung(self, writings: Mapping[Language, Writing]) -> None:
        assert [word.text for word in extra_words("going home with Xiu", Language.EN)] == ["Xiu", " Xiu"]
        more = writings[Language.EN].extended(["going home with Xiu"], Language.EN)
        assert more.lexicon.words[-1].text == " Xiu"
        assert len(more.lexicon.tokens) == len(writings[Language.EN].lexicon.tokens) + 2

    def test_a_vocabulary_that_cannot_write_chinese_says_so(self) -> None:
        class Latin(Tongue):
            def all_in_place(self, texts: Sequence[str], after: str) -> list[list[int]]:
                found = super().all_in_place(texts, after)
                return [ids if text.isascii() else [] for ids, text in zip(found, texts, strict=True)]

        tongue = Latin(make_tokenizer(600))
        with pytest.raises(BackendUnavailableError, match="zh"):
            open_writing(Language.ZH, tongue)
