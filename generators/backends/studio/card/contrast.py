"""Contrast of a text colour with the picture behind it.

Source: WCAG 2.2, definitions of relative luminance and contrast ratio; 4.5:1 is success criterion 1.4.3.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from generators.contracts import Box, Pixels

RGB = tuple[int, int, int]
Floats = NDArray[np.float32]

LEAST_RATIO: Final = 4.5
CELL_PX: Final = 12  # about a stroke's surroundings: what the eye compares a letter with
_SKIP: Final = 3  # of so many rows and columns one is read: 16 samples a cell are plenty
_LINEAR: Final = np.array(
    [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (i / 255 for i in range(256))],
    dtype=np.float32,
)
_WEIGHTS: Final = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)


def cells(pixels: Pixels, box: Box) -> Pixels:
    """The picture under a box in cells of CELL_PX, (rows, columns, 3 or more channels)."""
    height, width = pixels.shape[:2]
    left, top = max(0, int(box.left)), max(0, int(box.top))
    right, bottom = min(width, int(box.right) + 1), min(height, int(box.bottom) + 1)
    area = _thinned(pixels, slice(top, bottom, _SKIP), slice(left, right, _SKIP))
    size = (max(1, (right - left) // CELL_PX), max(1, (bottom - top) // CELL_PX))
    return cv2.resize(area, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


@dataclass(frozen=True, slots=True, eq=False)
class CellMap:
    """The cells around some boxes, read once. `left`, `top` in px; (rows, columns, 3 or more channels)."""

    left: float
    top: float
    colours: Pixels

    def window(self, box: Box) -> tuple[slice, slice]:
        """Rows and columns of the cells under a box."""
        rows = slice(self._cell(box.top - self.top), self._cell(box.bottom - self.top) + 1)
        return rows, slice(self._cell(box.left - self.left), self._cell(box.right - self.left) + 1)

    def _cell(self, distance_px: float) -> int:
        return max(0, int(distance_px // CELL_PX))


def map_cells(pixels: Pixels, boxes: Sequence[Box]) -> CellMap:
    """Read the cells around all boxes."""
    left = min(box.left for box in boxes) // CELL_PX * CELL_PX
    top = min(box.top for box in boxes) // CELL_PX * CELL_PX
    right, bottom = max(box.right for box in boxes), max(box.bottom for box in boxes)
    columns, rows = -(-(right - left) // CELL_PX), -(-(bottom - top) // CELL_PX)
    whole = Box(left, top, left + columns * CELL_PX - 1, top + rows * CELL_PX - 1)
    return CellMap(left, top, cells(pixels, whole))


def _thinned(pixels: Pixels, rows: slice, columns: slice) -> Pixels:
    """A part of the picture by steps; RGBA is copied as whole words, several times as fast."""
    if pixels.shape[2] != 4 or not pixels.flags.c_contiguous:
        return np.ascontiguousarray(pixels[rows, columns])
    words = np.ascontiguousarray(pixels.view(np.uint32)[rows, columns, 0])
    return words.view(np.uint8).reshape(*words.shape, 4)


def luminance(colours: Pixels) -> Floats:
    """Relative luminance 0..1 of sRGB colours, (..., 3 or more) uint8."""
    return _LINEAR[colours[..., :3]] @ _WEIGHTS


def ratios(background: Floats, colour: RGB) -> Floats:
    """Contrast ratio, 1..21, of one colour with every luminance."""
    own = float(_LINEAR[list(colour)] @ _WEIGHTS)
    ratio = (np.maximum(background, own) + 0.05) / (np.minimum(background, own) + 0.05)
    return ratio.astype(np.float32)


def lowest(values: Floats, share: float) -> float:
    """The value that only `share` of all are below; np.quantile without its overhead."""
    flat = values.ravel()
    rank = int(share * (flat.size - 1))
    return float(np.partition(flat, rank)[rank])


def worst_ratio(pixels: Pixels, box: Box, colour: RGB) -> float:
    """The contrast that 98 % of the cells under a box reach."""
    return lowest(ratios(luminance(cells(pixels, box)), colour), 0.02)
