"""Each style's own motion."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from generators.backends.studio.motion.ambient.air import Air
from generators.backends.studio.motion.ambient.mist import mist
from generators.backends.studio.motion.ambient.petals import Petals
from generators.backends.studio.motion.ambient.sheen import sheen
from generators.backends.studio.motion.ambient.sparks import sparks
from generators.backends.studio.motion.stage import Stage
from generators.specs import Style

_AIRS: Final[Mapping[Style, Callable[[Stage, np.random.Generator], Air]]] = {
    Style.INK: mist,
    Style.PLUM: Petals,
    Style.LANTERN: sparks,
    Style.SILK: sheen,
}


def air_of(style: Style, stage: Stage, seed: int) -> Air:
    """The same seed moves the same way."""
    return _AIRS[style](stage, np.random.default_rng([seed, 0x6D6F]))
