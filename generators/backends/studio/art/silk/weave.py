"""Threads of silk: ribbons that turn as they flow, each made of many fine lines.

Every ribbon is a height for each column, so a thread costs two weighted pixels a column and no line drawing.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from generators.backends.studio.art.colour import Ramp
from generators.backends.studio.art.noise import Field, fbm_line


@dataclass(frozen=True, slots=True)
class Ribbon:
    """spine: (width,) centre line in pixels from the top; breadth: (width,) half breadth in pixels.

    turn: (width,) radians; where its cosine passes zero the ribbon is seen from its edge.
    """

    spine: Field
    breadth: Field
    turn: Field
    threads: int
    weight: float


@dataclass(frozen=True, slots=True)
class Cut:
    """How a ribbon is to run: heights at the left, in the middle and at the right, in pixels from the top."""

    start: float
    middle: float
    end: float
    sway: float
    breadth: float
    threads: int
    weight: float


def cut_ribbon(rng: np.random.Generator, width: int, cut: Cut, waves: float) -> Ribbon:
    """A ribbon over the whole width; `waves` is how often it sways on the way."""
    along = np.linspace(0.0, 1.0, width, dtype=np.float32)
    peak = rng.uniform(0.4, 0.6)
    rise = _ease(np.clip(along / peak, 0.0, 1.0))
    fall = _ease(np.clip((along - peak) / (1.0 - peak), 0.0, 1.0))
    spine = cut.start + (cut.middle - cut.start) * rise + (cut.end - cut.middle) * fall
    spine += cut.sway * np.sin(
        2 * np.pi * waves * rng.uniform(0.85, 1.35) * along + rng.uniform(0, 2 * np.pi)
    )
    wide = cut.breadth * (0.8 + 0.5 * fbm_line(rng, width, cells=2.0 * waves, octaves=1))
    turns = rng.uniform(0.6, 1.1) * np.pi * waves
    turn = rng.uniform(-0.6, 0.6) + turns * along + 0.5 * fbm_line(rng, width, cells=2.0 * waves, octaves=1)
    return Ribbon(
        spine.astype(np.float32), wide.astype(np.float32), turn.astype(np.float32), cut.threads, cut.weight
    )


def _ease(t: Field) -> Field:
    return t * t * (3.0 - 2.0 * t)


def weave(rng: np.random.Generator, ribbons: list[Ribbon], width: int, height: int) -> Field:
    """(height, width) thread density: the sum of all lines, each of even brightness along its length."""
    total = np.zeros((height, width), dtype=np.float32)
    for ribbon in ribbons:
        even = np.linspace(-1.0, 1.0, ribbon.threads)[:, None]
        jitter = rng.uniform(-0.6, 0.6, (ribbon.threads, 1)) / ribbon.threads
        across = (even + jitter).astype(np.float32)
        lean = ribbon.breadth * np.cos(ribbon.turn)
        bow = ribbon.breadth * np.sin(ribbon.turn) * np.float32(0.34)
        y = ribbon.spine + across * lean + across**2 * bow
        shine = rng.uniform(0.25, 1.0, (ribbon.threads, 1)).astype(np.float32) ** 2.2 * 2.1 * ribbon.weight
        steep = np.sqrt(1.0 + (y[:, 1:] - y[:, :-1]) ** 2)
        shine *= 1.0 - 0.45 * np.abs(across) ** 3
        _splat(total, y, shine * np.concatenate([steep, steep[:, -1:]], axis=1))
    return total


def _splat(total: Field, y: Field, ink: Field) -> None:
    """Add each thread to the two rows that its line passes between."""
    height, width = total.shape
    top = int(np.clip(y.min(), 0, height - 2))
    rows = int(np.clip(y.max(), 0, height - 2)) - top + 2
    inside = np.clip(y - top, 0.0, rows - 1.001)
    ink = ink * (inside == y - top)
    row = inside.astype(np.int32)
    low = (ink * (inside - row)).ravel()
    place = (row * width + np.arange(width, dtype=np.int32)).ravel()
    upper = np.bincount(place, weights=ink.ravel() - low, minlength=rows * width).reshape(rows, width)
    lower = np.bincount(place, weights=low, minlength=rows * width).reshape(rows, width)
    total[top : top + rows] += upper
    total[top + 1 : top + rows] += lower[:-1]


def soften(density: Field, glow: float, radius_px: float) -> Field:
    """Threads plus their own light: `glow` times the density blurred over about `radius_px`."""
    height, width = density.shape
    small = cv2.resize(density, (max(2, width // 4), max(2, height // 4)), interpolation=cv2.INTER_AREA)
    light = cv2.GaussianBlur(small, (0, 0), max(1.0, radius_px / 4))
    large = cv2.resize(light, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.scaleAdd(large, glow, density), dtype=np.float32)


def dye(band: NDArray[np.uint8], density: Field, ramp: Ramp) -> None:
    """Colour an RGBA band, in place, with threads: dense places opaque and at the end of the ramp."""
    tone = cv2.convertScaleAbs(cv2.log(density * np.float32(0.6) + np.float32(1.0)), alpha=88.0)
    colours = cv2.applyColorMap(tone, np.ascontiguousarray(ramp[:, None, :]))
    cover = np.minimum(tone.astype(np.float32) * np.float32(1 / 140), 1.0)
    body = cv2.cvtColor(colours, cv2.COLOR_RGB2RGBA)
    band[:] = cv2.blendLinear(body, np.ascontiguousarray(band), cover, 1.0 - cover)
