"""Where lanterns, clouds and the moon go on a paper-cut stage."""

import itertools
import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from generators.backends.studio.art.colour import Floats
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.motifs.lantern import Lantern
from generators.backends.studio.art.steering import Subject
from generators.contracts import Box

_TRIES: Final = 12  # arrangements drawn for a full stage, of which the airiest is kept


class Hanging(StrEnum):
    GARLAND = "garland"  # a row over the whole width, lowest at both ends
    CLUSTER = "cluster"  # a few large ones on one side, small ones far off on the other
    PAIR = "pair"  # two large ones at the sides, small ones between and above


@dataclass(frozen=True, slots=True)
class Composition:
    """Lengths in pixels; side is where the lanterns of a cluster or of a wide picture hang."""

    hanging: Hanging
    side: int
    lanterns: list[Lantern]  # far to near
    moon: tuple[float, float, float]  # x, y, radius
    shore: float  # where the clouds begin in the middle
    rise: float  # how much higher they are at the sides
    step: float  # from one bank of clouds to the next
    calm: Box


def compose(easel: Easel) -> Composition:
    rng = easel.rng("composition")
    side = 1 if rng.random() < 0.5 else -1
    hanging = list(Hanging)[int(rng.integers(len(Hanging)))]
    width, height, short = float(easel.width), float(easel.height), easel.short
    if easel.aspect > 1.25:
        inner, outer = width * (0.5 + side * 0.06), width * (0.5 - side * 0.43)
        calm = Box(min(inner, outer), height * 0.1, max(inner, outer), height * 0.64)
        moon = width * (0.5 + side * rng.uniform(0.2, 0.28)), height * 0.3, 0.16 * short
        lanterns = _hang_wide(easel, side)
        return Composition(
            Hanging.CLUSTER, side, lanterns, moon, 0.86 * height, 0.06 * height, 0.04 * height, calm
        )
    if not easel.steering.for_words:
        return _fill(easel, hanging, side)
    calm = Box(width * 0.09, height * 0.345, width * 0.91, height * 0.735)
    moon = width * (0.5 - side * rng.uniform(0.16, 0.26)), 0.185 * height, 0.135 * short
    base = min(height, 1.34 * width)  # on a tall scroll the clouds keep to its foot
    shore = height - 0.115 * base
    lanterns = _hang(easel, hanging, side)
    return Composition(hanging, side, lanterns, moon, shore, 0.085 * base, 0.04 * base, calm)


def _fill(easel: Easel, hanging: Hanging, side: int) -> Composition:
    """A stage without words: lanterns at every depth down to the middle, under a large moon."""
    rng = easel.rng("lanterns")
    width, height, short = float(easel.width), float(easel.height), easel.short
    usual = round(5 + 5 * easel.steering.density)
    count = max(1, easel.count(Subject.LANTERN, usual, 14))
    crowd = min(1.0, (6.0 / count) ** 0.5)
    tries = [_scatter(rng, easel, count, crowd) for _ in range(_TRIES)]
    lanterns = min(tries, key=_overlap)
    moon = width * (0.5 + 0.05 * side), 0.46 * height, 0.26 * short
    calm = Box(width * 0.3, height * 0.73, width * 0.7, height * 0.785)
    base = min(height, 1.34 * width)
    return Composition(hanging, side, lanterns, moon, height - 0.14 * base, 0.12 * base, 0.04 * base, calm)


def _scatter(rng: np.random.Generator, easel: Easel, count: int, crowd: float) -> list[Lantern]:
    """Lanterns in an arch, far to near, without regard to each other."""
    near = np.sort(rng.random(count)) if count > 2 else np.ones(count)
    places = (rng.permutation(count) + 0.5 + rng.uniform(-0.2, 0.2, count)) / count
    lanterns = []
    for place, nearness in zip(places.tolist(), near.tolist(), strict=True):
        radius = easel.short * (0.045 + 0.085 * nearness) * crowd
        stretch = 1.2 if rng.random() < 0.5 else 0.84
        y = easel.height * (0.12 + 0.36 * abs(2 * place - 1) ** 1.3 + 0.14 * rng.random())
        lanterns.append(Lantern(easel.width * place, y, radius, stretch, -8.0))
    return lanterns


def _overlap(lanterns: list[Lantern]) -> float:
    """How far lanterns reach into each other, in pixels, summed over all pairs."""
    return sum(
        max(0.0, one.radius + other.radius - math.hypot(one.x - other.x, one.y - other.y))
        for one, other in itertools.combinations(lanterns, 2)
    )


def _hang(easel: Easel, hanging: Hanging, side: int) -> list[Lantern]:
    rng = easel.rng("lanterns")
    usual = round(3 + 3.4 * easel.steering.density + rng.uniform(0, 1.4))
    count = max(1, easel.count(Subject.LANTERN, usual, 14))
    places = (np.arange(count) + 0.5 + rng.uniform(-0.16, 0.16, count)) / count
    nearness = _nearness(rng, hanging, side, places)
    crowd = min(1.0, (5.0 / count) ** 0.5)
    floor = 0.33 * easel.height
    lanterns = []
    for place, near in sorted(zip(places.tolist(), nearness.tolist(), strict=True), key=lambda pair: pair[1]):
        radius = easel.short * (0.034 + 0.052 * near) * crowd
        edge = abs(2 * place - 1)
        stretch = 1.2 if rng.random() < 0.5 else 0.84
        y = easel.height * (0.095 + 0.15 * edge * rng.uniform(0.5, 1.0) + 0.03 * rng.random())
        y = max(radius * stretch * 1.5, min(y, floor - radius * (stretch + 1.3)))
        lanterns.append(Lantern(easel.width * place, y, radius, stretch, -8.0))
    return lanterns


def _nearness(rng: np.random.Generator, hanging: Hanging, side: int, places: Floats) -> Floats:
    """0..1 for each place from left to right: how near, large and bright its lantern is."""
    count = len(places)
    if count <= 2:
        return np.ones(count)
    if hanging is Hanging.PAIR:
        return np.clip(np.abs(2 * places - 1) ** 1.2 + rng.uniform(-0.1, 0.1, count), 0.0, 1.0)
    if hanging is Hanging.CLUSTER:
        return np.clip(0.5 + side * (places - 0.5) * 1.1 + rng.uniform(-0.2, 0.2, count), 0.0, 1.0)
    return rng.permutation(np.linspace(0.1, 1.0, count))


def _hang_wide(easel: Easel, side: int) -> list[Lantern]:
    """Lanterns within the side's part of a wide picture, up to two thirds of its height."""
    rng = easel.rng("lanterns")
    usual = round(3 + 2.4 * easel.steering.density + min(4.0, easel.aspect - 1.25))
    count = max(1, easel.count(Subject.LANTERN, usual, 14))
    room = 0.38 * easel.width / count
    lanterns = []
    for index, near in enumerate(rng.permutation(np.linspace(0.0, 1.0, count)).tolist()):
        place = 0.1 + 0.38 * (index + 0.5 + rng.uniform(-0.12, 0.12)) / count
        radius = min(easel.short * (0.055 + 0.07 * near), room * (0.36 + 0.22 * near))
        stretch = 1.2 if rng.random() < 0.5 else 0.84
        y = easel.height * (rng.uniform(0.18, 0.28) if index % 2 else rng.uniform(0.34, 0.46))
        lanterns.append(Lantern(easel.width * (0.5 + side * place), y, radius, stretch, -8.0))
    return sorted(lanterns, key=lambda lantern: lantern.radius)
