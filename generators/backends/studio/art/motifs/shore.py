"""What stands on a shore: a pavilion, reeds."""

from dataclasses import dataclass

import numpy as np
import skia

from generators.backends.studio.art.brush import line_tint, tint
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.noise import Field
from generators.backends.studio.art.painting import RGB


@dataclass(frozen=True, slots=True)
class Pavilion:
    """Standing at (x, y); one storey is a pavilion, more a pagoda."""

    x: float
    y: float
    height_px: float
    storeys: int


def draw_pavilion(easel: Easel, pavilion: Pavilion, ink: RGB) -> None:
    """Storeys with swept eaves, each a little narrower than the one below, and a finial."""
    canvas, x, floor = easel.canvas, pavilion.x, pavilion.y
    step = pavilion.height_px / (pavilion.storeys + 0.75)
    for storey in range(pavilion.storeys):
        shrink = 0.62 * step * (1.0 - 0.13 * storey)
        wall, top = shrink * 0.66, floor - step * 0.55
        canvas.drawRect(skia.Rect(x - wall, top, x + wall, floor + 1), tint(ink, 0.62))
        for post in (-1.0, -0.34, 0.34, 1.0):
            place = x + post * wall
            canvas.drawLine(place, top, place, floor, line_tint(ink, max(0.8, step * 0.05), 0.95))
        canvas.drawPath(_roof(x, top, shrink * 1.22, step * 0.42), tint(ink, 0.97))
        floor = top - step * 0.36
    canvas.drawLine(x, floor - step * 0.5, x, floor + step * 0.1, line_tint(ink, max(0.9, step * 0.07), 0.95))


def _roof(x: float, y: float, eave: float, rise: float) -> skia.Path:
    path = skia.Path()
    path.moveTo(x - eave * 1.12, y - rise * 0.28)
    path.quadTo(x - eave * 0.45, y - rise * 0.1, x - eave * 0.14, y - rise)
    path.lineTo(x + eave * 0.14, y - rise)
    path.quadTo(x + eave * 0.45, y - rise * 0.1, x + eave * 1.12, y - rise * 0.28)
    path.quadTo(x + eave * 0.8, y + rise * 0.16, x, y + rise * 0.14)
    path.quadTo(x - eave * 0.8, y + rise * 0.16, x - eave * 1.12, y - rise * 0.28)
    path.close()
    return path


@dataclass(frozen=True, slots=True)
class Reeds:
    """Where reeds grow and how far they spread, in pixels."""

    x: float
    spread_px: float
    height_px: float
    ink: RGB


def draw_reeds(easel: Easel, rng: np.random.Generator, ground: Field, reeds: Reeds) -> None:
    """Clumps of reeds rooted on `ground` (a height in pixels for each column), all bending one way."""
    wind = float(rng.choice([-1.0, 1.0])) * rng.uniform(0.2, 0.5)
    half = max(0.5, easel.unit)
    for clump in rng.uniform(-0.5, 0.5, 4):
        for _ in range(int(rng.integers(4, 9))):
            root = reeds.x + (clump + rng.normal(0, 0.05)) * reeds.spread_px
            foot = float(ground[int(np.clip(root, 0, len(ground) - 1))]) + 3
            tall = reeds.height_px * rng.uniform(0.35, 1.0)
            tip = root + tall * (wind + rng.normal(0, 0.2))
            easel.canvas.drawPath(
                _blade(root, foot, tip, foot - tall, 3.4 * half), tint(reeds.ink, rng.uniform(0.6, 0.95))
            )


def _blade(root: float, foot: float, tip: float, top: float, width: float) -> skia.Path:
    """A leaf of grass from (root, foot) bending over to (tip, top)."""
    bend_x, bend_y = root + (tip - root) * 0.12, foot + (top - foot) * 0.66
    path = skia.Path()
    path.moveTo(root - width / 2, foot)
    path.quadTo(bend_x - width * 0.4, bend_y, tip, top)
    path.quadTo(bend_x + width * 0.4, bend_y, root + width / 2, foot)
    path.close()
    return path
