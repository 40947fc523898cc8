"""What goes into the renderer process and comes out: an order; finished files, a refusal, or a failure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from generators.failures import Failure
from generators.specs import Kind


@dataclass(frozen=True, slots=True)
class MadeFile:
    """One encoded file. Pixels for pictures, None for text."""

    role: str
    media_type: str
    extension: str
    width_px: int | None
    height_px: int | None
    content: bytes


@dataclass(frozen=True, slots=True)
class Product:
    """A finished work: encoded, labelled, not yet stored."""

    title: str
    text: str | None
    language: str | None
    provenance: Mapping[str, object]
    details: Mapping[str, object]
    files: tuple[MadeFile, ...]


@dataclass(frozen=True, slots=True)
class Rejection:
    """Moderation refused the output."""

    category: str


@dataclass(frozen=True, slots=True)
class Order:
    """One batch to make: specs of one kind, as stored with the jobs, seeds included."""

    kind: Kind
    specs: Sequence[Mapping[str, Any]]


Made = Product | Rejection | Failure
