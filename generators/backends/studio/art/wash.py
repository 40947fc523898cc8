"""One ridge laid down as an ink wash: dark along its edge, streaked like rock, dissolving into mist below."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from generators.backends.studio.art.colour import make_ramp
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.noise import Field, fbm_field, fbm_line
from generators.backends.studio.art.painting import RGB

_ROWS: Final = 112  # resolution of the wash below the ridge
_EDGE_PX: Final = 3  # how far from the ridge its anti-aliasing reaches


@dataclass(frozen=True, slots=True)
class Wash:
    """strength 0..1 of the ink at the ridge; depth_px: how far below the ridge the ink has dissolved.

    light: -1 from the left, 1 from the right; the far side of each slope is darker.
    snow: 0..1, how far the ridge is left white.
    """

    ink: RGB
    mist: RGB
    strength: float
    depth_px: float
    texture: float
    streak_px: float
    light: int
    snow: float = 0.0


def lay_ridge(easel: Easel, rng: np.random.Generator, ridge_y: Field, wash: Wash, bottom_px: int) -> None:
    """Paint everything under `ridge_y` (pixels from the top, one for each column) down to `bottom_px`."""
    top = max(0, int(ridge_y.min()) - _EDGE_PX)
    bottom = min(easel.height, bottom_px)
    if top >= bottom:
        return
    density = _density(easel, rng, ridge_y, wash, top, bottom)
    body = np.take(_lookup(wash), density).view(np.uint8).reshape(bottom - top, easel.width, 4)
    _cut_in(easel.pixels[top:bottom], body, ridge_y - top)


def _density(
    easel: Easel, rng: np.random.Generator, ridge_y: Field, wash: Wash, top: int, bottom: int
) -> NDArray[np.uint8]:
    """(bottom - top, width) ink 0..255, computed at half size: washes are soft."""
    half_w, half_h = (easel.width + 1) // 2, (bottom - top + 1) // 2
    ridge = cv2.resize(ridge_y[None, :], (half_w, 1), interpolation=cv2.INTER_AREA)[0]
    slope = np.clip(
        np.gradient(cv2.GaussianBlur(ridge[None, :], (0, 0), 7 * easel.unit + 1)[0]) / 2, -1.3, 1.3
    )
    texture = _texture(rng, np.ascontiguousarray(slope[::2]), wash)
    below = (np.arange(half_h, dtype=np.float32) * 2 + top)[:, None] - ridge[None, :]
    rows = below * np.float32(_ROWS / wash.depth_px)
    columns = np.arange(half_w, dtype=np.float32) * 0.5 - np.maximum(below, 0) * (slope * 0.11).astype(
        np.float32
    )
    half = cv2.remap(texture, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    full = cv2.resize(half, (easel.width, bottom - top), interpolation=cv2.INTER_LINEAR)
    return np.asarray(full, dtype=np.uint8)


def _texture(rng: np.random.Generator, slope: Field, wash: Wash) -> NDArray[np.uint8]:
    """(_ROWS, len(slope)) of ink by depth below the ridge, one column for 4 pixels; the last row is mist."""
    columns = len(slope)
    across = 4 * columns / wash.streak_px
    depth = np.linspace(0.0, 1.0, _ROWS, dtype=np.float32)[:, None]
    streaks = fbm_field(rng, _ROWS, columns, rows=5, columns=across, octaves=3)
    clouds = fbm_field(rng, _ROWS, columns, rows=2, columns=across / 6, octaves=3)
    reach = 0.6 + 0.5 * fbm_line(rng, columns, cells=max(2.0, across / 8), octaves=2)
    fade = np.exp(-((depth / (0.4 * reach[None, :])) ** 1.3))
    edge = np.exp(-depth * 30.0)
    shade = 1.0 - 0.42 * wash.light * np.tanh(1.6 * slope)[None, :] * (1 - 0.6 * depth)
    rock = 1.0 + wash.texture * (1.8 * (streaks - 0.5) + 1.6 * (clouds - 0.5)) * (1 - edge)
    creases = (1.0 - np.abs(2.0 * streaks - 1.0)) ** 9 * np.clip(clouds * 2.4 - 0.7, 0.0, 1.0)
    ink = wash.strength * (
        0.72 * fade * rock * shade + 0.3 * edge * (0.3 + clouds) + 0.34 * wash.texture * creases * fade
    )
    ink *= np.clip((1.0 - depth) * 4.0, 0.0, 1.0)
    if wash.snow:
        cap = np.clip((depth / (0.34 * wash.snow) - 1.4 * clouds - 0.9 * streaks + 0.9) * 2.0, 0.0, 1.0)
        ink *= 0.1 + 0.9 * np.maximum(cap, 0.75 * np.exp(-depth * 90.0))
    return np.asarray(np.clip(ink * 255.0, 0, 255), dtype=np.uint8)


def _lookup(wash: Wash) -> NDArray[np.uint32]:
    ramp = make_ramp([(0.0, wash.mist), (1.0, wash.ink)])
    opaque = np.concatenate([ramp, np.full((256, 1), 255, dtype=np.uint8)], axis=1)
    return np.ascontiguousarray(opaque).view(np.uint32)[:, 0]


def _cut_in(band: NDArray[np.uint8], body: NDArray[np.uint8], ridge: Field) -> None:
    """Copy `body` over `band` under the ridge; only the few pixels around the line are blended."""
    height, width = band.shape[:2]
    columns = np.arange(width)
    rows = np.floor(ridge).astype(int)[None, :] + np.arange(-_EDGE_PX, _EDGE_PX + 1)[:, None]
    inside = np.clip(rows, 0, height - 1)
    steep = np.sqrt(1.0 + np.gradient(ridge) ** 2)
    cover = np.clip((rows - ridge) / steep + 0.5, 0.0, 1.0)[:, :, None]
    old, new = band[inside, columns].astype(np.float32), body[inside, columns].astype(np.float32)
    edge = np.rint(old + (new - old) * cover).astype(np.uint8)
    below = (np.arange(height, dtype=np.float32)[:, None] >= ridge[None, :]).view(np.uint8)
    cv2.copyTo(body, below, band)
    within = (rows >= 0) & (rows < height)
    band[inside[within], np.broadcast_to(columns, rows.shape)[within]] = edge[within]
