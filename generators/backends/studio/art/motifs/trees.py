"""Trees of the near bank, dressed for the season."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import skia

from generators.backends.studio.art.brush import Points, curve, line_tint, segments, stroke, tint
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.painting import RGB


class Foliage(StrEnum):
    NEEDLES = "needles"
    BLOSSOM = "blossom"
    LEAVES = "leaves"
    MAPLE = "maple"
    BARE = "bare"


@dataclass(frozen=True, slots=True)
class Tree:
    """Root in pixels; lean -1..1 is where the crown goes; leaf colours run from shade to light."""

    x: float
    y: float
    height_px: float
    lean: float
    foliage: Foliage
    bark: RGB
    leaf: RGB
    highlight: RGB


def draw_tree(easel: Easel, rng: np.random.Generator, tree: Tree) -> None:
    trunk = _trunk(rng, tree)
    thick = tree.height_px * 0.052
    widths = thick * np.linspace(1.0, 0.28, len(trunk)) ** 0.9
    widths[:6] *= np.array([1.5, 1.38, 1.27, 1.18, 1.1, 1.04])
    easel.canvas.drawPath(stroke(trunk, widths), tint(tree.bark, 0.94))
    tips = []
    for share, side in _limb_places(rng, tree):
        tips.append(_draw_limb(easel, rng, tree, trunk, share, side, thick))
    tips.append((float(trunk[-1, 0]), float(trunk[-1, 1]), 1.0))
    for x, y, size in sorted(tips, key=lambda tip: tip[1]):
        _DRESS[tree.foliage](easel, rng, tree, x, y, size)


def _trunk(rng: np.random.Generator, tree: Tree) -> Points:
    h, lean = tree.height_px, tree.lean
    wobble = rng.uniform(-0.06, 0.06, 4) * h
    knots = [(tree.x, tree.y + 0.04 * h)]
    for place, (share, drift) in enumerate(((0.3, -0.06), (0.55, 0.12), (0.78, 0.22), (0.98, 0.4))):
        knots.append((tree.x + lean * drift * h + wobble[place] * (share < 0.9), tree.y - share * h))
    return curve(knots, 26)


def _limb_places(rng: np.random.Generator, tree: Tree) -> list[tuple[float, float]]:
    """(share of the trunk, side) of each limb, alternating."""
    first = 1.0 if tree.lean > 0 else -1.0
    shares = np.linspace(0.46, 0.93, 6) + rng.uniform(-0.03, 0.03, 6)
    return [(float(share), first if index % 2 == 0 else -first) for index, share in enumerate(shares)]


def _draw_limb(
    easel: Easel, rng: np.random.Generator, tree: Tree, trunk: Points, share: float, side: float, thick: float
) -> tuple[float, float, float]:
    """Draw one limb; returns its tip and how large its foliage should be."""
    start = trunk[int(share * (len(trunk) - 1))]
    reach = (
        tree.height_px
        * rng.uniform(0.26, 0.4)
        * (1.25 - 0.75 * share)
        * (1.25 if side * tree.lean > 0 else 0.8)
    )
    sag = rng.uniform(-0.12, 0.22)
    x, y = start.tolist()
    limb = curve([(x, y), (x + side * reach * 0.5, y - reach * 0.3), (x + side * reach, y - reach * sag)], 14)
    easel.canvas.drawPath(stroke(limb, thick * np.linspace(0.42, 0.1, 14)), tint(tree.bark, 0.92))
    return float(limb[-1, 0]), float(limb[-1, 1]), float(1.3 - 0.5 * share)


def _dress_needles(
    easel: Easel, rng: np.random.Generator, tree: Tree, x: float, y: float, size: float
) -> None:
    """Flat pads of needles, each a fan of short strokes."""
    radius = tree.height_px * 0.16 * size
    for _ in range(4):
        cx, cy = x + rng.uniform(-0.8, 0.8) * radius, y + rng.uniform(-0.3, 0.12) * radius
        angles = rng.uniform(np.pi * 1.02, np.pi * 1.98, 34)
        lengths = radius * rng.uniform(0.45, 0.78, 34)
        ends = np.stack(
            [
                np.full(34, cx),
                np.full(34, cy),
                cx + np.cos(angles) * lengths * 1.25,
                cy + np.sin(angles) * lengths * 0.62,
            ],
            axis=-1,
        )
        colour = tree.leaf if rng.random() < 0.7 else tree.highlight
        easel.canvas.drawPath(
            segments(ends.tolist()), line_tint(colour, max(0.8, tree.height_px * 0.0062), 0.72)
        )


def _dress_dots(easel: Easel, rng: np.random.Generator, tree: Tree, x: float, y: float, size: float) -> None:
    """A loose cloud of dabs, dark inside and light outside."""
    radius = tree.height_px * 0.2 * size
    for layer, (count, colour, alpha) in enumerate(((34, tree.leaf, 0.62), (30, tree.highlight, 0.74))):
        angles, away, dabs = rng.uniform(0, 2 * np.pi, count), rng.random(count) ** 0.6, rng.random(count)
        path = skia.Path()
        for angle, share, dab in zip(angles.tolist(), away.tolist(), dabs.tolist(), strict=True):
            cx = x + np.cos(angle) * radius * share * 1.2
            cy = y + np.sin(angle) * radius * share * 0.66 - layer * radius * 0.12
            path.addCircle(cx, cy, tree.height_px * (0.006 + 0.009 * dab))
        easel.canvas.drawPath(path, tint(colour, alpha))


def _dress_twigs(easel: Easel, rng: np.random.Generator, tree: Tree, x: float, y: float, size: float) -> None:
    """Bare branches dividing three times, each thinner and straighter than the last."""
    generations = [skia.Path() for _ in range(3)]
    start = -np.pi / 2 + 0.5 * float(np.sign(x - tree.x))
    _fork(rng, generations, (x, y), start, tree.height_px * 0.11 * size, 0)
    for depth, path in enumerate(generations):
        width = tree.height_px * (0.0095, 0.006, 0.0036)[depth]
        easel.canvas.drawPath(path, line_tint(tree.bark, max(0.7, width), 0.9))


def _fork(
    rng: np.random.Generator,
    generations: list[skia.Path],
    root: tuple[float, float],
    heading: float,
    reach: float,
    depth: int,
) -> None:
    for turn in (-0.52, 0.06, 0.6):
        angle = heading + turn + float(rng.uniform(-0.22, 0.22))
        length = reach * float(rng.uniform(0.7, 1.15))
        tip = root[0] + np.cos(angle) * length, root[1] + np.sin(angle) * length
        bend = float(rng.uniform(-0.12, 0.12)) * length
        path = generations[depth]
        path.moveTo(*root)
        path.quadTo(
            (root[0] + tip[0]) / 2 - np.sin(angle) * bend, (root[1] + tip[1]) / 2 + np.cos(angle) * bend, *tip
        )
        if depth + 1 < len(generations):
            _fork(rng, generations, tip, angle, reach * 0.68, depth + 1)


_DRESS = {
    Foliage.NEEDLES: _dress_needles,
    Foliage.BLOSSOM: _dress_dots,
    Foliage.LEAVES: _dress_dots,
    Foliage.MAPLE: _dress_dots,
    Foliage.BARE: _dress_twigs,
}
