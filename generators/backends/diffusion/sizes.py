"""From the size that is asked for to one that the model paints well, and back."""

import math
from dataclasses import dataclass

import cv2
import numpy as np

from generators.backends.diffusion.presets import Preset
from generators.contracts import Pixels

_MEGA = 1_000_000


@dataclass(frozen=True, slots=True)
class Canvas:
    """What is generated: a size in px, of which the middle `used` part becomes the picture."""

    width_px: int
    height_px: int
    used_width_px: int
    used_height_px: int


def fit(width_px: int, height_px: int, preset: Preset) -> Canvas:
    """The nearest canvas of the same shape that the family can fill."""
    area = width_px * height_px / _MEGA
    scale = math.sqrt(min(max(area, preset.least_megapixels), preset.most_megapixels) / area)
    used_width, used_height = round(width_px * scale), round(height_px * scale)
    return Canvas(
        _up(used_width, preset.size_multiple), _up(used_height, preset.size_multiple), used_width, used_height
    )


def cut(pixels: Pixels, canvas: Canvas, width_px: int, height_px: int) -> Pixels:
    """The used middle of a canvas at the size that was asked for."""
    top = (pixels.shape[0] - canvas.used_height_px) // 2
    left = (pixels.shape[1] - canvas.used_width_px) // 2
    used = pixels[top : top + canvas.used_height_px, left : left + canvas.used_width_px]
    if used.shape[:2] == (height_px, width_px):
        return np.ascontiguousarray(used)
    is_smaller = width_px < used.shape[1]
    interpolation = cv2.INTER_AREA if is_smaller else cv2.INTER_LANCZOS4
    resized = cv2.resize(np.ascontiguousarray(used), (width_px, height_px), interpolation=interpolation)
    return np.asarray(resized, dtype=np.uint8)


def _up(length_px: int, multiple: int) -> int:
    return -(-length_px // multiple) * multiple
