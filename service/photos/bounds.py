"""How large a photo may be, coming in and going out; no library is needed to say so."""

from dataclasses import dataclass
from typing import Final

MOST_PX: Final = 40_000_000  # coming in
LONGEST_PX: Final = 2048  # going out
LEAST_PX: Final = 240  # of the shorter side, going out: less is a blur on a card


@dataclass(frozen=True, slots=True)
class Decoded:
    """A finished photo: JPEG in sRGB, without metadata, its longest side at most LONGEST_PX."""

    jpeg: bytes
    width_px: int
    height_px: int
