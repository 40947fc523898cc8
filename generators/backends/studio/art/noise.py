"""Seeded value noise in one and two dimensions."""

import cv2
import numpy as np
from numpy.typing import NDArray

from generators.backends.studio.art.spline import catmull_rom

Field = NDArray[np.float32]


def fbm_line(
    rng: np.random.Generator, length: int, *, cells: float, octaves: int, roughness: float = 0.5
) -> Field:
    """Fractal noise along a line, about -1..1; `cells` is how many bumps the coarsest octave has."""
    at = np.linspace(0.0, 1.0, length)
    total = np.zeros(length)
    weight, norm = 1.0, 0.0
    for octave in range(octaves):
        count = max(1, round(cells * 2**octave))
        place = at * count
        span = np.minimum(place.astype(np.intp), count - 1)
        total += weight * catmull_rom(rng.uniform(-1.0, 1.0, count + 3), span, place - span)
        norm += weight
        weight *= roughness
    return (total / norm).astype(np.float32)


def fbm_field(
    rng: np.random.Generator, height: int, width: int, *, rows: float, columns: float, octaves: int
) -> Field:
    """Fractal noise over an area, 0..1 with mean near 0.5; rows x columns cells in the coarsest octave."""
    total = np.zeros((height, width), dtype=np.float32)
    weight, norm = 1.0, 0.0
    for octave in range(octaves):
        grid_rows = min(height, max(2, round(rows * 2**octave) + 1))
        grid_columns = min(width, max(2, round(columns * 2**octave) + 1))
        grid = rng.random((grid_rows, grid_columns), dtype=np.float32)
        total += weight * cv2.resize(grid, (width, height), interpolation=cv2.INTER_CUBIC)
        norm += weight
        weight *= 0.5
    return np.asarray(np.clip(total / norm, 0.0, 1.0), dtype=np.float32)
