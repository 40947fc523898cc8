"""Gestures: how a branch may cross the paper, drawn by hand and mirrored by the seed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from generators.backends.studio.art.brush import Points
from generators.backends.studio.art.easel import Easel
from generators.contracts import Box


class Gesture(StrEnum):
    RISING = "rising"  # from a lower corner up across the lower half; words above
    HANGING = "hanging"  # from an upper corner down across the upper half; words below
    STANDING = "standing"  # up along one side; words beside it
    REACHING = "reaching"  # from one side into a wide picture; words on the other side


@dataclass(frozen=True, slots=True)
class _Plan:
    """Stem knots and the calm box (left, top, right, bottom) in shares of the picture, rooted on the left."""

    stems: Sequence[Sequence[tuple[float, float]]]
    calm: tuple[float, float, float, float]
    orb: tuple[float, float]


_PLANS: Final[Mapping[Gesture, _Plan]] = {
    Gesture.RISING: _Plan(
        (
            ((-0.06, 1.03), (0.1, 0.86), (0.3, 0.78), (0.44, 0.68), (0.68, 0.65), (0.93, 0.55)),
            ((0.2, 0.82), (0.42, 0.87), (0.6, 0.82), (0.84, 0.84)),
            ((0.09, 0.87), (0.07, 0.74), (0.14, 0.62), (0.12, 0.53)),
        ),
        (0.08, 0.07, 0.92, 0.46),
        (0.66, 0.6),
    ),
    Gesture.HANGING: _Plan(
        (
            ((-0.06, 0.02), (0.12, 0.09), (0.3, 0.12), (0.46, 0.22), (0.66, 0.24), (0.88, 0.37)),
            ((0.2, 0.1), (0.3, 0.22), (0.26, 0.32), (0.36, 0.42)),
            ((0.36, 0.15), (0.56, 0.11), (0.74, 0.13), (0.9, 0.08)),
        ),
        (0.08, 0.5, 0.92, 0.9),
        (0.7, 0.24),
    ),
    Gesture.STANDING: _Plan(
        (
            ((-0.04, 1.04), (0.08, 0.86), (0.05, 0.66), (0.17, 0.48), (0.12, 0.28), (0.24, 0.07)),
            ((0.07, 0.84), (0.2, 0.8), (0.34, 0.84), (0.52, 0.78)),
            ((0.16, 0.5), (0.22, 0.36), (0.2, 0.28)),
        ),
        (0.37, 0.08, 0.92, 0.7),
        (0.26, 0.2),
    ),
    Gesture.REACHING: _Plan(
        (
            ((-0.03, 0.98), (0.08, 0.76), (0.2, 0.62), (0.3, 0.42), (0.42, 0.34), (0.52, 0.16)),
            ((0.1, 0.74), (0.26, 0.8), (0.38, 0.74), (0.54, 0.82)),
            ((0.09, 0.75), (0.08, 0.52), (0.15, 0.36), (0.12, 0.16)),
        ),
        (0.56, 0.12, 0.94, 0.74),
        (0.36, 0.34),
    ),
}


# What stays calm when the branch may fill the picture.
_CORNERS: Final[Mapping[Gesture, tuple[float, float, float, float]]] = {
    Gesture.RISING: (0.06, 0.05, 0.5, 0.2),
    Gesture.HANGING: (0.06, 0.82, 0.5, 0.95),
    Gesture.STANDING: (0.62, 0.3, 0.95, 0.6),
    Gesture.REACHING: (0.78, 0.3, 0.96, 0.7),
}


@dataclass(frozen=True, slots=True)
class Composition:
    """All in pixels; the first stem carries the others."""

    gesture: Gesture
    stems: Sequence[Points]
    calm: Box
    orb: tuple[float, float]


def compose(easel: Easel) -> Composition:
    rng = easel.rng("composition")
    gesture = _choose(easel, rng.random())
    side = 1 if rng.random() < 0.5 else -1
    plan = _PLANS[gesture]
    size = np.array([easel.width, easel.height], dtype=np.float64)
    stems = []
    for stem in plan.stems:
        knots = np.array(stem) + rng.uniform(-0.022, 0.022, (len(stem), 2)) * np.minimum(
            1.0, size.min() / size
        )
        if not easel.steering.for_words:
            knots = _spread(knots, gesture)
        stems.append(_mirror(knots, side) * size)
    left, top, right, bottom = plan.calm if easel.steering.for_words else _CORNERS[gesture]
    if side < 0:
        left, right = 1.0 - right, 1.0 - left
    calm = Box(left * easel.width, top * easel.height, right * easel.width, bottom * easel.height)
    orb = (plan.orb[0] if side > 0 else 1.0 - plan.orb[0]) * easel.width, plan.orb[1] * easel.height
    return Composition(gesture, stems, calm, orb)


def _spread(knots: Points, gesture: Gesture) -> Points:
    """The same gesture over the whole picture."""
    across, down = knots[:, 0], knots[:, 1]
    if gesture is Gesture.RISING:
        down = 1.0 - (1.0 - down) * 1.5
    elif gesture is Gesture.HANGING:
        down = down * 1.6
    else:
        across = across * 1.5
    return np.stack([across, down], axis=-1)


def _mirror(knots: Points, side: int) -> Points:
    return knots if side > 0 else np.stack([1.0 - knots[:, 0], knots[:, 1]], axis=-1)


def _choose(easel: Easel, chance: float) -> Gesture:
    if easel.aspect > 1.25:
        return Gesture.REACHING
    if chance < 0.45:
        return Gesture.RISING
    return Gesture.HANGING if chance < 0.75 else Gesture.STANDING
