"""A photo made to belong on the card: cropped with care, its colours a little nearer to the paper's."""

from typing import Final

import cv2
import numpy as np

from generators.backends.studio.art.painting import Palette
from generators.contracts import Pixels

_TINT: Final = 0.07  # of the paper in every colour
_SATURATION: Final = 0.93


def cover(pixels: Pixels, width_px: int, height_px: int, *, focus_y: float) -> Pixels:
    """The largest part of a picture with the wanted proportions, scaled to the wanted size.

    focus_y: the height, 0..1, that stays in sight when something above and below must go.
    """
    height, width = pixels.shape[:2]
    scale = max(width_px / width, height_px / height)
    part_width, part_height = min(width, round(width_px / scale)), min(height, round(height_px / scale))
    left = (width - part_width) // 2
    top = round(min(max(0.0, focus_y * height - part_height * 0.42), height - part_height))
    part = pixels[top : top + part_height, left : left + part_width]
    smaller = scale < 1
    size = (width_px, height_px)
    scaled = cv2.resize(part, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
    return np.ascontiguousarray(scaled, dtype=np.uint8)


def grade(pixels: Pixels, palette: Palette) -> Pixels:
    """A touch of the paper's colour, and a little less of the photo's own."""
    grey = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    calmer = cv2.addWeighted(pixels, _SATURATION, grey, 1 - _SATURATION, 0)
    tint = np.empty_like(pixels)
    tint[:] = palette.paper
    return cv2.addWeighted(calmer, 1 - _TINT, tint, _TINT, 0).astype(np.uint8, copy=False)
