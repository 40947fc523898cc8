"""Growing a plum branch: a gesture drawn by hand, bent into knees, with limbs and straight young shoots."""

import itertools
from dataclasses import dataclass

import numpy as np

from generators.backends.studio.art.brush import Points, curve
from generators.contracts import Box


@dataclass(frozen=True, slots=True)
class Limb:
    """points (n, 2) from root to tip, widths (n,) full widths, both in pixels; level 0 is a stem."""

    points: Points
    widths: Points
    level: int


@dataclass(frozen=True, slots=True)
class Shoot:
    """A thin young twig: root, bend and tip (x, y), width in pixels."""

    root: Points
    bend: Points
    tip: Points
    width: float

    def at(self, share: float) -> Points:
        """The point at 0..1 of its quadratic curve."""
        rest = 1.0 - share
        return rest * rest * self.root + 2 * rest * share * self.bend + share * share * self.tip


@dataclass(frozen=True, slots=True)
class Tree:
    limbs: list[Limb]
    shoots: list[Shoot]


@dataclass(frozen=True, slots=True)
class Growth:
    """What limits a branch. scale: pixels of the shorter side, which all lengths follow."""

    scale: float
    keep_clear: Box
    width: float
    height: float

    def allows(self, points: Points) -> bool:
        """Inside the picture for the most part, and nowhere in the area kept clear."""
        x, y = points[:, 0], points[:, 1]
        clear, rim = self.keep_clear, 0.012 * self.scale
        if (
            (x > clear.left - rim)
            & (x < clear.right + rim)
            & (y > clear.top - rim)
            & (y < clear.bottom + rim)
        ).any():
            return False
        inside = (x > 0) & (x < self.width) & (y > 0) & (y < self.height)
        return bool(inside.mean() > 0.6)


def grow(rng: np.random.Generator, gesture: list[Points], growth: Growth) -> Tree:
    """All wood along the stems of a gesture (knots in pixels); later stems root in the first."""
    tree = Tree([], [])
    for index, knots in enumerate(gesture):
        thickness = growth.scale * (0.05 if index == 0 else 0.024)
        if index:
            trunk = tree.limbs[0].points
            knots = knots.copy()
            knots[0] = trunk[np.argmin(np.hypot(*(trunk - knots[0]).T))]
        stem = _stem(rng, knots, thickness, growth.scale * 0.02)
        tree.limbs.append(stem)
        for limb in _side_limbs(rng, stem, growth, count=5 if index == 0 else 3):
            tree.limbs.append(limb)
            tree.shoots.extend(_shoots(rng, limb, growth, count=3))
        tree.shoots.extend(_shoots(rng, stem, growth, count=5 if index == 0 else 3))
    return tree


def _stem(rng: np.random.Generator, knots: Points, thickness: float, bend: float) -> Limb:
    points = curve(_with_knees(rng, knots, bend), 18 * len(knots))
    count = len(points)
    taper = np.linspace(1.0, 0.07, count) ** 0.85
    swell = np.interp(np.arange(count), np.linspace(0, count, 11), rng.uniform(0.8, 1.22, 11))
    rough = rng.uniform(0.9, 1.1, count)
    return Limb(points, thickness * taper * swell * rough, 0)


def _with_knees(rng: np.random.Generator, knots: Points, bend: float) -> Points:
    """Knots with a displaced point in each span: plum wood turns in angles, not in arcs."""
    kneed = [knots[0]]
    side = float(rng.choice([-1.0, 1.0]))
    for start, end in itertools.pairwise(knots):
        along = end - start
        across = np.array([-along[1], along[0]]) / max(1e-6, float(np.hypot(*along)))
        kneed.append(start + along * rng.uniform(0.38, 0.62) + across * side * bend * rng.uniform(0.5, 1.5))
        kneed.append(end)
        side = -side
    return np.array(kneed)


def _side_limbs(rng: np.random.Generator, stem: Limb, growth: Growth, *, count: int) -> list[Limb]:
    """Limbs from the outer part of a stem, alternating sides, shorter towards its tip."""
    limbs = []
    side = float(rng.choice([-1.0, 1.0]))
    for share in np.linspace(0.26, 0.9, count) + rng.uniform(-0.05, 0.05, count):
        side = -side
        at = int(share * (len(stem.points) - 2))
        for reach in (0.3, 0.2, 0.12):  # a limb that does not fit is tried shorter
            limb = _side_limb(rng, stem, at, side, growth.scale * reach * rng.uniform(0.8, 1.15))
            if growth.allows(limb.points):
                limbs.append(limb)
                break
    return limbs


def _side_limb(rng: np.random.Generator, stem: Limb, at: int, side: float, reach: float) -> Limb:
    along = stem.points[at + 1] - stem.points[at]
    heading = float(np.arctan2(along[1], along[0])) + side * rng.uniform(0.45, 0.95)
    turn = side * rng.uniform(0.2, 0.5)
    knots = [stem.points[at]]
    for _ in range(4):
        heading += turn - 0.16 * float(np.cos(heading)) * float(np.sign(np.cos(heading)))
        turn = -turn * rng.uniform(0.7, 1.2)
        knots.append(knots[-1] + reach / 4 * np.array([np.cos(heading), np.sin(heading)]))
    points = curve(knots, 28)
    width = min(float(stem.widths[at]) * 0.6, reach * 0.075)
    taper = np.linspace(1.0, 0.16, 28)
    return Limb(points, width * taper * rng.uniform(0.9, 1.1, 28), 1)


def _shoots(rng: np.random.Generator, limb: Limb, growth: Growth, *, count: int) -> list[Shoot]:
    """Young twigs: long, nearly straight, leaning to the light, the last one continuing the limb's tip."""
    shoots = []
    for share in np.append(rng.uniform(0.3, 0.92, count - 1), 1.0):
        at = int(share * (len(limb.points) - 2))
        along = limb.points[at + 1] - limb.points[at]
        away = 0.0 if share == 1.0 else float(rng.choice([-1.0, 1.0])) * rng.uniform(0.4, 0.9)
        heading = float(np.arctan2(along[1], along[0])) + away
        reach = growth.scale * rng.uniform(0.06, 0.16) * (1.0 if limb.level else 0.85)
        root = limb.points[at + 1]
        tip = root + reach * np.array([np.cos(heading), np.sin(heading) - 0.35])
        bend = (root + tip) / 2 + rng.normal(0, 0.05, 2) * reach
        shoot = Shoot(root, bend, tip, float(np.clip(limb.widths[at] * 0.5, 1.2, growth.scale * 0.0045)))
        if growth.allows(np.stack([root, bend, tip])[1:]):
            shoots.append(shoot)
    return shoots
