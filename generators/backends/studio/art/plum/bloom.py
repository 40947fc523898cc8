"""Where a branch flowers: in clusters at its nodes, with buds on the young shoots."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from generators.backends.studio.art.brush import Points
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.plum.blossom import Sprite, Sprites
from generators.backends.studio.art.plum.branch import Tree
from generators.contracts import Box


@dataclass(slots=True)
class _Beds:
    """Places already taken; a blossom may overlap another by about a third."""

    clear: Box
    taken: Points
    count: int = 0

    def take(self, x: float, y: float, radius: float) -> bool:
        clear = self.clear
        if clear.left - radius < x < clear.right + radius and clear.top - radius < y < clear.bottom + radius:
            return False
        rows = self.taken[: self.count]
        near = (rows[:, 0] - x) ** 2 + (rows[:, 1] - y) ** 2 < (0.64 * (rows[:, 2] + radius)) ** 2
        if self.count == len(self.taken) or bool(near.any()):
            return False
        self.taken[self.count] = x, y, radius
        self.count += 1
        return True


def bloom(easel: Easel, rng: np.random.Generator, tree: Tree, sprites: Sprites, radius_px: float) -> None:
    """Flower the whole tree; `easel.steering.density` decides how richly."""
    beds = _Beds(easel.calm, np.zeros((400, 3)))
    density = easel.steering.density
    for x, y in _buds(rng, tree, density):
        if beds.take(x, y, radius_px * 0.5):
            _pick(rng, sprites.buds).stamp(easel.canvas, x, y)
    flowers = []
    for centre, size in _clusters(rng, tree, density):
        for x, y in centre + rng.normal(0, 0.7 * radius_px, (size, 2)) * np.arange(size)[:, None].clip(0, 1):
            if beds.take(float(x), float(y), radius_px):
                flowers.append((float(x), float(y)))
    for x, y in flowers:
        sprite = _pick(rng, sprites.side_flowers if rng.random() < 0.2 else sprites.flowers)
        sprite.stamp(easel.canvas, x, y)


def _pick(rng: np.random.Generator, sprites: Sequence[Sprite]) -> Sprite:
    return sprites[int(rng.integers(len(sprites)))]


def _clusters(rng: np.random.Generator, tree: Tree, density: float) -> Iterator[tuple[Points, int]]:
    """(centre, how many) of each cluster: along the outer wood, thicker towards tips."""
    for limb in tree.limbs:
        nodes = (5.0 if limb.level else 8.0) * (0.3 + 1.4 * density)
        first = 0.34 if limb.level == 0 else 0.25
        for share in rng.uniform(first, 1.0, rng.poisson(nodes)):
            yield limb.points[int(share * (len(limb.points) - 1))], int(rng.integers(1, 5))
    for shoot in tree.shoots:
        if rng.random() < 0.2 + 0.6 * density:
            yield shoot.at(float(rng.uniform(0.3, 0.9))), int(rng.integers(1, 3))


def _buds(rng: np.random.Generator, tree: Tree, density: float) -> Iterator[tuple[float, float]]:
    for shoot in tree.shoots:
        for share in np.linspace(0.25, 1.0, 4):
            if rng.random() < 0.2 + 0.45 * density:
                x, y = shoot.at(float(share))
                yield float(x), float(y)
