"""The colours of ink paintings, one entry for each palette."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from generators.backends.studio.art.painting import RGB, Palette


@dataclass(frozen=True, slots=True)
class InkTones:
    """sky_high to sky_low runs down to the horizon; far and near are the ink of the first and last ridge."""

    palette: Palette
    sky_high: RGB
    sky_low: RGB
    mist: RGB
    far: RGB
    near: RGB
    water: RGB
    sun: RGB
    moon: RGB


_ALL: Final = (
    InkTones(
        Palette("dawn", (248, 241, 230), (36, 40, 50), (196, 84, 62), (178, 40, 34), is_dark=False),
        sky_high=(238, 236, 229),
        sky_low=(251, 224, 200),
        mist=(250, 239, 226),
        far=(146, 166, 184),
        near=(32, 45, 62),
        water=(224, 226, 223),
        sun=(226, 92, 62),
        moon=(255, 252, 244),
    ),
    InkTones(
        Palette("jade", (242, 243, 231), (22, 50, 46), (160, 118, 52), (176, 48, 36), is_dark=False),
        sky_high=(226, 234, 224),
        sky_low=(246, 243, 224),
        mist=(243, 245, 231),
        far=(140, 182, 166),
        near=(14, 60, 57),
        water=(212, 227, 216),
        sun=(230, 158, 76),
        moon=(255, 254, 244),
    ),
    InkTones(
        Palette("rouge", (251, 239, 231), (66, 26, 40), (186, 60, 66), (174, 34, 40), is_dark=False),
        sky_high=(245, 229, 220),
        sky_low=(248, 196, 176),
        mist=(252, 230, 217),
        far=(204, 144, 152),
        near=(68, 31, 56),
        water=(244, 216, 206),
        sun=(214, 60, 54),
        moon=(255, 248, 238),
    ),
    InkTones(
        Palette("night", (18, 28, 46), (244, 236, 214), (226, 188, 116), (196, 62, 50), is_dark=True),
        sky_high=(11, 18, 36),
        sky_low=(58, 84, 112),
        mist=(98, 124, 146),
        far=(46, 68, 98),
        near=(6, 11, 22),
        water=(30, 47, 70),
        sun=(250, 240, 212),
        moon=(250, 240, 212),
    ),
    InkTones(
        Palette("plain", (244, 242, 235), (30, 30, 30), (120, 112, 100), (170, 40, 34), is_dark=False),
        sky_high=(235, 233, 226),
        sky_low=(246, 244, 238),
        mist=(245, 243, 237),
        far=(160, 160, 157),
        near=(24, 25, 28),
        water=(226, 225, 219),
        sun=(196, 66, 52),
        moon=(255, 255, 252),
    ),
    InkTones(
        Palette("amber", (249, 239, 219), (62, 36, 20), (188, 98, 36), (172, 40, 28), is_dark=False),
        sky_high=(244, 232, 208),
        sky_low=(250, 212, 160),
        mist=(252, 236, 208),
        far=(206, 160, 114),
        near=(72, 38, 26),
        water=(240, 216, 180),
        sun=(226, 106, 44),
        moon=(255, 250, 232),
    ),
    InkTones(
        Palette("silver", (228, 233, 238), (28, 36, 50), (92, 112, 138), (168, 44, 44), is_dark=False),
        sky_high=(190, 200, 211),
        sky_low=(222, 226, 230),
        mist=(248, 250, 252),
        far=(150, 164, 180),
        near=(38, 47, 62),
        water=(202, 211, 220),
        sun=(214, 112, 88),
        moon=(255, 255, 250),
    ),
)
TONES: Final[Mapping[str, InkTones]] = {tones.palette.name: tones for tones in _ALL}
