"""A label as it stands in a file, before and after somebody has looked at whether it is one."""

from dataclasses import dataclass
from typing import Final

from provenance.implicit import ImplicitLabel

LONGEST_BYTES: Final = 1 << 20  # of an XMP packet or a text chunk that is read; ours have two thousand


@dataclass(frozen=True, slots=True)
class Carried:
    """place: container and field, such as "xmp" or "png:tEXt"."""

    place: str
    text: str


@dataclass(frozen=True, slots=True)
class FoundLabel:
    """One label in one place, such as "xmp" or "png:tEXt"; `fault` says why `label` is None."""

    place: str
    label: ImplicitLabel | None
    fault: str | None = None
