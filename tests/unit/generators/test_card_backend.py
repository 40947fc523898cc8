"""The card backend as the worker sees it, and the texts it brings along."""

import numpy as np
import pytest

from generators.backends.studio.card.backend import StudioCardBackend
from generators.backends.studio.card.making import choose_direction, write_words
from generators.backends.studio.card.occasions import load_occasions
from generators.contracts import Brief, Failure, FailureReason, Picture, Result, Unwatched
from generators.fonts.store import default_folder, read_receipt
from generators.fonts.voices import open_voice
from generators.specs import CardSpec, Direction, ImageSpec, Kind, Language, Occasion, Spec, Style
from generators.typesetting.composing import compose

LABEL = "算法生成 · 花笺"


class Steps(Unwatched):
    """Remembers progress; cancels brief `cancel` at step `at`."""

    def __init__(self, cancel: int | None = None, at: int = 2) -> None:
        self.cancel, self.at = cancel, at
        self.seen: list[tuple[int, int, int]] = []

    def step(self, index: int, step: int, steps: int) -> bool:
        self.seen.append((index, step, steps))
        return not (index == self.cancel and step >= self.at)


def spec(**changes: object) -> CardSpec:
    usual: dict[str, object] = {"occasion": "mid_autumn", "recipient": "林晚晴", "sender": "知夏"}
    return CardSpec.model_validate(usual | changes)


def generate(one: Spec, progress: Steps | None = None, seed: int = 7) -> Result:
    (result,) = StudioCardBackend().generate([Brief(one, seed, LABEL)], progress or Steps())
    return result


class TestGenerate:
    @pytest.mark.parametrize("style", Style)
    @pytest.mark.parametrize("language", Language)
    def test_every_style_gives_a_card(self, style: Style, language: Language) -> None:
        result = generate(spec(style=style, language=language))
        assert isinstance(result, Picture)
        assert result.pixels.shape == (1440, 1080, 3)
        assert {"title", "recipient", "message", "sender", "seal", "label"} <= set(result.boxes)

    def test_the_text_is_what_stands_on_the_card(self) -> None:
        result = generate(spec(message="早点回家。"))
        assert isinstance(result, Picture)
        assert result.title in ("中秋快乐", "花好月圆", "月满人圆")
        assert result.text is not None
        assert result.text.split("\n") == [result.title, "致 林晚晴", "早点回家。", "知夏 敬贺"]

    def test_words_are_written_when_none_are_given(self) -> None:
        first, second = generate(spec(), seed=1), generate(spec(), seed=2)
        assert isinstance(first, Picture)
        assert isinstance(second, Picture)
        assert first.text != second.text

    def test_the_same_seed_gives_the_same_card(self) -> None:
        first, second = generate(spec(style="plum")), generate(spec(style="plum"))
        assert isinstance(first, Picture)
        assert isinstance(second, Picture)
        assert np.array_equal(first.pixels, second.pixels)

    def test_steps_count_up_to_the_promised_number(self) -> None:
        progress, backend = Steps(), StudioCardBackend()
        backend.generate([Brief(spec(), 7, LABEL)] * 2, progress)
        promised = backend.steps(spec())
        assert progress.seen == [(i, step, promised) for i in (0, 1) for step in range(1, promised + 1)]

    @pytest.mark.parametrize("at", [1, 3, 7])
    def test_a_cancelled_brief_fails_alone(self, at: int) -> None:
        briefs = [Brief(spec(), seed, LABEL) for seed in (1, 2)]
        progress = Steps(cancel=0, at=at)
        first, second = StudioCardBackend().generate(briefs, progress)
        assert max(step for index, step, _ in progress.seen if index == 0) == at  # no work after it
        assert isinstance(first, Failure)
        assert first.reason is FailureReason.CANCELLED
        assert isinstance(second, Picture)

    def test_another_kind_is_refused(self) -> None:
        result = generate(ImageSpec(prompt="plum"))
        assert isinstance(result, Failure)
        assert result.reason is FailureReason.INVALID

    def test_a_label_that_shows_nothing_fails_its_card(self) -> None:
        (result,) = StudioCardBackend().generate([Brief(spec(), 7, "\u200b")], Steps())
        assert isinstance(result, Failure)
        assert result.reason is FailureReason.INVALID

    def test_it_never_claims_a_model(self) -> None:
        assert StudioCardBackend.identity.is_model is False
        assert StudioCardBackend.kinds == {Kind.CARD}


class TestDirection:
    def direction(self, **changes: object) -> Direction:
        one = spec(**changes)
        return choose_direction(one, write_words(one, 7))

    def test_short_chinese_stands_in_columns(self) -> None:
        assert self.direction(message="早点回家。") is Direction.VERTICAL

    def test_long_chinese_and_latin_names_run_in_rows(self) -> None:
        assert self.direction(message="好" * 150) is Direction.HORIZONTAL
        assert self.direction(recipient="Alexander Bell") is Direction.HORIZONTAL
        assert self.direction(sender="春" * 15) is Direction.HORIZONTAL

    def test_english_always_runs_in_rows(self) -> None:
        assert self.direction(language="en", direction="vertical") is Direction.HORIZONTAL

    def test_a_wish_is_followed(self) -> None:
        assert self.direction(message="早点回家。", direction="horizontal") is Direction.HORIZONTAL
        assert self.direction(message="好" * 150, direction="vertical") is Direction.VERTICAL


class TestTexts:
    @pytest.mark.parametrize("occasion", Occasion)
    @pytest.mark.parametrize("folder", ["fetched", "bundled only"])
    def test_our_own_words_need_no_stand_in(self, occasion: Occasion, folder: str, tmp_path: object) -> None:
        entry = load_occasions()[occasion]
        fonts = default_folder() if folder == "fetched" else default_folder() / "none"
        for wording in (entry.zh, entry.en):
            voice = open_voice(wording.voice, fonts)
            for title in wording.title:
                assert compose(title, voice).replaced == ()
            small = wording.subtitle + wording.to + wording.after
            assert compose(small, open_voice("zh_text", fonts)).replaced == ()

    @pytest.mark.skipif(
        read_receipt(default_folder(), "ma-shan-zheng") is None, reason="fonts are not fetched"
    )
    @pytest.mark.parametrize("occasion", Occasion)
    def test_every_chinese_title_is_in_the_brush_font(self, occasion: Occasion) -> None:
        wording = load_occasions()[occasion].zh
        voice = open_voice(wording.voice)
        for title in wording.title:
            assert voice.for_text(title) is voice, title

    def test_palettes_named_for_the_styles_exist(self) -> None:
        for occasion in Occasion:
            entry = load_occasions()[occasion]
            assert set(entry.palettes) == set(Style), occasion

    def test_grief_is_restrained(self) -> None:
        for occasion, entry in load_occasions().items():
            assert entry.is_quiet == (occasion is Occasion.CONDOLENCE)
        words = load_occasions()[Occasion.CONDOLENCE]
        assert not set("贺喜乐") & set("".join(words.zh.title) + words.zh.after)
