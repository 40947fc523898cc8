"""The studio's image backend keeps the contract of every backend."""

import numpy as np
import pytest

from generators.backends.studio.art.paint import STEPS
from generators.backends.studio.image import StudioImageBackend
from generators.backends.titles import title_of
from generators.contracts import Brief, Failure, FailureReason, Picture, Unwatched
from generators.specs import CardSpec, ImageSpec, Kind, Occasion, Style

LABEL = "AI生成"


class Recorder(Unwatched):
    """A Progress that remembers, and cancels one brief at one step."""

    def __init__(self, cancel_index: int = -1, cancel_step: int = 0) -> None:
        self.seen: list[tuple[int, int, int]] = []
        self._cancel = (cancel_index, cancel_step)

    def step(self, index: int, step: int, steps: int) -> bool:
        self.seen.append((index, step, steps))
        return (index, step) != self._cancel


def make_brief(prompt: str = "mountains at dawn", seed: int = 3, **spec: object) -> Brief:
    fields = {"prompt": prompt, "width_px": 320, "height_px": 256, **spec}
    return Brief(ImageSpec.model_validate(fields), seed, LABEL)


def generate(*briefs: Brief, progress: Recorder | None = None) -> list[object]:
    return list(StudioImageBackend().generate(briefs, progress or Recorder()))


def test_it_says_that_no_model_ran() -> None:
    backend = StudioImageBackend()
    assert backend.kinds == frozenset({Kind.IMAGE})
    assert (backend.identity.backend, backend.identity.model) == ("studio", "procedural-art")
    assert backend.identity.is_model is False
    assert backend.identity.revision


def test_a_picture_has_its_size_title_and_label() -> None:
    (picture,) = generate(make_brief("plum blossom in snow, softly"))
    assert isinstance(picture, Picture)
    assert picture.pixels.shape == (256, 320, 3)
    assert picture.title == "plum blossom in snow"
    label = picture.boxes["label"]
    assert label.bottom - label.top >= 0.05 * 256
    assert 0 <= label.left < label.right <= 320
    assert 0.8 * 256 < label.bottom <= 256


def test_the_label_is_really_on_the_picture() -> None:
    short, long = (
        generate(Brief(make_brief().spec, 3, label))[0] for label in ("AI", "AI generated picture")
    )
    assert isinstance(short, Picture)
    assert isinstance(long, Picture)
    rows = np.flatnonzero((short.pixels != long.pixels).any(axis=(1, 2)))
    assert len(rows)
    assert rows.min() > 0.8 * 256


def test_the_same_brief_gives_the_same_picture_and_another_seed_another() -> None:
    first, again, other = generate(make_brief(), make_brief(), make_brief(seed=4))
    assert isinstance(first, Picture)
    assert isinstance(again, Picture)
    assert isinstance(other, Picture)
    assert np.array_equal(first.pixels, again.pixels)
    assert not np.array_equal(first.pixels, other.pixels)


def test_a_style_in_the_spec_wins_over_the_words() -> None:
    by_words, by_spec = generate(make_brief("mountains"), make_brief("mountains", style=Style.SILK))
    assert isinstance(by_words, Picture)
    assert isinstance(by_spec, Picture)
    assert not np.array_equal(by_words.pixels, by_spec.pixels)


def test_every_step_is_reported_for_every_brief() -> None:
    progress = Recorder()
    generate(make_brief(), make_brief(seed=4), progress=progress)
    steps = StudioImageBackend().steps(make_brief().spec)
    assert progress.seen == [(index, step, steps) for index in range(2) for step in range(1, steps + 1)]


@pytest.mark.parametrize("step", [1, STEPS, STEPS + 1])
def test_a_cancelled_brief_fails_alone(step: int) -> None:
    progress = Recorder(cancel_index=0, cancel_step=step)
    first, second = generate(make_brief(), make_brief(), progress=progress)
    assert isinstance(first, Failure)
    assert first.reason is FailureReason.CANCELLED
    assert isinstance(second, Picture)
    assert max(done for index, done, _ in progress.seen if index == 0) == step


def test_a_spec_of_another_kind_is_invalid() -> None:
    card = CardSpec(occasion=Occasion.LOVE, recipient="林晚晴", sender="知夏")
    (result,) = generate(Brief(card, 1, LABEL))
    assert isinstance(result, Failure)
    assert result.reason is FailureReason.INVALID


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("雪中红梅，远山如黛。", "雪中红梅"),
        ("  a   boat \n on the lake", "a boat"),
        ("，，月", "月"),
        ("！！", "！！"),
        ("👨‍👩‍👧‍👦 family", "👨‍👩‍👧‍👦 family"),
        ("one two three four five six seven", "one two three four five…"),
    ],
)
def test_a_title_is_the_first_clause_bounded(prompt: str, title: str) -> None:
    assert title_of(prompt) == title
