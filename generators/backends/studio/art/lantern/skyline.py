"""Paper-cut hills, pavilions and waves that stand among the cloud banks."""

from collections.abc import Sequence

import numpy as np
import skia

from generators.backends.studio.art.brush import line_tint, polygon, tint
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.lantern.clouds import Scallop
from generators.backends.studio.art.motifs.shore import Pavilion, draw_pavilion
from generators.backends.studio.art.painting import RGB
from generators.backends.studio.art.shadow import cast_shadow
from generators.backends.studio.art.terrain import crowd_peak, draw_ridge


def draw_hills(easel: Easel, rng: np.random.Generator, foot: float, papers: Sequence[RGB], line: RGB) -> None:
    """Ranges of smooth hills, one for each paper, far to near, standing on `foot` pixels from the top."""
    zone = min(0.2 * easel.height, 0.5 * easel.width)
    for index, paper in enumerate(papers):
        count = max(2, round(easel.width / (1.2 * zone)))
        peaks = []
        for place in np.linspace(0.05, 0.95, count) + rng.uniform(-0.4, 0.4, count) / count:
            peaks += crowd_peak(
                rng, easel.width * place, zone * rng.uniform(0.4, 0.75), rng.uniform(0.55, 1.0), 1.7
            )[:3]
        lift = (
            draw_ridge(rng, easel.width, peaks, floor=0.2, roughness=0.04, cell_px=zone)
            * zone
            * (1.0 - 0.3 * index)
        )
        columns = np.arange(0, easel.width, 4)
        top = np.stack([columns, foot - lift[columns]], axis=-1)
        hill = polygon(np.vstack([[(-9.0, easel.height)], top, [(easel.width + 9.0, easel.height)]]))
        cast_shadow(easel, hill, drop_px=-5 * easel.unit, blur_px=16 * easel.unit, strength=0.42)
        easel.canvas.drawPath(hill, tint(paper))
        easel.canvas.drawPath(hill, line_tint(line, max(0.7, 1.6 * easel.unit), 0.75))


def draw_pagodas(easel: Easel, rng: np.random.Generator, side: int, foot: float, paper: RGB) -> None:
    """A pagoda and a lower pavilion rising out of the clouds on one side."""
    height = min(0.11 * easel.height, 0.2 * easel.short)
    x = easel.width * (0.5 + side * rng.uniform(0.31, 0.37))
    draw_pavilion(easel, Pavilion(x, foot, height, 4), paper)
    draw_pavilion(easel, Pavilion(x - side * 0.62 * height, foot + 0.3 * height, height * 0.7, 2), paper)


def draw_sea(easel: Easel, rng: np.random.Generator, level: float, papers: Sequence[RGB], line: RGB) -> None:
    """Rows of concentric arcs, as on old porcelain, from `level` pixels from the top to the lower edge."""
    size = easel.short * 0.062
    rows = max(3, int((easel.height - level) / (size * 0.62)) + 2)
    shift = rng.uniform(0, size)
    for row in range(rows):
        y = level + row * size * 0.62
        paper = papers[min(len(papers) - 1, row * len(papers) // rows)]
        start = -size + (shift if row % 2 else shift - size)
        crests = [
            Scallop(float(x), y + size, size) for x in np.arange(start, easel.width + 2 * size, 2 * size)
        ]
        _draw_crests(easel, crests, paper, line)


def _draw_crests(easel: Easel, crests: Sequence[Scallop], paper: RGB, line: RGB) -> None:
    fill = skia.Path()
    for crest in crests:
        fill.addCircle(crest.x, crest.y, crest.radius)
    easel.canvas.drawPath(fill, tint(paper))
    for share, alpha in ((0.98, 0.9), (0.74, 0.6), (0.5, 0.5), (0.26, 0.4)):
        rings = skia.Path()
        for crest in crests:
            rings.addCircle(crest.x, crest.y, crest.radius * share)
        easel.canvas.drawPath(rings, line_tint(line, max(0.6, 1.5 * easel.unit), alpha))
