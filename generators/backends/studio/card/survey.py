"""Where a picture that others painted is calm, and what colours go with it: what our own painters know."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from generators.backends.studio.art.painting import Painting
from generators.backends.studio.card.contrast import Floats, luminance
from generators.backends.studio.card.dyeing import derive_palette
from generators.backends.studio.card.page import HEIGHT_PX, MARGIN_PX, WIDTH_PX
from generators.contracts import Box, Pixels

_CELL_PX: Final = 20
_FOOT_PX: Final = 170.0  # label and code stand there
_WIDTHS: Final = (0.52, 0.6, 0.7, 0.8, 0.86)  # of the page: from a few columns to full rows
_HEIGHTS: Final = (0.36, 0.44, 0.52, 0.6, 0.68)
_UNREST_WEIGHT: Final = 9.0
_SPREAD_WEIGHT: Final = 1.6
_ROOM_WEIGHT: Final = 0.5
_SIDE_WEIGHT: Final = 0.05


def survey(pixels: Pixels, subject: str) -> Painting:
    """Read a finished picture of the page's size as a painting.

    Args:
        pixels: uint8 RGB (HEIGHT_PX, WIDTH_PX, 3); taken over, not copied.
    """
    if pixels.shape != (HEIGHT_PX, WIDTH_PX, 3):
        raise ValueError(f"a background of {pixels.shape} does not fill the page")
    calm = find_calm(pixels)
    return Painting(pixels, derive_palette(pixels, calm), calm, subject)


def find_calm(pixels: Pixels) -> Box:
    """The quietest place that is large enough for words, inside the margins and above the foot.

    Quiet is little detail and one brightness, so that one colour of ink stands out everywhere.
    """
    lightness, unrest = _maps(pixels)
    sums = _Sums(_integral(lightness), _integral(lightness**2), _integral(unrest))
    _, calm = max(_candidates(sums), key=lambda scored: scored[0])
    left, top, right, bottom = (edge * _CELL_PX for edge in calm)
    return Box(float(left), float(top), float(right), float(bottom))


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """Integral images of the cells' lightness, its square, and their unrest."""

    lightness: Floats
    square: Floats
    unrest: Floats


def _maps(pixels: Pixels) -> tuple[Floats, Floats]:
    """Lightness of every cell, 0..1, and how much goes on inside it."""
    columns, rows = WIDTH_PX // _CELL_PX, HEIGHT_PX // _CELL_PX
    # A quarter of the size keeps every stroke that could disturb a letter.
    small = cv2.resize(pixels, (columns * 5, rows * 5), interpolation=cv2.INTER_AREA)
    fine = np.sqrt(luminance(np.asarray(small, dtype=np.uint8)))
    blocks = fine.reshape(rows, 5, columns, 5).transpose(0, 2, 1, 3).reshape(rows, columns, 25)
    return blocks.mean(axis=2), blocks.std(axis=2)


def _integral(values: Floats) -> Floats:
    return np.pad(values, ((1, 0), (1, 0))).cumsum(axis=0, dtype=np.float64).cumsum(axis=1).astype(np.float64)


def _candidates(sums: _Sums) -> list[tuple[float, tuple[int, int, int, int]]]:
    """Every box worth a look with its score; in cells: left, top, right, bottom."""
    margin = round(MARGIN_PX / _CELL_PX) + 1
    last_row = int((HEIGHT_PX - _FOOT_PX) / _CELL_PX)
    last_column = WIDTH_PX // _CELL_PX - margin
    found = []
    for width in (round(share * WIDTH_PX / _CELL_PX) for share in _WIDTHS):
        for height in (round(share * HEIGHT_PX / _CELL_PX) for share in _HEIGHTS):
            for left in range(margin, max(margin + 1, last_column - width + 1), 2):
                for top in range(margin, last_row - height + 1, 2):
                    box = (left, top, min(left + width, last_column), top + height)
                    found.append((_score(sums, box), box))
    return found


def _score(sums: _Sums, box: tuple[int, int, int, int]) -> float:
    left, top, right, bottom = box
    count = (right - left) * (bottom - top)
    mean, square, unrest = (
        float(table[bottom, right] - table[top, right] - table[bottom, left] + table[top, left]) / count
        for table in (sums.lightness, sums.square, sums.unrest)
    )
    spread = max(0.0, square - mean * mean) ** 0.5
    room = count * _CELL_PX * _CELL_PX / (WIDTH_PX * HEIGHT_PX)
    aside = abs((left + right) * _CELL_PX / 2 - WIDTH_PX / 2) / WIDTH_PX
    middling = 1.0 - abs(mean - 0.55) / 0.55  # ink of either colour is weak on a medium grey
    return float(
        _ROOM_WEIGHT * room
        - _UNREST_WEIGHT * unrest
        - _SPREAD_WEIGHT * spread
        - _SIDE_WEIGHT * aside
        - 0.06 * middling
    )
