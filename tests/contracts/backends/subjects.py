"""Every backend that the suite tries. A new one is a `Subject` in a module of this folder, named in `ALL`."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from generators.contracts import Backend, Brief, Picture, Result, Song
from generators.specs import Spec

LABEL = "AI生成 · 花笺"


@runtime_checkable
class Closing(Protocol):
    """A backend that holds a connection, or a server of its own."""

    def close(self) -> None: ...


@dataclass(frozen=True)
class Subject:
    """One backend and what is asked of it.

    build: makes the backend once for the whole session; `folder` is its own.
    spec: something quick, the same for every brief.
    foreign: a spec of a kind that it does not make.
    levels: by how many of 255 levels a picture in a batch may differ from the picture alone.
    starve: while this context is open its device has no memory; None where there is no device.
    """

    name: str
    build: Callable[[Path], Backend]
    spec: Spec
    foreign: Spec
    levels: int = 0
    starve: Callable[[Backend], AbstractContextManager[None]] | None = None

    def briefs(self, *seeds: int) -> list[Brief]:
        return [Brief(self.spec, seed, LABEL) for seed in seeds]

    def mixed(self) -> list[Brief]:
        """A foreign brief between two of its own."""
        first, second = self.briefs(1, 2)
        return [first, replace(first, spec=self.foreign), second]

    def same(self, first: Result, second: Result) -> bool:
        """Whether two results are one work, as far as rounding allows."""
        if isinstance(first, Picture) and isinstance(second, Picture):
            if first.pixels.shape != second.pixels.shape or first.text != second.text:
                return False
            gap = np.abs(first.pixels.astype(np.int16) - second.pixels.astype(np.int16))
            return int(gap.max()) <= self.levels
        return isinstance(first, Song) and isinstance(second, Song) and first.text == second.text

    def all_same(self, first: Sequence[Result], second: Sequence[Result]) -> bool:
        return len(first) == len(second) and all(map(self.same, first, second))
