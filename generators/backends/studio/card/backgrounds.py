"""Who paints behind the words: our own painters, or any image backend."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from generators.backends.studio.art.paint import STEPS, paint
from generators.backends.studio.art.painting import Painting, PaintingCancelledError
from generators.backends.studio.card.occasions import load_occasions
from generators.backends.studio.card.page import HEIGHT_PX, WIDTH_PX
from generators.backends.studio.card.survey import survey
from generators.backends.studio.card.wishes import background_spec
from generators.contracts import Backend, Brief, Failure, FailureReason, Identity, Picture, Progress, Result
from generators.specs import CardSpec


@dataclass(frozen=True, slots=True)
class Order:
    """One card of a batch: its place there, its brief and the brief's spec."""

    index: int
    brief: Brief
    spec: CardSpec


@dataclass(frozen=True, slots=True)
class Background:
    """A painting and whoever made it; None for the studio itself."""

    painting: Painting
    made_by: Identity | None = None


class Painter(Protocol):
    """Paints the backgrounds of one batch."""

    max_batch: int

    def steps(self, spec: CardSpec) -> int:
        """How many steps the background of this card takes, > 0."""
        ...

    def paint(self, orders: Sequence[Order], progress: Progress) -> Iterator[Background | Failure]:
        """One background per order, in order; steps are reported as the painter counts them.

        Raises: DeviceMemoryError, BackendUnavailableError, both before the first background.
        """
        ...


class StudioPainter:
    """Procedural art that knows itself where it is calm."""

    max_batch = 1  # nothing is shared on a CPU: a second one would only wait

    def steps(self, spec: CardSpec) -> int:
        """Every style takes the same number of steps."""
        return STEPS

    def paint(self, orders: Sequence[Order], progress: Progress) -> Iterator[Background | Failure]:
        """One after the other, each when it is asked for: a batch saves nothing on a CPU."""
        for order in orders:
            try:
                yield Background(self._paint(order, progress))
            except PaintingCancelledError:
                yield Failure(FailureReason.CANCELLED, "cancelled while painting")

    def _paint(self, order: Order, progress: Progress) -> Painting:
        return paint(
            order.spec.style,
            seed=order.brief.seed,
            width_px=WIDTH_PX,
            height_px=HEIGHT_PX,
            steering=load_occasions()[order.spec.occasion].steering_for(order.spec.style),
            on_step=lambda step, steps: progress.step(order.index, step, steps),
        )


class BackendPainter:
    """Any image backend: asked once for the whole batch, in parts where that is more than it takes."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self.max_batch = backend.max_batch

    def steps(self, spec: CardSpec) -> int:
        """As many as the backend says."""
        return self._backend.steps(background_spec(spec))

    def paint(self, orders: Sequence[Order], progress: Progress) -> Iterator[Background | Failure]:
        """All pictures first, since they are made together; each is read when its card is drawn."""
        results: list[Result] = []
        for start in range(0, len(orders), self.max_batch):
            part = orders[start : start + self.max_batch]
            results += self._backend.generate([_brief(order) for order in part], _Placed(progress, part))
        return (self._background(order, result) for order, result in zip(orders, results, strict=True))

    def _background(self, order: Order, result: Result) -> Background | Failure:
        if isinstance(result, Failure):
            return result
        if not isinstance(result, Picture):
            return Failure(FailureReason.INTERNAL, f"the background is no picture: {type(result).__name__}")
        subject = f"{order.spec.style.value} background by {self._backend.identity.model}"
        made_by = result.made_by or self._backend.identity
        try:
            return Background(survey(result.pixels, subject), made_by)
        except ValueError as error:
            return Failure(FailureReason.INTERNAL, str(error))


class _Placed:
    """Progress of a part of the batch, told under the cards' own places."""

    def __init__(self, progress: Progress, part: Sequence[Order]) -> None:
        self._progress = progress
        self._part = part

    def step(self, index: int, step: int, steps: int) -> bool:
        return self._progress.step(self._part[index].index, step, steps)

    def section(self, index: int, text: str) -> None:
        """A picture has no sections to show."""


def _brief(order: Order) -> Brief:
    return replace(order.brief, spec=background_spec(order.spec), label="", model_label="", photo=None)
