"""Painters and writers for cards: obey the contracts, run no model, and say that one ran."""

from collections.abc import Callable, Sequence

import numpy as np

from generators.contracts import (
    BackendUnavailableError,
    Brief,
    Failure,
    FailureReason,
    Identity,
    Picture,
    Pixels,
    Progress,
    Result,
)
from generators.specs import CardSpec, ImageSpec, Kind, Spec


def wash(brief: Brief) -> Pixels:
    """A light ground with a darker foot, whose colour follows the seed."""
    spec = brief.spec
    assert isinstance(spec, ImageSpec)
    pixels = np.full((spec.height_px, spec.width_px, 3), 238, np.uint8)
    pixels[spec.height_px * 2 // 3 :] = (40, 60 + brief.seed % 100, 110)
    return pixels


class FakePainter:
    """Implements contracts.Backend for images and keeps every batch of briefs that it was given."""

    identity = Identity("fake", "brush", "7", is_model=True, steps=4)
    kinds = frozenset({Kind.IMAGE})

    def __init__(
        self,
        *,
        is_away: bool = False,
        max_batch: int = 8,
        steps: int = 4,
        picture: Callable[[Brief], Pixels] = wash,
    ) -> None:
        self.is_away, self.max_batch = is_away, max_batch
        self.asked: list[list[Brief]] = []
        self._steps, self._picture = steps, picture

    def steps(self, spec: Spec) -> int:
        return self._steps

    def generate(self, briefs: Sequence[Brief], progress: Progress) -> list[Result]:
        if self.is_away:
            raise BackendUnavailableError("the brush is away")
        self.asked.append(list(briefs))
        return [self._one(index, brief, progress) for index, brief in enumerate(briefs)]

    def _one(self, index: int, brief: Brief, progress: Progress) -> Result:
        for step in range(1, self._steps + 1):
            if not progress.step(index, step, self._steps):
                return Failure(FailureReason.CANCELLED, "left")
        return Picture(self._picture(brief), "a wash")


class FakeWriter:
    """Implements contracts.WordsWriter with one line for everybody."""

    identity = Identity("fake", "pen", "7", is_model=True)

    def __init__(self, line: str = "山高水长，见字如面。", *, is_away: bool = False) -> None:
        self.line, self.is_away = line, is_away
        self.asked: list[list[CardSpec]] = []

    def write(self, specs: Sequence[CardSpec], seeds: Sequence[int]) -> list[str | Failure]:
        if self.is_away:
            raise BackendUnavailableError("the pen is away")
        self.asked.append(list(specs))
        return [self.line] * len(specs)
