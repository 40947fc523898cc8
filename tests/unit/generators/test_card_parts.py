"""Cards whose background or words come from others than the studio."""

import numpy as np
import pytest

from generators.backends.studio.card.backend import StudioCardBackend
from generators.backends.studio.card.wishes import background_spec
from generators.backends.studio.image import StudioImageBackend
from generators.backends.studio.words.writer import BankWriter
from generators.contracts import (
    Backend,
    BackendUnavailableError,
    Brief,
    DeviceMemoryError,
    Failure,
    FailureReason,
    Picture,
    Progress,
    Result,
    Unwatched,
    WordsWriter,
)
from generators.specs import CardSpec, Occasion, Style
from tests.contracts.backends.watchers import Recorder
from tests.fakes.card_parts import FakePainter, FakeWriter

LABEL, MODEL_LABEL = "算法生成 · 花笺", "AI生成 · 花笺"


def brief(seed: int = 7, **changes: object) -> Brief:
    usual: dict[str, object] = {"occasion": "mid_autumn", "recipient": "林晚晴", "sender": "知夏"}
    return Brief(CardSpec.model_validate(usual | changes), seed, LABEL, MODEL_LABEL)


def cards(*briefs: Brief, backgrounds: list[Backend], progress: Progress | None = None) -> list[Result]:
    return StudioCardBackend(backgrounds=backgrounds).generate(briefs, progress or Unwatched())


def card(
    one: Brief, backgrounds: list[Backend] | None = None, writers: list[WordsWriter] | None = None
) -> Picture:
    (result,) = StudioCardBackend(backgrounds=backgrounds, writers=writers).generate([one], Unwatched())
    assert isinstance(result, Picture), result
    return result


class TestBackgrounds:
    def test_a_batch_is_asked_for_in_one_call_without_labels(self) -> None:
        painter = FakePainter()
        results = cards(brief(1), brief(2), brief(3), backgrounds=[painter])
        assert all(isinstance(result, Picture) for result in results)
        (asked,) = painter.asked
        assert [one.seed for one in asked] == [1, 2, 3]
        assert {one.label + one.model_label for one in asked} == {""}

    def test_a_painter_that_takes_less_is_asked_more_often(self) -> None:
        painter, recorder = FakePainter(max_batch=2), Recorder()
        cards(brief(1), brief(2), brief(3), backgrounds=[painter], progress=recorder)
        assert [len(asked) for asked in painter.asked] == [2, 1]
        assert [[step for step, _ in recorder.seen[index]] for index in range(3)] == [[1, 2, 3, 4, 5]] * 3
        assert StudioCardBackend(backgrounds=[painter]).max_batch == 2

    def test_the_card_stands_on_the_painting(self) -> None:
        result = card(brief(seed=90), [FakePainter()])
        assert tuple(result.pixels[1100, 20]) == (40, 150, 110)

    def test_the_parts_are_named_and_the_label_says_that_a_model_painted(self) -> None:
        painter = FakePainter()
        result = card(brief(), [painter])
        assert result.parts == {"background": painter.identity}
        assert result.made_by is None
        as_algorithm = card(Brief(brief().spec, 7, LABEL), [painter])
        assert not np.array_equal(result.pixels[-200:], as_algorithm.pixels[-200:])
        as_model = card(Brief(brief().spec, 7, MODEL_LABEL), [painter])
        assert np.array_equal(result.pixels, as_model.pixels)

    def test_what_the_sender_wrote_does_not_go_to_the_painter(self) -> None:
        painter = FakePainter()
        cards(brief(message="秘密的话", recipient="某某人"), backgrounds=[painter])
        asked = repr(painter.asked)
        assert "秘密" not in asked
        assert "某某人" not in asked

    def test_a_picture_of_another_size_fails_its_card(self) -> None:
        painter = FakePainter(picture=lambda _: np.zeros((64, 64, 3), np.uint8))
        (result,) = cards(brief(), backgrounds=[painter])
        assert isinstance(result, Failure)
        assert result.reason is FailureReason.INTERNAL

    def test_one_that_leaves_while_painting_leaves_alone(self) -> None:
        results = cards(brief(1), brief(2), backgrounds=[FakePainter()], progress=Recorder(cancel={0: 2}))
        assert isinstance(results[0], Failure)
        assert results[0].reason is FailureReason.CANCELLED
        assert isinstance(results[1], Picture)

    def test_too_little_memory_is_for_the_caller_to_mend(self) -> None:
        class Starving(FakePainter):
            def generate(self, briefs: object, progress: object) -> list[Result]:
                raise DeviceMemoryError("no room")

        with pytest.raises(DeviceMemoryError):
            cards(brief(), backgrounds=[Starving()])


class TestWords:
    def test_empty_messages_are_written_in_one_call_and_others_kept(self) -> None:
        writer = FakeWriter()
        backend = StudioCardBackend(writers=[writer])
        results = backend.generate([brief(1), brief(2, message="早点回家。"), brief(3)], Unwatched())
        assert [len(asked) for asked in writer.asked] == [2]
        texts = [result.text for result in results if isinstance(result, Picture)]
        assert ["山高水长" in (text or "") for text in texts] == [True, False, True]
        parts = [result.parts for result in results if isinstance(result, Picture)]
        assert parts == [{"words": writer.identity}, {}, {"words": writer.identity}]

    def test_the_label_says_that_a_model_wrote(self) -> None:
        written = card(brief(), writers=[FakeWriter()])
        own = card(brief(message="山高水长，见字如面。"))
        assert not np.array_equal(written.pixels[-200:], own.pixels[-200:])

    @pytest.mark.parametrize("line", ["", "好" * 201, "bell\x07"], ids=["nothing", "too much", "unprintable"])
    def test_words_that_are_none_fail_their_card(self, line: str) -> None:
        (result,) = StudioCardBackend(writers=[FakeWriter(line)]).generate([brief()], Unwatched())
        assert isinstance(result, Failure)
        assert result.reason is FailureReason.INTERNAL


class TestFallingBack:
    def test_who_is_away_is_passed_upwards(self) -> None:
        with pytest.raises(BackendUnavailableError, match="brush"):
            cards(brief(), backgrounds=[FakePainter(is_away=True)])
        with pytest.raises(BackendUnavailableError, match="pen"):
            StudioCardBackend(writers=[FakeWriter(is_away=True)]).generate([brief()], Unwatched())

    def test_the_next_one_is_asked_and_named(self) -> None:
        away, there = FakePainter(is_away=True), FakePainter()
        assert card(brief(), [away, there]).parts == {"background": there.identity}
        assert len(there.asked) == 1

    def test_the_studio_only_where_it_stands_in_the_list(self) -> None:
        own = card(brief())
        fallen = card(
            brief(),
            [FakePainter(is_away=True), StudioImageBackend()],
            [FakeWriter(is_away=True), BankWriter()],
        )
        assert np.array_equal(own.pixels, fallen.pixels)
        assert fallen.parts == {}

    def test_steps_are_the_firsts_whoever_paints(self) -> None:
        recorder = Recorder()
        backgrounds: list[Backend] = [FakePainter(is_away=True, steps=30), FakePainter(steps=4)]
        cards(brief(), backgrounds=backgrounds, progress=recorder)
        steps = [step for step, _ in recorder.seen[0]]
        assert steps == sorted(steps)
        assert steps[-1] == 31
        assert {total for _, total in recorder.seen[0]} == {31}


@pytest.mark.parametrize("occasion", Occasion)
@pytest.mark.parametrize("style", Style)
def test_every_card_has_a_prompt_that_short_encoders_can_read(occasion: Occasion, style: Style) -> None:
    spec = brief(occasion=occasion, style=style).spec
    assert isinstance(spec, CardSpec)
    asked = background_spec(spec)
    assert (asked.width_px, asked.height_px, asked.style) == (1080, 1440, style)
    assert "no text" in asked.prompt
    assert len(asked.prompt.split()) <= 40
