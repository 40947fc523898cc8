"""How silk flows over the paper: a gesture in the lower part, or up one side of a wide picture."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.silk.weave import Cut, Ribbon, cut_ribbon
from generators.backends.studio.art.steering import Subject
from generators.contracts import Box


class Flow(StrEnum):
    RISE = "rise"
    VALLEY = "valley"
    ARCH = "arch"
    SWELL = "swell"


# Heights at the left, in the middle and at the right, in shares of the zone above the lower edge.
_HEIGHTS: Final[Mapping[Flow, tuple[float, float, float]]] = {
    Flow.RISE: (0.20, 0.34, 0.78),
    Flow.VALLEY: (0.72, 0.24, 0.56),
    Flow.ARCH: (0.2, 0.62, 0.3),
    Flow.SWELL: (0.34, 0.5, 0.4),
}
# Where the sun or moon hangs: across in shares of the width, up in shares of the zone.
_ORBS: Final[Mapping[Flow, tuple[float, float]]] = {
    Flow.RISE: (0.27, 0.66),
    Flow.VALLEY: (0.5, 0.68),
    Flow.ARCH: (0.8, 0.7),
    Flow.SWELL: (0.7, 0.68),
}


@dataclass(frozen=True, slots=True)
class Composition:
    """Lengths in pixels. side -1 mirrors the flow. waves: how often a ribbon sways over the width."""

    flow: Flow
    side: int
    zone: float
    waves: float
    orb: tuple[float, float, float]  # x, y, radius
    calm: Box


def compose(easel: Easel) -> Composition:
    rng = easel.rng("composition")
    side = 1 if rng.random() < 0.5 else -1
    flow = list(Flow)[int(rng.integers(len(Flow)))]
    if easel.wants(Subject.WAVE) or easel.wants(Subject.BOAT):
        flow = Flow.SWELL
    if easel.wants(Subject.MOUNTAIN):
        flow = Flow.ARCH
    width, height = float(easel.width), float(easel.height)
    if easel.aspect > 1.25:
        flow, zone = Flow.RISE, (0.84 if easel.steering.for_words else 0.98) * height
        inner, outer = width * (0.5 + side * 0.04), width * (0.5 - side * 0.43)
        calm = Box(min(inner, outer), height * 0.1, max(inner, outer), height - 0.46 * zone)
    else:
        zone = min((0.54 if easel.steering.for_words else 0.84) * height, 1.6 * width)
        calm = Box(width * 0.08, height * 0.07, width * 0.92, height - zone)
    across, up = _ORBS[flow]
    orb_x = width * (across if side > 0 else 1.0 - across)
    if easel.aspect > 1.25:
        orb_x = width * (0.5 + side * 0.16)
    waves = max(1.0, 0.6 * easel.aspect) * (1.7 if easel.wants(Subject.WAVE) else 1.0)
    return Composition(flow, side, zone, waves, (orb_x, height - up * zone, 0.075 * easel.short), calm)


def cut_ribbons(
    easel: Easel, composition: Composition, name: str, count: int, breadths: tuple[float, float], threads: int
) -> list[Ribbon]:
    """Ribbons of one layer, braiding around the flow; breadths are a range in shares of the zone."""
    zone = composition.zone
    ribbons = []
    for index in range(count):
        rng = easel.rng(f"ribbon {name} {index}")
        heights = _HEIGHTS[composition.flow][:: composition.side]
        start, middle, end = (easel.height - zone * (height + rng.uniform(-0.09, 0.09)) for height in heights)
        breadth = zone * rng.uniform(*breadths)
        cut = Cut(start, middle, end, zone * 0.06, breadth, threads, rng.uniform(0.75, 1.1))
        ribbons.append(cut_ribbon(rng, easel.width, cut, composition.waves))
    return ribbons
