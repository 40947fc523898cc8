"""Xuan paper: fibres and grain, made once per process from a fixed seed and laid over every painting."""

import functools
import itertools
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from generators.contracts import Pixels

_TILE_PX: Final = 1024
_SEED: Final = 20240229
_NEUTRAL: Final = 200.0  # what a paper value is divided by: 200 leaves the picture as it is


@functools.cache
def _tile() -> NDArray[np.uint8]:
    """(1024, 1024) around 200; wraps at its edges because it is filtered in the frequency domain."""
    rng = np.random.default_rng(_SEED)
    field = 0.7 * _filtered(rng, inner=0.004, outer=0.03) + 1.1 * _filtered(rng, inner=0.06, outer=0.42)
    field += 1.3 * _fibres(rng)
    return np.clip(np.rint(_NEUTRAL + 2.2 * field), 0, 255).astype(np.uint8)


def _filtered(rng: np.random.Generator, *, inner: float, outer: float) -> NDArray[np.float64]:
    """Noise of unit variance between two frequencies (cycles per pixel)."""
    spectrum = np.fft.rfft2(rng.standard_normal((_TILE_PX, _TILE_PX)))
    rows, columns = np.fft.fftfreq(_TILE_PX)[:, None], np.fft.rfftfreq(_TILE_PX)[None, :]
    radius = np.hypot(rows, columns)
    spectrum *= np.exp(-((radius / outer) ** 2)) - np.exp(-((radius / inner) ** 2))
    noise = np.fft.irfft2(spectrum, s=(_TILE_PX, _TILE_PX))
    return np.asarray(noise / noise.std(), dtype=np.float64)


def _fibres(rng: np.random.Generator) -> NDArray[np.float64]:
    """Short curved fibres, some lighter and some darker than the pulp, wrapping at the edges."""
    layer = np.zeros((_TILE_PX, _TILE_PX), dtype=np.float32)
    for _ in range(520):
        points = _fibre(rng)
        shade = float(rng.choice([-1.0, 1.0]) * rng.uniform(0.5, 1.6))
        for shift in itertools.product((-_TILE_PX, 0, _TILE_PX), repeat=2):
            moved = np.rint((points + shift) * 8).astype(np.int32)
            cv2.polylines(layer, [moved], isClosed=False, color=shade, thickness=1, shift=3)
    rim = 8
    wrapped = cv2.copyMakeBorder(layer, rim, rim, rim, rim, cv2.BORDER_WRAP)
    return cv2.GaussianBlur(wrapped, (0, 0), 0.8)[rim:-rim, rim:-rim].astype(np.float64)


def _fibre(rng: np.random.Generator) -> NDArray[np.float64]:
    """(8, 2) points of one fibre, starting inside the tile."""
    heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.22, 8))
    stride = rng.uniform(4.0, 13.0)
    walk = np.cumsum(np.stack([np.cos(heading), np.sin(heading)], axis=-1) * stride, axis=0)
    return rng.uniform(0, _TILE_PX, 2) + walk


@functools.lru_cache(maxsize=2)
def _sheet(width: int, height: int) -> NDArray[np.uint8]:
    """(height, width, 4) of paper, alpha neutral; read-only, because all paintings of that size share it."""
    tile = _tile()
    rows, columns = -(-height // _TILE_PX), -(-width // _TILE_PX)
    grain = np.tile(tile, (rows, columns))[:height, :width]
    sheet = np.dstack([grain, grain, grain, np.full_like(grain, int(_NEUTRAL))])
    sheet.flags.writeable = False
    return sheet


def press(pixels: Pixels) -> None:
    """Give an RGBA picture, in place, the grain of the paper."""
    height, width = pixels.shape[:2]
    cv2.multiply(pixels, _sheet(width, height), dst=pixels, scale=1.0 / _NEUTRAL)
