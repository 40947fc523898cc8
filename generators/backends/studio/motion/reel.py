"""Sizes and speeds of a moving card, and the pace of everything on it."""

from dataclasses import dataclass
from typing import Final

from generators.backends.studio.card.page import WIDTH_PX
from generators.contracts import Box

FILM_WIDTH_PX: Final = 720
FILM_HEIGHT_PX: Final = 960
SHARE: Final = FILM_WIDTH_PX / WIDTH_PX  # of the still card's size
SECONDS: Final = 3.0  # of the card itself
TICKS_PER_SECOND: Final = 24
_REST_SECONDS: Final = 1.0  # in which everything that drifts comes to rest


@dataclass(frozen=True, slots=True)
class Reel:
    """How many frames are drawn: one every `stride` ticks."""

    stride: int = 1
    seconds: float = SECONDS

    @property
    def frames_per_second(self) -> int:
        return TICKS_PER_SECOND // self.stride

    @property
    def frames(self) -> int:
        return round(self.seconds * self.frames_per_second)

    def time(self, frame: int) -> float:
        """Seconds from the start; the last frame shows the very end."""
        return self.seconds * frame / (self.frames - 1)


def drifted(time: float, seconds: float = SECONDS) -> float:
    """How far what drifts has come, in seconds at full speed: it slows down evenly and stops at the end."""
    slow = seconds - _REST_SECONDS
    if time <= slow:
        return time
    late = min(time, seconds) - slow
    return slow + late - late * late / (2 * _REST_SECONDS)


def eased(share: float) -> float:
    """0..1 to 0..1, quick at first and gentle at the end."""
    rest = 1.0 - min(1.0, max(0.0, share))
    return 1.0 - rest * rest * rest


def filmed(box: Box) -> Box:
    """A box of the still card, in the film's pixels."""
    return Box(box.left * SHARE, box.top * SHARE, box.right * SHARE, box.bottom * SHARE)
