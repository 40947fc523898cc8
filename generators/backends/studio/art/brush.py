"""Brush strokes: tapered outlines along curves, and the paints to fill them with."""

from collections.abc import Iterable, Sequence

import numpy as np
import skia
from numpy.typing import NDArray

from generators.backends.studio.art.painting import RGB
from generators.backends.studio.art.spline import catmull_rom

Points = NDArray[np.float64]  # (n, 2) x, y in pixels


def tint(colour: RGB, alpha: float = 1.0) -> skia.Paint:
    """A filling, anti-aliased paint; alpha 0..1."""
    return skia.Paint(Color=skia.ColorSetARGB(round(255 * min(1.0, alpha)), *colour), AntiAlias=True)


def line_tint(colour: RGB, width_px: float, alpha: float = 1.0) -> skia.Paint:
    """A stroking paint with round ends."""
    paint = tint(colour, alpha)
    paint.setStyle(skia.Paint.kStroke_Style)
    paint.setStrokeWidth(width_px)
    paint.setStrokeCap(skia.Paint.kRound_Cap)
    paint.setStrokeJoin(skia.Paint.kRound_Join)
    return paint


def curve(knots: Sequence[Sequence[float]] | Points, samples: int) -> Points:
    """(samples, 2) points of a Catmull-Rom curve through the knots, evenly spread over its spans."""
    given = np.asarray(knots, dtype=np.float64)
    padded = np.vstack([2 * given[0] - given[1], given, 2 * given[-1] - given[-2]])
    at = np.linspace(0.0, len(given) - 1.0, samples)
    span = np.minimum(at.astype(int), len(given) - 2)
    return catmull_rom(padded, span, (at - span)[:, None])


def normals(points: Points) -> Points:
    """(n, 2) unit vectors to the left of the direction of travel."""
    along = np.gradient(points, axis=0)
    length = np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)
    return np.stack([along[:, 1], -along[:, 0]], axis=-1) / length[:, None]


def stroke(points: Points, widths: NDArray[np.float64]) -> skia.Path:
    """The outline of a stroke whose full width at each point is given."""
    side = normals(points) * (widths / 2)[:, None]
    return polygon(np.vstack([points + side, (points - side)[::-1]]))


def polygon(outline: Points) -> skia.Path:
    path = polyline(outline)
    path.close()
    return path


def polyline(points: Points) -> skia.Path:
    """An open path; stroke it, or close it and fill it."""
    path = skia.Path()
    path.addPoly([skia.Point(x, y) for x, y in points.tolist()], close=False)
    return path


def segments(ends: Iterable[Sequence[float]]) -> skia.Path:
    """One path of many separate lines; each item is x0, y0, x1, y1."""
    path = skia.Path()
    for x0, y0, x1, y1 in ends:
        path.moveTo(x0, y0)
        path.lineTo(x1, y1)
    return path
