"""The colours of plum blossom paintings, one entry for each palette."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from generators.backends.studio.art.painting import RGB, Palette


@dataclass(frozen=True, slots=True)
class PlumTones:
    """high to low is the ground; heart, petal and rim colour a blossom from its centre outwards."""

    palette: Palette
    high: RGB
    low: RGB
    cloud: RGB
    bark: RGB
    bark_light: RGB
    heart: RGB
    petal: RGB
    rim: RGB
    stamen: RGB
    orb: RGB


_ALL: Final = (
    PlumTones(
        Palette("blush", (250, 243, 236), (66, 36, 40), (196, 74, 92), (180, 40, 44), is_dark=False),
        high=(251, 246, 240),
        low=(247, 226, 218),
        cloud=(248, 214, 210),
        bark=(58, 40, 40),
        bark_light=(150, 118, 110),
        heart=(206, 52, 84),
        petal=(242, 148, 160),
        rim=(253, 220, 220),
        stamen=(150, 36, 52),
        orb=(250, 206, 190),
    ),
    PlumTones(
        Palette("snow", (222, 229, 236), (30, 38, 52), (186, 40, 54), (178, 34, 42), is_dark=False),
        high=(198, 208, 219),
        low=(234, 238, 242),
        cloud=(246, 248, 250),
        bark=(44, 42, 50),
        bark_light=(128, 128, 138),
        heart=(150, 14, 34),
        petal=(206, 42, 60),
        rim=(238, 120, 124),
        stamen=(248, 214, 130),
        orb=(250, 250, 248),
    ),
    PlumTones(
        Palette("gilt", (22, 24, 38), (248, 233, 202), (232, 188, 116), (206, 84, 60), is_dark=True),
        high=(26, 28, 46),
        low=(12, 13, 24),
        cloud=(58, 52, 56),
        bark=(122, 88, 50),
        bark_light=(216, 174, 108),
        heart=(196, 120, 56),
        petal=(244, 206, 140),
        rim=(255, 242, 214),
        stamen=(132, 70, 34),
        orb=(226, 182, 112),
    ),
    PlumTones(
        Palette("celadon", (214, 229, 219), (24, 50, 44), (86, 128, 104), (176, 52, 44), is_dark=False),
        high=(190, 214, 202),
        low=(226, 236, 222),
        cloud=(238, 244, 234),
        bark=(50, 52, 46),
        bark_light=(138, 144, 128),
        heart=(186, 200, 138),
        petal=(250, 250, 240),
        rim=(255, 255, 252),
        stamen=(190, 146, 50),
        orb=(250, 250, 236),
    ),
    PlumTones(
        Palette("moonlit", (20, 34, 62), (236, 240, 248), (232, 186, 196), (208, 84, 80), is_dark=True),
        high=(14, 24, 50),
        low=(44, 66, 100),
        cloud=(72, 96, 132),
        bark=(10, 14, 26),
        bark_light=(92, 110, 140),
        heart=(216, 110, 140),
        petal=(246, 200, 212),
        rim=(255, 244, 244),
        stamen=(240, 208, 130),
        orb=(248, 240, 216),
    ),
    PlumTones(
        Palette("plain", (241, 239, 233), (34, 34, 36), (120, 116, 108), (166, 44, 40), is_dark=False),
        high=(238, 236, 230),
        low=(228, 226, 220),
        cloud=(246, 245, 241),
        bark=(36, 36, 38),
        bark_light=(134, 132, 128),
        heart=(190, 192, 184),
        petal=(250, 250, 247),
        rim=(255, 255, 254),
        stamen=(104, 100, 92),
        orb=(250, 250, 246),
    ),
)
TONES: Final[Mapping[str, PlumTones]] = {tones.palette.name: tones for tones in _ALL}
