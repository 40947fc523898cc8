"""What a page's script needs to know to move things: numbers and colours, never words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np

from generators.backends.studio.art.ink.tones import TONES as INK_TONES
from generators.backends.studio.art.painting import RGB, Palette
from generators.backends.studio.motion.ambient.petals import petal_colours
from generators.contracts import Box, Pixels
from generators.specs import Style

_GLINTS: Final = 22
_SEEDS: Final = 2**31
_STRIDE_PX: Final = 6
_RIM_PX: Final = 24  # around what stands on the page


@dataclass(frozen=True, slots=True, eq=False)
class OpenPage:
    """A page as what flies over it sees it. ground: RGBA without words. taken: what stands in the way."""

    style: Style
    seed: int
    palette: Palette
    ground: Pixels
    taken: tuple[Box, ...]


def facts_of(page: OpenPage, scene_seconds: Sequence[float]) -> dict[str, Any]:
    """As plain JSON data."""
    return {
        "style": page.style.value,
        "seed": page.seed % _SEEDS,
        "colours": [",".join(map(str, colour)) for colour in _colours(page.style, page.palette)],
        "taken": [[round(edge) for edge in (box.left, box.top, box.right, box.bottom)] for box in page.taken],
        "glints": _glints(page.ground, page.taken, page.seed) if page.style is Style.SILK else [],
        "sceneSeconds": list(scene_seconds),
    }


def _colours(style: Style, palette: Palette) -> tuple[RGB, RGB]:
    if style is Style.PLUM:
        return petal_colours(palette)
    tones = INK_TONES.get(palette.name)
    return (tones.mist if tones is not None and style is Style.INK else palette.paper), palette.ink


def _glints(ground: Pixels, taken: Sequence[Box], seed: int) -> list[list[int]]:
    """Points on the brightest fine detail, outside of everything that stands on the page."""
    grey = cv2.cvtColor(ground, cv2.COLOR_RGBA2GRAY).astype(np.float32)
    detail = grey - cv2.GaussianBlur(grey, (0, 0), 12.0)
    for box in taken:
        rows = slice(max(0, int(box.top) - _RIM_PX), int(box.bottom) + _RIM_PX)
        detail[rows, max(0, int(box.left) - _RIM_PX) : int(box.right) + _RIM_PX] = 0
    thinned = detail[::_STRIDE_PX, ::_STRIDE_PX]
    best = np.argsort(thinned.ravel())[-1200:]
    chosen = np.random.default_rng([seed, 0x676C]).choice(best, _GLINTS, replace=False).tolist()
    columns = thinned.shape[1]
    return [[_STRIDE_PX * (spot % columns), _STRIDE_PX * (spot // columns)] for spot in chosen]
