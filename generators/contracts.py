"""The seam between the service and whatever makes the works. No users, jobs or money here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from generators.failures import Failure, FailureReason
from generators.specs import CardSpec, Kind, Spec

__all__ = [
    "Backend",
    "BackendUnavailableError",
    "Box",
    "Brief",
    "DeviceMemoryError",
    "Failure",
    "FailureReason",
    "Identity",
    "Motion",
    "Picture",
    "Pixels",
    "Progress",
    "Result",
    "Song",
    "Unwatched",
    "WordsWriter",
]

Pixels = NDArray[np.uint8]  # RGB, (height_px, width_px, 3), C-contiguous


@dataclass(frozen=True, slots=True)
class Brief:
    """One member of a batch.

    label: wording of the visible label, in the work's language; the backend draws or appends it,
        at least 5 % of the shortest side high, on an edge (GB 45438-2025 section 5.2). Empty when the
        result is only a part of another work, which will carry the label.
    model_label: the wording to use instead when a trained model had a part in a work whose backend is
        none itself, such as a typeset card on a model's painting.
    photo: the user's own photo for the spec that names one, upright, uint8 RGB; None without one.
    """

    spec: Spec
    seed: int
    label: str
    model_label: str = ""
    photo: Pixels | None = None

    def label_for(self, *, is_model: bool) -> str:
        """The wording that is true of what had a part in it."""
        return (self.model_label or self.label) if is_model else self.label


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
class Identity:
    """What made a work, or a part of one; recorded with it.

    is_model: True only when a trained model ran; procedural art and banks of lines are False.
    steps: denoising steps of a diffusion model; None for whatever has no such thing.
    """

    backend: str
    model: str
    revision: str
    is_model: bool
    steps: int | None = None

    def after(self, steps: int) -> "Identity":
        """The same, having taken so many steps."""
        return replace(self, steps=steps)


@dataclass(frozen=True, slots=True)
class Picture:
    """A finished picture with its label drawn.

    boxes: what was drawn where, by role ("title", "message", "recipient", "sender", "seal", "qr",
        "label", "photo"); only for checks and layouts, never stored.
    text: the words on it, None when it has none.
    made_by: None for the backend's own identity.
    parts: who made which part ("background", "words") when that was somebody else.
    """

    pixels: Pixels
    title: str
    text: str | None = None
    boxes: Mapping[str, Box] = field(default_factory=dict)
    made_by: Identity | None = None
    parts: Mapping[str, Identity] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Motion:
    """A finished work that moves or opens: encoded already, its label visible for the whole length.

    poster: one still frame with everything on it, for lists and previews.
    others: as in Picture.
    """

    content: bytes
    media_type: str
    extension: str
    width_px: int
    height_px: int
    poster: Pixels
    title: str
    text: str | None = None
    boxes: Mapping[str, Box] = field(default_factory=dict)
    made_by: Identity | None = None
    parts: Mapping[str, Identity] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Song:
    """Finished lyrics. `text` is plain text with section headings, ending with the label line.

    rhyme: what was checked and found, line by line, as plain JSON data (see lyrics/rhyme report).
    usage: tokens, and what they cost where they are paid for, as plain JSON data; empty when nothing counts.
    """

    text: str
    title: str
    rhyme: Mapping[str, object]
    made_by: Identity | None = None
    usage: Mapping[str, object] = field(default_factory=dict)


Result = Picture | Motion | Song | Failure


class DeviceMemoryError(Exception):
    """The batch did not fit on the device; the caller halves it and tries again."""


class BackendUnavailableError(Exception):
    """This backend cannot work now: its server is away, its circuit is open, its model does not load.

    Nothing was made; the next backend of the route may be asked.
    """


class Progress(Protocol):
    """How a backend reports and learns of cancellation; cheap enough to call at every step."""

    def step(self, index: int, step: int, steps: int) -> bool:
        """Say that brief `index` has done `step` of `steps`.

        Returns: False when that brief was cancelled: stop it and give Failure(CANCELLED) for it.
        """
        ...

    def section(self, index: int, text: str) -> None:
        """Show a part of brief `index` that is finished and will not change, such as a verse."""
        ...


class Unwatched:
    """A progress that nobody looks at; base of those that look at one thing only."""

    def step(self, index: int, step: int, steps: int) -> bool:
        return True

    def section(self, index: int, text: str) -> None:
        return


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
        Raises: DeviceMemoryError when the batch did not fit. BackendUnavailableError.
        """
        ...


class WordsWriter(Protocol):
    """Writes the message of a card whose sender gave none."""

    identity: Identity

    def write(self, specs: Sequence[CardSpec], seeds: Sequence[int]) -> list[str | Failure]:
        """One message per spec, in order: 1 to 200 characters, without greeting line and signature.

        Raises: DeviceMemoryError when the batch did not fit. BackendUnavailableError.
        """
        ...
