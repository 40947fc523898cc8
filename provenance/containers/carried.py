"""A label as it stands in a file, before anybody has looked at whether it is one."""

from dataclasses import dataclass
from typing import Final

LONGEST_BYTES: Final = 1 << 20  # of an XMP packet or a text chunk that is read; ours have two thousand


@dataclass(frozen=True, slots=True)
class Carried:
    """place: container and field, such as "xmp" or "png:tEXt"."""

    place: str
    text: str
