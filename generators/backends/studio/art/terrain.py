"""Ridge lines: the silhouettes of mountains, one height for each column of pixels."""

from dataclasses import dataclass

import numpy as np

from generators.backends.studio.art.noise import Field, fbm_line


@dataclass(frozen=True, slots=True)
class Peak:
    """centre, left and right (half widths) in pixels; height 0..1 of the layer's.

    sharpness: 1 is a tent, 2 a bell, 4 a karst tower.
    """

    centre: float
    left: float
    right: float
    height: float
    sharpness: float


def crowd_peak(
    rng: np.random.Generator, centre: float, half_width: float, height: float, sharpness: float
) -> list[Peak]:
    """A summit with shoulders: lesser peaks leaning on it, so that no mountain is a plain cone."""
    skew = rng.uniform(0.7, 1.4)
    peaks = [Peak(centre, half_width * skew, half_width / skew, height, sharpness)]
    for side in (-1, 1):
        place = centre
        share = height
        for _ in range(int(rng.integers(2, 4))):
            place += side * half_width * rng.uniform(0.28, 0.6)
            share *= rng.uniform(0.62, 0.9)
            wide = half_width * rng.uniform(0.16, 0.4)
            peaks.append(Peak(place, wide * rng.uniform(0.7, 1.5), wide, share, sharpness))
    return peaks


def draw_ridge(
    rng: np.random.Generator, width: int, peaks: list[Peak], *, floor: float, roughness: float, cell_px: float
) -> Field:
    """Heights above the layer's base, in shares of its height: a soft union of peaks, roughened.

    floor: the least height, a low range that ties the peaks together.
    cell_px: the size of the largest rock.
    """
    cells = width / cell_px
    coarse = (width + 1) // 2  # peaks are smooth: half the columns are enough
    warp = fbm_line(rng, coarse, cells=cells * 1.3, octaves=3)
    x = np.linspace(0.0, width - 1.0, coarse, dtype=np.float32) + np.float32(0.16 * cell_px) * warp
    body = np.interp(np.arange(width), np.linspace(0.0, width - 1.0, coarse), _union(x, peaks))
    rolling = 0.5 + 0.5 * fbm_line(rng, width, cells=cells * 0.45, octaves=2)
    crags = 0.6 - np.abs(fbm_line(rng, width, cells=cells * 1.2, octaves=6, roughness=0.6)) * 2.2
    shape = np.maximum(body, floor * (0.3 + rolling)) + roughness * crags * (0.12 + body)
    return np.asarray(shape, dtype=np.float32)


def _union(x: Field, peaks: list[Peak]) -> Field:
    """The peaks' outline over `x`, rounded where they meet."""
    lift = np.zeros_like(x)
    for peak in peaks:
        away = (x - peak.centre) / np.where(x < peak.centre, np.float32(-peak.left), np.float32(peak.right))
        lift += (peak.height * np.exp(-(np.abs(away) ** peak.sharpness))) ** 6
    return np.asarray(lift ** (1 / 6), dtype=np.float32)


def plant_conifers(rng: np.random.Generator, ridge: Field, *, spacing_px: float, height_px: float) -> None:
    """Raise the ridge, in place and in pixels, by clumps of narrow fir tops."""
    width = len(ridge)
    grove = fbm_line(rng, width, cells=max(2.0, width / (spacing_px * 22)), octaves=3)
    count = int(width / spacing_px)
    centres = (np.arange(count) + rng.uniform(-0.6, 0.6, count)) * spacing_px
    vigours = rng.uniform(0.25, 1.0, count)
    for centre, vigour in zip(centres, vigours, strict=True):
        column = int(centre)
        if not 1 <= column < width - 1 or grove[column] < 0.1:
            continue
        tall = height_px * float(vigour * min(1.0, 0.25 + 1.6 * grove[column]))
        half = max(1.6, tall * 0.22)
        left, right = max(0, int(column - half)), min(width, int(column + half) + 2)
        spire = ridge[column] + tall * (1.0 - np.abs(np.arange(left, right) - centre) / half)
        ridge[left:right] = np.maximum(ridge[left:right], spire)
