"""The colours of silk paintings, one entry for each palette."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from generators.backends.studio.art.painting import RGB, Palette

Threads = tuple[RGB, RGB, RGB]  # from faint to dense


@dataclass(frozen=True, slots=True)
class SilkTones:
    """high to low is the ground from top to bottom; glow is the light in its upper corner."""

    palette: Palette
    high: RGB
    low: RGB
    glow: RGB
    back: Threads
    front: Threads
    orb: RGB


_ALL: Final = (
    SilkTones(
        Palette("crimson", (96, 12, 24), (253, 233, 196), (240, 190, 110), (222, 170, 92), is_dark=True),
        high=(108, 12, 26),
        low=(50, 4, 15),
        glow=(140, 24, 34),
        back=((140, 16, 34), (206, 48, 50), (250, 140, 96)),
        front=((196, 92, 40), (242, 176, 88), (255, 240, 196)),
        orb=(248, 204, 132),
    ),
    SilkTones(
        Palette("indigo", (18, 28, 66), (236, 240, 250), (166, 196, 240), (214, 84, 66), is_dark=True),
        high=(20, 30, 72),
        low=(6, 10, 32),
        glow=(36, 54, 110),
        back=((30, 52, 132), (70, 118, 204), (160, 206, 246)),
        front=((112, 130, 190), (196, 210, 240), (255, 252, 240)),
        orb=(232, 236, 246),
    ),
    SilkTones(
        Palette("jade", (10, 62, 56), (241, 245, 224), (220, 202, 132), (204, 76, 54), is_dark=True),
        high=(10, 68, 62),
        low=(3, 28, 30),
        glow=(26, 100, 86),
        back=((16, 98, 86), (66, 162, 130), (166, 226, 184)),
        front=((150, 150, 80), (222, 208, 138), (255, 248, 216)),
        orb=(240, 232, 190),
    ),
    SilkTones(
        Palette("pearl", (246, 240, 236), (74, 46, 52), (178, 100, 106), (180, 46, 50), is_dark=False),
        high=(246, 240, 236),
        low=(242, 225, 221),
        glow=(249, 246, 243),
        back=((242, 214, 210), (228, 178, 178), (196, 122, 130)),
        front=((236, 208, 184), (214, 164, 132), (160, 98, 82)),
        orb=(236, 186, 178),
    ),
    SilkTones(
        Palette("gilt", (247, 240, 226), (78, 54, 24), (170, 120, 50), (178, 44, 36), is_dark=False),
        high=(247, 240, 227),
        low=(243, 228, 200),
        glow=(250, 246, 235),
        back=((242, 222, 180), (226, 186, 118), (182, 130, 62)),
        front=((232, 196, 150), (206, 132, 84), (150, 70, 40)),
        orb=(236, 184, 100),
    ),
    SilkTones(
        Palette("violet", (50, 24, 72), (249, 235, 242), (230, 178, 210), (230, 178, 118), is_dark=True),
        high=(56, 28, 82),
        low=(20, 8, 38),
        glow=(92, 50, 120),
        back=((88, 42, 132), (166, 92, 178), (232, 164, 218)),
        front=((190, 110, 130), (244, 182, 168), (255, 236, 214)),
        orb=(246, 214, 226),
    ),
    SilkTones(
        Palette("slate", (60, 68, 78), (241, 243, 245), (196, 206, 215), (190, 76, 64), is_dark=True),
        high=(68, 77, 88),
        low=(32, 38, 46),
        glow=(88, 98, 110),
        back=((84, 96, 110), (138, 152, 166), (206, 216, 224)),
        front=((136, 142, 146), (204, 206, 204), (250, 248, 240)),
        orb=(226, 230, 232),
    ),
)
TONES: Final[Mapping[str, SilkTones]] = {tones.palette.name: tones for tones in _ALL}
