"""Pale hills far behind a branch."""

import numpy as np

from generators.backends.studio.art.colour import mix
from generators.backends.studio.art.easel import Easel
from generators.backends.studio.art.plum.tones import PlumTones
from generators.backends.studio.art.terrain import crowd_peak, draw_ridge
from generators.backends.studio.art.wash import Wash, lay_ridge


def lay_hills(easel: Easel, tones: PlumTones) -> None:
    """Two ranges along the lower edge, hardly darker than the paper."""
    zone = min(0.3 * easel.height, easel.width)
    for index, (share, strength) in enumerate(((1.0, 0.3), (0.62, 0.42))):
        rng = easel.rng(f"hills {index}")
        peaks = []
        for place in np.linspace(0.08, 0.92, max(2, round(easel.width / (1.3 * zone)))):
            centre = easel.width * (place + rng.uniform(-0.12, 0.12))
            peaks += crowd_peak(rng, centre, zone * rng.uniform(0.4, 0.7), rng.uniform(0.5, 1.0), 1.8)
        lift = (
            draw_ridge(rng, easel.width, peaks, floor=0.16, roughness=0.1, cell_px=zone * 0.5) * zone * share
        )
        ink = mix(tones.bark_light, tones.cloud, 0.35)
        wash = Wash(ink, tones.low, strength, 0.8 * zone * share, 0.4, max(4.0, 22 * easel.unit), 1)
        lay_ridge(easel, rng, (easel.height - lift).astype(np.float32), wash, easel.height)
