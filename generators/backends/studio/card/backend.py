"""The studio's card backend: procedural art, set words, a seal; the same card for the same seed."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from generators.backends.studio.art.paint import STEPS, paint
from generators.backends.studio.art.painting import PaintingCancelledError
from generators.backends.studio.card.making import make_card
from generators.backends.studio.card.occasions import load_occasions
from generators.backends.studio.card.page import HEIGHT_PX, WIDTH_PX
from generators.contracts import Brief, Failure, FailureReason, Identity, Progress, Result
from generators.specs import CardSpec, Kind, Spec

REVISION: Final = "1"  # raised when the same spec and seed would give another card
_ALL_STEPS: Final = STEPS + 1  # the painter's, and one for the words
_log = logging.getLogger(__name__)


class StudioCardBackend:
    """Implements contracts.Backend for cards.

    fonts: folder of fetched fonts; None is this installation's own.
    """

    identity = Identity("studio", "procedural-card", REVISION, is_model=False)
    kinds = frozenset({Kind.CARD})
    max_batch = 4

    def __init__(self, fonts: Path | None = None) -> None:
        self._fonts = fonts

    def steps(self, spec: Spec) -> int:
        """Every card takes the same number of steps."""
        return _ALL_STEPS

    def generate(self, briefs: Sequence[Brief], progress: Progress) -> list[Result]:
        """One card after the other: a batch only shares the call."""
        return [self._make(index, brief, progress) for index, brief in enumerate(briefs)]

    def _make(self, index: int, brief: Brief, progress: Progress) -> Result:
        spec = brief.spec
        if not isinstance(spec, CardSpec):
            return Failure(FailureReason.INVALID, f"not a card: {type(spec).__name__}")
        try:
            painting = paint(
                spec.style,
                seed=brief.seed,
                width_px=WIDTH_PX,
                height_px=HEIGHT_PX,
                steering=load_occasions()[spec.occasion].steering_for(spec.style),
                on_step=lambda step, _: progress.step(index, step, _ALL_STEPS),
            )
            picture = make_card(brief, painting, self._fonts)
        except PaintingCancelledError:
            return Failure(FailureReason.CANCELLED, "cancelled while painting")
        except ValueError as error:
            return Failure(FailureReason.INVALID, str(error))
        except Exception as error:  # one bad brief must not take its neighbours' cards
            _log.exception("card failed", extra={"seed": brief.seed})
            return Failure(FailureReason.INTERNAL, repr(error))
        if not progress.step(index, _ALL_STEPS, _ALL_STEPS):
            return Failure(FailureReason.CANCELLED, "cancelled when done")
        return picture
