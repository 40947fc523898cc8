"""Paper-cut clouds: banks of overlapping scallops, and long drifting clouds with curled ends."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import skia

from generators.backends.studio.art.brush import line_tint, polyline, tint
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.painting import RGB
from generators.backends.studio.art.shadow import cast_shadow


@dataclass(frozen=True, slots=True)
class Scallop:
    """One round lobe of a cloud, in pixels."""

    x: float
    y: float
    radius: float


def draw_bank(easel: Easel, lobes: Sequence[Scallop], paper: RGB, line: RGB) -> None:
    """A bank from its lobes down to the lower edge of the picture, with its shadow on what is behind."""
    outline = _bank_outline(easel, lobes)
    cast_shadow(easel, outline, drop_px=-6 * easel.unit, blur_px=20 * easel.unit, strength=0.5)
    easel.canvas.drawPath(outline, tint(paper))
    for lobe in sorted(lobes, key=lambda lobe: lobe.y + 0.9 * lobe.radius):  # small ones behind large ones
        easel.canvas.drawCircle(lobe.x, lobe.y, lobe.radius, tint(paper))
        for share, alpha in ((0.985, 0.9), (0.74, 0.55), (0.5, 0.35)):
            easel.canvas.drawCircle(
                lobe.x, lobe.y, lobe.radius * share, line_tint(line, max(0.7, 1.7 * easel.unit), alpha)
            )


def _bank_outline(easel: Easel, lobes: Sequence[Scallop]) -> skia.Path:
    path = skia.Path()
    for lobe in lobes:
        path.addCircle(lobe.x, lobe.y, lobe.radius)
    middles = sorted(lobes, key=lambda lobe: lobe.x)
    skirt = [
        skia.Point(-9.0, easel.height + 9.0),
        *(skia.Point(lobe.x, lobe.y) for lobe in middles),
        skia.Point(easel.width + 9.0, easel.height + 9.0),
    ]
    path.addPoly(skirt, close=True)
    return skia.Simplify(path)


def heap_lobes(
    rng: np.random.Generator, easel: Easel, *, level: float, rise: float, lobe_px: float
) -> list[Scallop]:
    """Lobes along a line at `level` pixels from the top, heaped up by `rise` towards both sides."""
    lobes = []
    x = -lobe_px
    tilt = rng.uniform(-0.5, 0.5)
    while x < easel.width + lobe_px:
        radius = lobe_px * rng.uniform(0.76, 1.24)
        along = 2 * x / easel.width - 1.0
        heap = rise * (abs(along) ** 1.7 * (1.0 + tilt * np.sign(along)))
        lobes.append(Scallop(x, level - heap + rng.uniform(-0.2, 0.2) * lobe_px, radius))
        x += radius * rng.uniform(0.95, 1.35)
    return lobes


@dataclass(frozen=True, slots=True)
class Drift:
    """A drifting cloud: its middle and its length in pixels."""

    x: float
    y: float
    length: float


def draw_drifting(easel: Easel, rng: np.random.Generator, drift: Drift, paper: RGB, line: RGB) -> None:
    """A flat cloud of three lobes on two long bars, with a curl."""
    x, y, length = drift.x, drift.y, drift.length
    height = length * 0.13
    path = skia.Path()
    for row, share in enumerate((1.0, 0.62)):
        shift = rng.uniform(-0.14, 0.14) * length
        half = length * share / 2
        top = y + (row - 0.1) * height * 0.86
        bar = skia.RRect.MakeRectXY(
            skia.Rect(x + shift - half, top, x + shift + half, top + height), height / 2, height / 2
        )
        path.addRRect(bar)
    for place in (-0.2, 0.04, 0.24):
        radius = height * rng.uniform(0.66, 1.05)
        path.addCircle(x + place * length, y + height * 0.1, radius)
    outline = skia.Simplify(path)
    cast_shadow(easel, outline, drop_px=7 * easel.unit, blur_px=9 * easel.unit, strength=0.42)
    easel.canvas.drawPath(outline, tint(paper))
    easel.canvas.drawPath(outline, line_tint(line, max(0.7, 1.8 * easel.unit), 0.9))
    _draw_curl(
        easel.canvas,
        x + 0.04 * length,
        y + height * 0.1,
        height * 0.5,
        line_tint(line, max(0.7, 1.6 * easel.unit), 0.8),
    )


def _draw_curl(canvas: skia.Canvas, x: float, y: float, radius: float, paint: skia.Paint) -> None:
    """A spiral of one and a half turns."""
    turns = np.linspace(0.0, 3.0 * np.pi, 30)
    reach = radius * (1.0 - 0.78 * turns / turns[-1])
    spiral = np.stack([x + reach * np.cos(turns + 2.4), y + reach * np.sin(turns + 2.4)], axis=-1)
    canvas.drawPath(polyline(spiral), paint)
