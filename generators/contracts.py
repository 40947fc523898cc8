"""The seam between the service and whatever makes the works. No users, jobs or money here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from generators.failures import Failure, FailureReason
from generators.specs import Kind, Spec

__all__ = [
    "Backend",
    "Box",
    "Brief",
    "DeviceMemoryError",
    "Failure",
    "FailureReason",
    "Identity",
    "Picture",
    "Pixels",
    "Progress",
    "Result",
    "Song",
]

Pixels = NDArray[np.uint8]  # RGB, (height_px, width_px, 3), C-contiguous


@dataclass(frozen=True, slots=True)
class Brief:
    """One member of a batch.

    label: wording of the visible label, in the work's language; the backend draws or appends it,
        at least 5 % of the shortest side high, on an edge (GB 45438-2025 section 5.2).
    """

    spec: Spec
    seed: int
    label: str


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of rendered ink in pixels: left, top inclusive; right, bottom exclusive."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished picture with its label drawn.

    boxes: what was drawn where, by role ("title", "message", "recipient", "sender", "seal", "qr",
        "label"); only for checks and layouts, never stored.
    text: the words on it, None when it has none.
    """

    pixels: Pixels
    title: str
    text: str | None = None
    boxes: Mapping[str, Box] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Song:
    """Finished lyrics. `text` is plain text with section headings, ending with the label line.

    rhyme: what was checked and found, line by line, as plain JSON data (see lyrics/rhyme report).
    """

    text: str
    title: str
    rhyme: Mapping[str, object]


Result = Picture | Song | Failure


class DeviceMemoryError(Exception):
    """The batch did not fit on the device; the caller halves it and tries again."""


class Progress(Protocol):
    """How a backend reports and learns of cancellation; cheap enough to call at every step."""

    def step(self, index: int, step: int, steps: int) -> bool:
        """Say that brief `index` has done `step` of `steps`.

        Returns: False when that brief was cancelled: stop it and give Failure(CANCELLED) for it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """What made a work, recorded with it.

    is_model: True only when a trained model ran; procedural art and banks of lines are False.
    """

    backend: str
    model: str
    revision: str
    is_model: bool


class Backend(Protocol):
    """Turns briefs into works on one device."""

    identity: Identity
    kinds: frozenset[Kind]
    max_batch: int

    def steps(self, spec: Spec) -> int:
        """How many progress steps this spec takes, > 0."""
        ...

    def generate(self, briefs: Sequence[Brief], progress: Progress) -> list[Result]:
        """Make one batch; blocks, and is only ever called from one thread.

        Args:
            briefs: 1..max_batch briefs of one kind and one batch key.
        Returns: one result per brief, in order.
        Raises: DeviceMemoryError when the batch did not fit.
        """
        ...
