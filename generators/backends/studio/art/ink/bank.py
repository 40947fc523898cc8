"""The near bank: a dark slope in one lower corner, with a tree and reeds, that gives the view its depth."""

from collections.abc import Mapping
from typing import Final

import numpy as np

from generators.backends.studio.art.colour import mix
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.ink.cast import Cast
from generators.backends.studio.art.ink.composition import Composition
from generators.backends.studio.art.ink.tones import InkTones
from generators.backends.studio.art.motifs.shore import Pavilion, Reeds, draw_pavilion, draw_reeds
from generators.backends.studio.art.motifs.trees import Foliage, Tree, draw_tree
from generators.backends.studio.art.noise import Field, fbm_line
from generators.backends.studio.art.painting import RGB
from generators.backends.studio.art.wash import Wash, lay_ridge

_LEAF: Final[Mapping[Foliage, tuple[RGB, RGB]]] = {
    Foliage.BLOSSOM: ((222, 118, 134), (248, 196, 200)),
    Foliage.LEAVES: ((52, 98, 74), (116, 152, 92)),
    Foliage.MAPLE: ((176, 48, 28), (228, 118, 44)),
}


def lay_bank(easel: Easel, tones: InkTones, composition: Composition, players: Cast) -> None:
    """What stands on the bank is painted first, so that the ground covers its roots."""
    rng = easel.rng("bank")
    reach = min(easel.width * 0.62, easel.short * rng.uniform(0.52, 0.74))
    tall = min(easel.height * 0.13, easel.short * rng.uniform(0.08, 0.115))
    ridge = _slope(rng, composition.side, easel.width, easel.height, reach, tall)
    _plant(easel, tones, composition, players, ridge, reach)
    fade = mix(tones.near, tones.water, 0.55)
    wash = Wash(tones.near, fade, 1.0, tall * 2.6, 0.5, max(4.0, 16 * easel.unit), -composition.side)
    lay_ridge(easel, easel.rng("bank wash"), ridge, wash, easel.height)


def _plant(
    easel: Easel, tones: InkTones, composition: Composition, players: Cast, ridge: Field, reach: float
) -> None:
    inward, short = composition.side, easel.short
    corner = 0.0 if inward > 0 else float(easel.width)
    reeds = Reeds(corner + inward * reach * 0.64, reach * 0.34, short * 0.05, tones.near)
    draw_reeds(easel, easel.rng("reeds"), ridge, reeds)
    if players.pavilion:
        x = corner + inward * reach * 0.44
        draw_pavilion(easel, Pavilion(x, _ground(ridge, x) + 0.012 * short, short * 0.095, 1), tones.near)
    if players.foliage is not None:
        rng = easel.rng("tree")
        x = corner + inward * reach * rng.uniform(0.14, 0.24)
        lean = inward * rng.uniform(0.45, 1.0)
        tree = _tree(tones, players.foliage, x, _ground(ridge, x), short * rng.uniform(0.25, 0.34), lean)
        draw_tree(easel, rng, tree)


def _slope(rng: np.random.Generator, side: int, width: int, height: int, reach: float, tall: float) -> Field:
    """(width,) pixels from the top: high in the corner away from the massif, gone beyond `reach`."""
    from_corner = np.arange(width, dtype=np.float32)
    if side < 0:
        from_corner = from_corner[::-1]
    slope = np.clip(1.0 - from_corner / reach, -0.4, 1.0)
    rough = fbm_line(rng, width, cells=max(3.0, width / (reach * 0.14)), octaves=5)
    lift = tall * (np.sign(slope) * np.abs(slope) ** 0.8 + 0.13 * rough * (slope > 0))
    return np.asarray(height - lift, dtype=np.float32)


def _ground(ridge: Field, x: float) -> float:
    return float(ridge[int(np.clip(x, 0, len(ridge) - 1))])


def _tree(tones: InkTones, foliage: Foliage, x: float, y: float, height_px: float, lean: float) -> Tree:
    leaf, highlight = _LEAF.get(foliage, (tones.near, mix(tones.near, tones.far, 0.4)))
    if tones.palette.is_dark:
        leaf, highlight = mix(leaf, tones.near, 0.4), mix(highlight, tones.near, 0.3)
    return Tree(x, y, height_px, lean, foliage, tones.near, leaf, highlight)
