"""Progress of one batch: steps go out, cancellations come in."""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from generators.contracts import Progress

Pipeline: TypeAlias = Any  # every family has a class of its own; they share no typed base
Tensors: TypeAlias = dict[str, Any]
StepEnd: TypeAlias = Callable[[Pipeline, int, object, Tensors], Tensors]


class EverybodyLeftError(Exception):
    """Every member of the batch was cancelled; raised through the pipeline to stop it.

    Not all pipelines look at their `interrupt` flag, and those that do still decode a picture.
    """


class Watch:
    """Tells `progress` of every step, never backwards, and remembers who was cancelled."""

    def __init__(self, progress: Progress, steps: int) -> None:
        self._progress = progress
        self.steps = steps
        self._furthest: dict[int, int] = {}
        self._cancelled: set[int] = set()

    def is_cancelled(self, index: int) -> bool:
        return index in self._cancelled

    def step(self, index: int, step: int) -> bool:
        """Report one member; False once it is cancelled, of which `progress` is asked no more."""
        if index in self._cancelled:
            return False
        self._furthest[index] = max(step, self._furthest.get(index, 0))
        if not self._progress.step(index, self._furthest[index], self.steps):
            self._cancelled.add(index)
        return index not in self._cancelled

    def callback(self, members: Sequence[int], sampling_steps: int) -> StepEnd:
        """For a pipeline's `callback_on_step_end`. Raises: EverybodyLeftError, from within the pipeline."""

        def on_step_end(pipeline: Pipeline, number: int, _: object, tensors: Tensors) -> Tensors:
            # Schedulers of second order look more often than they were asked to step.
            looks = max(getattr(pipeline, "num_timesteps", None) or 0, sampling_steps)
            step = -(-(number + 1) * sampling_steps // looks)
            present = [self.step(index, step) for index in members]
            if not any(present):
                raise EverybodyLeftError
            return tensors

        return on_step_end
