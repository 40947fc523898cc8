"""Colour mixing that looks even to the eye (OKLab), and the contrast that reading needs.

Source: https://bottosson.github.io/posts/oklab/ and https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from generators.backends.studio.art.painting import RGB

Ramp = NDArray[np.uint8]  # (size, 3) sRGB, from the first stop to the last
Floats = NDArray[np.float64]

_LMS_FROM_RGB: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_LAB_FROM_LMS: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_RGB_FROM_LMS: Final = np.linalg.inv(_LMS_FROM_RGB)
_LMS_FROM_LAB: Final = np.linalg.inv(_LAB_FROM_LMS)


def to_linear(srgb: Floats) -> Floats:
    """sRGB 0..255 to linear light 0..1."""
    unit = srgb / 255.0
    return np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)


def _to_srgb(linear: Floats) -> Floats:
    clipped = np.clip(linear, 0.0, 1.0)
    curved = 1.055 * clipped ** (1 / 2.4) - 0.055
    return np.asarray(np.where(clipped <= 0.0031308, clipped * 12.92, curved) * 255.0)


def to_oklab(srgb: Floats) -> Floats:
    """(..., 3) sRGB 0..255 to (..., 3) OKLab."""
    return np.asarray(np.cbrt(to_linear(srgb) @ _LMS_FROM_RGB.T) @ _LAB_FROM_LMS.T)


def from_oklab(lab: Floats) -> Floats:
    """(..., 3) OKLab to (..., 3) sRGB 0..255, unrounded, clipped to the gamut."""
    return _to_srgb((lab @ _LMS_FROM_LAB.T) ** 3 @ _RGB_FROM_LMS.T)


def make_ramp(stops: Sequence[tuple[float, RGB]], size: int = 256) -> Ramp:
    """Colours between stops (position 0..1 ascending, colour), mixed in OKLab."""
    places = [place for place, _ in stops]
    lab = to_oklab(np.array([colour for _, colour in stops], dtype=np.float64))
    at = np.linspace(0.0, 1.0, size)
    mixed = np.stack([np.interp(at, places, lab[:, channel]) for channel in range(3)], axis=-1)
    return np.rint(from_oklab(mixed)).astype(np.uint8)


def mix(first: RGB, second: RGB, share: float) -> RGB:
    """`share` 0 gives `first`, 1 gives `second`."""
    lab = to_oklab(np.array([first, second], dtype=np.float64))
    red, green, blue = np.rint(from_oklab(lab[0] + (lab[1] - lab[0]) * share)).astype(int)
    return int(red), int(green), int(blue)


def luminance(srgb: Floats) -> Floats:
    """WCAG relative luminance, 0..1, of (..., 3) sRGB 0..255."""
    return np.asarray(to_linear(srgb) @ np.array([0.2126, 0.7152, 0.0722]))


def contrast(first: Floats, second: Floats) -> Floats:
    """WCAG contrast ratio, 1..21, of luminances."""
    lighter, darker = np.maximum(first, second), np.minimum(first, second)
    return np.asarray((lighter + 0.05) / (darker + 0.05))
