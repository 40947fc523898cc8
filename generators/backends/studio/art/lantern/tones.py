"""The colours of paper-cut lantern paintings, one entry for each palette."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from generators.backends.studio.art.painting import RGB, Palette


@dataclass(frozen=True, slots=True)
class LanternTones:
    """high and low are the ground, glow the light behind it; banks are the cloud layers from far to near.

    core to skin colours a lantern from its flame outwards; line is the gilt of edges and ribs.
    """

    palette: Palette
    high: RGB
    low: RGB
    glow: RGB
    banks: tuple[RGB, RGB, RGB, RGB]
    line: RGB
    core: RGB
    body: RGB
    skin: RGB
    moon: RGB


_ALL: Final = (
    LanternTones(
        Palette("festive", (140, 20, 24), (255, 238, 205), (244, 200, 118), (232, 186, 104), is_dark=True),
        high=(112, 12, 20),
        low=(136, 18, 24),
        glow=(168, 32, 30),
        banks=((150, 22, 28), (176, 32, 32), (202, 48, 38), (224, 74, 48)),
        line=(244, 200, 118),
        core=(255, 226, 140),
        body=(244, 106, 44),
        skin=(204, 30, 30),
        moon=(252, 222, 158),
    ),
    LanternTones(
        Palette("teal", (10, 62, 74), (240, 246, 232), (240, 200, 130), (226, 92, 60), is_dark=True),
        high=(6, 38, 52),
        low=(12, 66, 76),
        glow=(22, 88, 96),
        banks=((18, 82, 90), (32, 106, 108), (60, 136, 130), (112, 172, 156)),
        line=(242, 214, 150),
        core=(255, 234, 170),
        body=(246, 150, 66),
        skin=(212, 78, 40),
        moon=(250, 238, 204),
    ),
    LanternTones(
        Palette("violet", (48, 28, 84), (248, 238, 250), (244, 196, 150), (232, 120, 92), is_dark=True),
        high=(24, 14, 56),
        low=(58, 34, 96),
        glow=(86, 50, 124),
        banks=((72, 44, 112), (100, 62, 138), (140, 86, 160), (188, 122, 178)),
        line=(248, 214, 176),
        core=(255, 232, 180),
        body=(248, 150, 104),
        skin=(206, 72, 92),
        moon=(252, 234, 214),
    ),
    LanternTones(
        Palette("rice", (247, 238, 220), (86, 28, 22), (190, 52, 40), (182, 34, 32), is_dark=False),
        high=(246, 236, 220),
        low=(244, 225, 198),
        glow=(250, 243, 229),
        banks=((246, 222, 192), (241, 204, 170), (233, 176, 142), (220, 136, 106)),
        line=(184, 108, 58),
        core=(255, 214, 128),
        body=(240, 96, 58),
        skin=(196, 36, 36),
        moon=(250, 206, 140),
    ),
    LanternTones(
        Palette("ash", (52, 64, 78), (240, 242, 240), (206, 212, 214), (176, 66, 56), is_dark=True),
        high=(38, 48, 62),
        low=(62, 76, 90),
        glow=(78, 92, 106),
        banks=((72, 86, 100), (92, 106, 120), (120, 134, 146), (158, 168, 176)),
        line=(214, 218, 216),
        core=(255, 250, 228),
        body=(236, 230, 210),
        skin=(188, 188, 180),
        moon=(236, 238, 234),
    ),
)
TONES: Final[Mapping[str, LanternTones]] = {tones.palette.name: tones for tones in _ALL}
