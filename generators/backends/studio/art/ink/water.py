"""Still water: what stands above it mirrored and broken by ripples, with mist along the far shore."""

import cv2
import numpy as np

from generators.backends.studio.art.colour import make_ramp
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.ink.tones import InkTones
from generators.backends.studio.art.noise import fbm_field


def lay_water(easel: Easel, tones: InkTones, line_px: int) -> None:
    """Cover everything below `line_px`; works at quarter size."""
    depth = easel.height - line_px
    above = easel.pixels[max(0, line_px - 2 * depth) : line_px, :, :3]
    size = max(2, easel.width // 4), max(2, depth // 4)
    mirrored = cv2.resize(above, size, interpolation=cv2.INTER_AREA)[::-1]
    mirrored = cv2.GaussianBlur(mirrored, (0, 0), sigmaX=2.0, sigmaY=3.0).astype(np.float32)
    rows, columns = mirrored.shape[:2]
    rng = easel.rng("water")
    ripple = (
        fbm_field(rng, rows, columns, rows=rows / 2.5, columns=5 * max(1.0, easel.aspect), octaves=2) - 0.5
    )
    down = np.linspace(0.0, 1.0, rows, dtype=np.float32)[:, None]
    tint = make_ramp([(0.0, tones.mist), (1.0, tones.water)], rows).astype(np.float32)[:, None, :]
    share = np.clip(0.62 + 0.3 * down + ripple * (0.9 - 0.45 * down), 0.0, 1.0)[:, :, None]
    small = cv2.convertScaleAbs(mirrored + (tint - mirrored) * share)
    large = cv2.resize(small, (easel.width, depth), interpolation=cv2.INTER_CUBIC)
    easel.pixels[line_px:] = cv2.cvtColor(large, cv2.COLOR_RGB2RGBA)


def lay_mist(easel: Easel, tones: InkTones, name: str, line_px: float, reach_px: float) -> None:
    """A broken bank of mist over the shoreline."""
    top, bottom = max(0, int(line_px - reach_px)), min(easel.height, int(line_px + reach_px * 0.7))
    rows, columns = max(4, (bottom - top) // 4), max(8, easel.width // 4)
    rng = easel.rng(f"mist {name}")
    puffs = fbm_field(rng, rows, columns, rows=2, columns=4 * max(1.0, easel.aspect), octaves=3)
    profile = np.sin(np.linspace(0.01, 3.13, rows, dtype=np.float32))[:, None] ** 1.5
    cover = np.clip((puffs - 0.26) * 2.6, 0.0, 1.0) * profile * 0.95
    large = cv2.resize(cover, (easel.width, bottom - top), interpolation=cv2.INTER_LINEAR)
    band = np.ascontiguousarray(easel.pixels[top:bottom])
    veil = np.empty_like(band)
    veil[:] = (*tones.mist, 255)
    easel.pixels[top:bottom] = cv2.blendLinear(veil, band, large, 1.0 - large)
