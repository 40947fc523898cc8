"""Bamboo: jointed canes rising along one edge, with leaves in falling sprays."""

from dataclasses import dataclass

import numpy as np
import skia

from generators.backends.studio.art.brush import Points, curve, stroke, tint
from generators.backends.studio.art.colour import mix
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.painting import RGB


@dataclass(frozen=True, slots=True)
class Grove:
    """Canes within `reach_px` of the left (-1) or right (1) edge, from ink in front to pale behind."""

    edge: int
    reach_px: float
    canes: int
    ink: RGB
    pale: RGB


def draw_bamboo(easel: Easel, rng: np.random.Generator, grove: Grove) -> None:
    base, inward, reach = 0.0 if grove.edge < 0 else float(easel.width), -grove.edge, grove.reach_px
    for index in range(grove.canes):
        depth = 1.0 - index / max(1, grove.canes - 1)
        colour = mix(grove.ink, grove.pale, 0.72 * depth)
        foot = base + inward * reach * (0.03 + 0.4 * (index + rng.uniform(0.1, 0.9)) / grove.canes)
        lean = inward * reach * rng.uniform(-0.02, 0.2)
        tall = easel.height * rng.uniform(0.72, 1.06)
        thick = reach * rng.uniform(0.055, 0.085) * (1.0 - 0.4 * depth)
        top = easel.height - tall
        cane = curve(
            [(foot, easel.height + 6), (foot + 0.3 * lean, top + tall * 0.5), (foot + lean, top)], 60
        )
        for x, y in _draw_cane(easel, rng, cane, thick, colour)[2:]:
            if rng.random() < 0.85:
                heading = inward if rng.random() < 0.8 else grove.edge
                _draw_spray(easel, rng, x, y, heading, reach * rng.uniform(0.34, 0.56), colour)


def _draw_cane(
    easel: Easel, rng: np.random.Generator, cane: Points, thick: float, colour: RGB
) -> list[tuple[float, float]]:
    """Segments between joints, each a little wider at its ends; returns the joints from the ground up."""
    joints = []
    start = 0
    while start < len(cane) - 4:
        end = min(len(cane) - 1, start + int(rng.integers(6, 10)))
        part = cane[start : end + 1]
        swell = 1.0 + 0.16 * np.abs(np.linspace(-1, 1, len(part))) ** 3
        trim = part.copy()
        trim[0] += (part[1] - part[0]) * 0.14
        trim[-1] += (part[-2] - part[-1]) * 0.14
        taper = thick * (1.0 - 0.35 * start / len(cane))
        easel.canvas.drawPath(stroke(trim, taper * swell), tint(colour, 0.86))
        joints.append((float(part[-1, 0]), float(part[-1, 1])))
        start = end
    return joints


def _draw_spray(
    easel: Easel, rng: np.random.Generator, x: float, y: float, heading: int, length: float, colour: RGB
) -> None:
    """A twig with leaves hanging from it in threes."""
    twig = curve(
        [
            (x, y),
            (x + heading * length * 0.4, y - length * 0.22),
            (x + heading * length * 0.9, y - length * 0.12),
        ],
        12,
    )
    easel.canvas.drawPath(stroke(twig, np.linspace(0.02, 0.008, 12) * length + 0.5), tint(colour, 0.8))
    for place in (3, 6, 8, 10, 11):
        for fan in rng.uniform(-0.55, 0.75, int(rng.integers(2, 4))):
            angle = np.pi / 2 - heading * (0.75 + fan * 0.8)
            _draw_leaf(
                easel,
                twig[place],
                float(angle),
                length * rng.uniform(0.26, 0.46),
                colour,
                rng.uniform(0.62, 0.92),
            )


def _draw_leaf(easel: Easel, root: Points, angle: float, length: float, colour: RGB, alpha: float) -> None:
    along = np.array([np.cos(angle), np.sin(angle)])
    across = np.array([-along[1], along[0]]) * length * 0.085
    tip = root + along * length + np.array([0.0, length * 0.1])
    belly = root + along * length * 0.36
    path = skia.Path()
    path.moveTo(*root)
    path.quadTo(*(belly + across), *tip)
    path.quadTo(*(belly - across), *root)
    path.close()
    easel.canvas.drawPath(path, tint(colour, alpha))
