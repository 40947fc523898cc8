"""Painting wood: one loaded stroke, then dry-brush streaks of light, a pale rim and dots of moss."""

import math

import numpy as np
import skia

from generators.backends.studio.art.brush import Points, line_tint, normals, polyline, stroke, tint
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.painting import RGB
from generators.backends.studio.art.plum.branch import Limb, Shoot, Tree


def draw_wood(easel: Easel, rng: np.random.Generator, tree: Tree, bark: RGB, light: RGB) -> None:
    """Twigs first, stems last, so that thick wood covers the joints."""
    for shoot in tree.shoots:
        easel.canvas.drawPath(_shoot_outline(shoot), tint(bark, 0.94))
    for limb in sorted(tree.limbs, key=lambda limb: (-limb.level, float(limb.widths[0]))):
        easel.canvas.drawPath(stroke(limb.points, limb.widths), tint(bark))
        easel.canvas.drawCircle(*limb.points[0].tolist(), float(limb.widths[0]) * 0.48, tint(bark))
    for limb in tree.limbs:
        _draw_grain(easel, rng, limb, light)
        if limb.level == 0:
            _draw_moss(easel, rng, limb, bark)


def _shoot_outline(shoot: Shoot) -> skia.Path:
    """Out along one side and back along the other, coming to a point at half a pixel."""
    (x0, y0), (x1, y1), (x2, y2) = shoot.root.tolist(), shoot.bend.tolist(), shoot.tip.tolist()
    length = max(1e-6, math.hypot(x2 - x0, y2 - y0))
    across_x, across_y = -(y2 - y0) / length * shoot.width, (x2 - x0) / length * shoot.width
    path = skia.Path()
    path.moveTo(x0 + 0.6 * across_x, y0 + 0.6 * across_y)
    path.quadTo(x1 + 0.5 * across_x, y1 + 0.5 * across_y, x2 + 0.16 * across_x, y2 + 0.16 * across_y)
    path.lineTo(x2 - 0.16 * across_x, y2 - 0.16 * across_y)
    path.quadTo(x1 - 0.5 * across_x, y1 - 0.5 * across_y, x0 - 0.6 * across_x, y0 - 0.6 * across_y)
    path.close()
    return path


def _lit_side(limb: Limb) -> Points:
    """(n, 2) unit vectors across the limb, towards the light from above."""
    side = normals(limb.points)
    return side * np.where(side[:, 1:2] > 0, -1.0, 1.0)


def _draw_grain(easel: Easel, rng: np.random.Generator, limb: Limb, light: RGB) -> None:
    """Broken streaks, where the brush ran dry: many and pale on the lit side, few below."""
    side = _lit_side(limb)
    count = len(limb.points)
    broad = float(limb.widths[: count // 2].mean())
    for _ in range(int(3 + broad / (1.5 * easel.unit))):
        start = int(rng.integers(0, max(1, count - 5)))
        end = min(count, start + int(rng.integers(4, 12)))
        offset = float(np.clip(rng.normal(0.2, 0.2), -0.42, 0.44))
        line = limb.points[start:end] + side[start:end] * (limb.widths[start:end] * offset)[:, None]
        width = max(0.7, float(limb.widths[start]) * rng.uniform(0.015, 0.07))
        easel.canvas.drawPath(
            polyline(line), line_tint(light, width, rng.uniform(0.3, 0.9) * (0.6 + 0.9 * max(0.0, offset)))
        )


def _draw_moss(easel: Easel, rng: np.random.Generator, limb: Limb, bark: RGB) -> None:
    """Accent dots along both edges of old wood."""
    side = normals(limb.points)
    for at in rng.integers(0, int(len(limb.points) * 0.7), 14).tolist():
        edge = float(rng.choice([-0.47, 0.47]))
        x, y = limb.points[at] + side[at] * limb.widths[at] * edge
        radius = float(limb.widths[at]) * rng.uniform(0.05, 0.11)
        easel.canvas.drawOval(
            skia.Rect(x - radius * 1.3, y - radius, x + radius * 1.3, y + radius), tint(bark, 0.9)
        )


def draw_snow_on(easel: Easel, rng: np.random.Generator, tree: Tree) -> None:
    """Snow lying on the upper side of every limb that is flat enough to hold it."""
    white = tint((253, 254, 255), 0.96)
    for limb in tree.limbs:
        count = len(limb.points)
        along = np.gradient(limb.points, axis=0)
        flat = np.abs(along[:, 0]) / np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)
        drift = np.interp(np.arange(count), np.linspace(0, count, 9), rng.uniform(-0.25, 1.0, 9))
        depth = np.clip(drift, 0.0, 1.0) * np.clip(flat * 1.6 - 0.4, 0.0, 1.0)
        widths = np.maximum(limb.widths, 5 * easel.unit) * 0.62 * depth
        raised = limb.points + _lit_side(limb) * (limb.widths * 0.4)[:, None]
        easel.canvas.drawPath(stroke(raised, widths), white)
    for shoot in tree.shoots:
        if abs(shoot.tip[0] - shoot.root[0]) > abs(shoot.tip[1] - shoot.root[1]) * 0.8:
            start, end = shoot.at(0.2), shoot.at(0.8)
            lift = shoot.width * 0.8
            easel.canvas.drawLine(
                start[0],
                start[1] - lift,
                end[0],
                end[1] - lift,
                line_tint((253, 254, 255), shoot.width * 1.1, 0.92),
            )
