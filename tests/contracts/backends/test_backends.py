"""What `contracts.Backend` promises, asked of every backend alike."""

import numpy as np
import pytest

from generators.contracts import (
    Backend,
    DeviceMemoryError,
    Failure,
    FailureReason,
    Identity,
    Picture,
    Result,
    Song,
    Unwatched,
)
from generators.specs import ImageSpec
from generators.typesetting.label import label_height_px
from tests.contracts.backends.conftest import Workshop
from tests.contracts.backends.subjects import LABEL, Subject
from tests.contracts.backends.watchers import Recorder

# numpy 2 finds fault with how the libraries' schedulers convert their tables.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def reasons(results: list[Result]) -> list[FailureReason | None]:
    return [result.reason if isinstance(result, Failure) else None for result in results]


class TestResults:
    def test_each_brief_gets_a_finished_work(self, subject: Subject, backend: Backend) -> None:
        results = backend.generate(subject.briefs(1, 2), Unwatched())
        assert len(results) == 2
        for result in results:
            assert isinstance(result, Picture | Song)
            assert result.title.strip()
            if isinstance(result, Picture):
                assert result.pixels.dtype == np.uint8
                assert result.pixels.ndim == 3
                assert result.pixels.shape[2] == 3
                assert result.pixels.flags.c_contiguous
                assert result.pixels.std() > 1
            else:
                assert result.text.strip()

    def test_an_image_has_the_size_that_was_asked_for(self, subject: Subject, backend: Backend) -> None:
        if isinstance(subject.spec, ImageSpec):
            (result,) = backend.generate(subject.briefs(1), Unwatched())
            assert isinstance(result, Picture)
            assert result.pixels.shape == (subject.spec.height_px, subject.spec.width_px, 3)

    def test_the_label_is_on_it(self, subject: Subject, backend: Backend) -> None:
        (result,) = backend.generate(subject.briefs(1), Unwatched())
        if isinstance(result, Song):
            assert result.text.rstrip().endswith(LABEL)
            return
        assert isinstance(result, Picture)
        height, width, _ = result.pixels.shape
        label = result.boxes["label"]
        assert label.bottom - label.top >= label_height_px(width, height)
        assert 0 <= label.left < label.right <= width
        assert 0.8 * height < label.bottom <= height

    def test_a_part_of_another_work_has_no_label(self, subject: Subject, backend: Backend) -> None:
        if isinstance(subject.spec, ImageSpec):
            brief = subject.briefs(1)[0]
            bare = type(brief)(brief.spec, brief.seed, "")
            (labelled,), (part,) = (backend.generate([one], Unwatched()) for one in (brief, bare))
            assert isinstance(labelled, Picture)
            assert isinstance(part, Picture)
            assert "label" not in part.boxes
            changed = np.flatnonzero((labelled.pixels != part.pixels).any(axis=(1, 2)))
            assert changed.min() > 0.7 * len(part.pixels)

    def test_it_says_what_it_is(self, subject: Subject, backend: Backend) -> None:
        backend.generate(subject.briefs(1), Unwatched())
        assert isinstance(backend.identity, Identity)
        assert backend.identity.backend
        assert backend.identity.model
        assert backend.identity.revision
        assert subject.spec.kind in backend.kinds
        assert backend.max_batch >= 1


class TestSeeds:
    def test_the_same_seed_gives_the_same_work(self, subject: Subject, backend: Backend) -> None:
        first, second = (backend.generate(subject.briefs(1, 2), Unwatched()) for _ in range(2))
        assert subject.all_same(first, second)

    def test_another_seed_gives_another(self, subject: Subject, backend: Backend) -> None:
        first, second = backend.generate(subject.briefs(1, 2), Unwatched())
        assert not subject.same(first, second)

    def test_a_batch_gives_what_each_would_alone(self, subject: Subject, backend: Backend) -> None:
        together = backend.generate(subject.briefs(1, 2, 3), Unwatched())
        alone = [backend.generate(subject.briefs(seed), Unwatched())[0] for seed in (1, 2, 3)]
        assert subject.all_same(together, alone)

    def test_results_are_in_the_order_of_the_briefs(self, subject: Subject, backend: Backend) -> None:
        forwards = backend.generate(subject.briefs(1, 2, 3), Unwatched())
        backwards = backend.generate(subject.briefs(3, 2, 1), Unwatched())
        assert subject.all_same(forwards, backwards[::-1])


class TestProgress:
    def test_it_rises_to_the_promised_number(self, subject: Subject, backend: Backend) -> None:
        recorder = Recorder()
        backend.generate(subject.briefs(1, 2), recorder)
        promised = backend.steps(subject.spec)
        assert promised > 0
        assert set(recorder.seen) == {0, 1}
        for seen in recorder.seen.values():
            steps = [step for step, _ in seen]
            assert steps == sorted(steps)
            assert steps[0] >= 1
            assert steps[-1] == promised
            assert {total for _, total in seen} == {promised}

    def test_one_member_leaves_and_the_others_stay(self, subject: Subject, backend: Backend) -> None:
        untouched = backend.generate(subject.briefs(1, 2, 3), Unwatched())
        recorder = Recorder(cancel={1: 2})
        results = backend.generate(subject.briefs(1, 2, 3), recorder)
        assert reasons(results) == [None, FailureReason.CANCELLED, None]
        assert subject.same(results[0], untouched[0])
        assert subject.same(results[2], untouched[2])
        assert recorder.furthest(1) == 2  # nobody asks again for one that left
        assert sum(step == 2 for step, _ in recorder.seen[1]) == 1

    def test_when_all_leave_it_stops(self, subject: Subject, backend: Backend) -> None:
        recorder = Recorder(cancel={0: 1, 1: 2})
        results = backend.generate(subject.briefs(1, 2), recorder)
        assert reasons(results) == [FailureReason.CANCELLED] * 2
        assert recorder.furthest(0) == 1
        assert recorder.furthest(1) == 2

    def test_after_everybody_left_it_works_as_before(self, subject: Subject, backend: Backend) -> None:
        before = backend.generate(subject.briefs(1), Unwatched())
        backend.generate(subject.briefs(1), Recorder(cancel={0: 1}))
        assert subject.all_same(before, backend.generate(subject.briefs(1), Unwatched()))


class TestTrouble:
    def test_a_foreign_spec_fails_alone(self, subject: Subject, backend: Backend) -> None:
        results = backend.generate(subject.mixed(), Unwatched())
        assert reasons(results) == [None, FailureReason.INVALID, None]
        assert subject.all_same([results[0], results[2]], backend.generate(subject.briefs(1, 2), Unwatched()))

    def test_too_little_memory_is_said_and_survived(self, starving: Subject, workshop: Workshop) -> None:
        backend = workshop.backend(starving)
        before = backend.generate(starving.briefs(1), Unwatched())
        assert starving.starve is not None
        with starving.starve(backend), pytest.raises(DeviceMemoryError):
            backend.generate(starving.briefs(1, 2), Unwatched())
        assert starving.all_same(before, backend.generate(starving.briefs(1), Unwatched()))
