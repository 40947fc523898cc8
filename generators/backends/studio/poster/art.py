"""Which of our paintings stands behind a request that shows no work: a few that leave calm room, by seed."""

from typing import Final

from generators.backends.studio.art.steering import Steering
from generators.specs import Style

_SHELF: Final = (
    (Style.INK, "dawn"),
    (Style.PLUM, "blush"),
    (Style.INK, "jade"),
    (Style.PLUM, "celadon"),
    (Style.INK, "amber"),
)


def choose_art(seed: int) -> tuple[Style, Steering]:
    """Style and colours for a seed >= 0."""
    style, palette = _SHELF[seed % len(_SHELF)]
    return style, Steering(palette=palette)
