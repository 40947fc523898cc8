"""The studio's card backend: a background, set words, a seal; the same card for the same seed."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

from generators.backends.studio.art.painting import Painting
from generators.backends.studio.card.backgrounds import (
    BackendPainter,
    Background,
    Order,
    Painter,
    StudioPainter,
)
from generators.backends.studio.card.lettering import Lettered, letter
from generators.backends.studio.card.making import make_card
from generators.backends.studio.image import StudioImageBackend
from generators.backends.studio.motion.errors import MakingCancelledError
from generators.backends.studio.motion.making import OnStep, make_moving_card, moving_steps
from generators.backends.studio.words.writer import BankWriter
from generators.contracts import (
    Backend,
    BackendUnavailableError,
    Brief,
    Failure,
    FailureReason,
    Identity,
    Motion,
    Picture,
    Progress,
    Result,
    WordsWriter,
)
from generators.specs import CardSpec, Kind, Spec

REVISION: Final = "1"  # raised when the same spec and seed would give another card
_Maker = TypeVar("_Maker")
_Made = TypeVar("_Made")
_log = logging.getLogger(__name__)


class StudioCardBackend:
    """Implements contracts.Backend for cards.

    fonts: folder of fetched fonts; None is this installation's own.
    backgrounds, writers: who paints and who writes; when one is away, the next is asked. The studio itself
        does only where `StudioImageBackend` and `BankWriter` stand among them, or where none are given.
    """

    identity = Identity("studio", "procedural-card", REVISION, is_model=False)
    kinds = frozenset({Kind.CARD})

    def __init__(
        self,
        fonts: Path | None = None,
        *,
        backgrounds: Sequence[Backend] | None = None,
        writers: Sequence[WordsWriter] | None = None,
    ) -> None:
        self._fonts = fonts
        self._painters = [_painter(backend) for backend in backgrounds or (StudioImageBackend(),)]
        self._writers = list(writers or (BankWriter(),))
        self.max_batch = self._painters[0].max_batch

    def steps(self, spec: Spec) -> int:
        """The first painter's, and one for the words; of a card that moves, one for each frame."""
        return self._painters[0].steps(spec) + _drawing_steps(spec) if isinstance(spec, CardSpec) else 1

    def generate(self, briefs: Sequence[Brief], progress: Progress) -> list[Result]:
        """All words, then all backgrounds, each by one call; card after card where both are there."""
        results: dict[int, Result] = {}
        orders = []
        for index, brief in enumerate(briefs):
            if isinstance(brief.spec, CardSpec):
                orders.append(Order(index, brief, brief.spec))
            else:
                results[index] = Failure(FailureReason.INVALID, f"not a card: {type(brief.spec).__name__}")
        lettered = _first(self._writers, lambda writer: letter(orders, writer))
        ready = [one for one in lettered.values() if isinstance(one, Lettered)]
        results |= {index: one for index, one in lettered.items() if isinstance(one, Failure)}
        specs = {one.order.index: one.order.spec for one in ready}
        steps = _Steps(
            progress,
            {index: self._painters[0].steps(spec) for index, spec in specs.items()},
            {index: _drawing_steps(spec) for index, spec in specs.items()},
        )
        painted = _first(self._painters, lambda painter: painter.paint([one.order for one in ready], steps))
        for one, background in zip(ready, painted, strict=True):
            results[one.order.index] = self._make(one, background, steps)
        return [results[index] for index in range(len(briefs))]

    def _make(self, lettered: Lettered, background: Background | Failure, steps: "_Steps") -> Result:
        if isinstance(background, Failure):
            return background
        brief = lettered.order.brief
        parts = {"background": background.made_by, "words": lettered.written_by}
        others = {part: made_by for part, made_by in parts.items() if made_by is not None}
        label = brief.label_for(is_model=any(made_by.is_model for made_by in others.values()))
        try:
            made = _draw(
                replace(brief, label=label),
                background.painting,
                self._fonts,
                lambda step: steps.drawn(lettered.order.index, step),
            )
        except MakingCancelledError:
            return Failure(FailureReason.CANCELLED, "cancelled while drawing")
        except ValueError as error:
            return Failure(FailureReason.INVALID, str(error))
        except Exception as error:  # one bad brief must not take its neighbours' cards
            _log.exception("card failed", extra={"seed": brief.seed})
            return Failure(FailureReason.INTERNAL, repr(error))
        return replace(made, parts=others)


def _drawing_steps(spec: CardSpec) -> int:
    return 1 if spec.format.still else moving_steps(spec)


def _draw(brief: Brief, painting: Painting, fonts: Path | None, on_step: OnStep) -> Picture | Motion:
    """Raises: MakingCancelledError; TypeError and ValueError as `plan_card`."""
    if isinstance(brief.spec, CardSpec) and not brief.spec.format.still:
        return make_moving_card(brief, painting, fonts, on_step)
    picture = make_card(brief, painting, fonts)
    if not on_step(1):
        raise MakingCancelledError
    return picture


class _Steps:
    """Tells a painter's steps as the card's, of which the last ones are kept for the drawing.

    A painter that stands in for another has steps of its own: they are told in proportion.
    """

    def __init__(self, progress: Progress, painting: dict[int, int], drawing: dict[int, int]) -> None:
        self._progress = progress
        self._painting, self._drawing = painting, drawing

    def step(self, index: int, step: int, steps: int) -> bool:
        return self._tell(index, max(1, step * self._painting[index] // steps))

    def section(self, index: int, text: str) -> None:
        """A card is shown when it is whole."""

    def drawn(self, index: int, step: int) -> bool:
        return self._tell(index, self._painting[index] + step)

    def _tell(self, index: int, step: int) -> bool:
        return self._progress.step(index, step, self._painting[index] + self._drawing[index])


def _painter(backend: Backend) -> Painter:
    return StudioPainter() if isinstance(backend, StudioImageBackend) else BackendPainter(backend)


def _first(makers: Sequence[_Maker], ask: Callable[[_Maker], _Made]) -> _Made:
    """What the first of them that is not away makes. Raises: BackendUnavailableError of the last one."""
    for maker in makers[:-1]:
        try:
            return ask(maker)
        except BackendUnavailableError as error:
            _log.warning("away, the next is asked", extra={"away": type(maker).__name__, "why": str(error)})
    return ask(makers[-1])
