"""The style sheet of one page: the common rules, and this card's colours, pictures, fonts and times."""

import functools
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Final

from generators.backends.studio.art.colour import mix
from generators.backends.studio.art.painting import RGB, Palette
from generators.backends.studio.motion.h5.pictures import data_url

_HERE: Final = "generators.backends.studio.motion.h5"
_FIRST_SECONDS: Final = 0.1
_ALL_SECONDS: Final = 3.4  # until the last line begins to show, however many there are
_LINE_SECONDS: Final = 0.42  # between two lines of a short card


@functools.cache
def asset(name: str) -> str:
    """A packaged file of the page's."""
    return (resources.files(_HERE) / name).read_text(encoding="utf-8").strip()


def colours(palette: Palette) -> str:
    """The card's colours and those of an envelope that goes with them."""
    fold = mix(palette.paper, palette.accent, 0.1 if palette.is_dark else 0.16)
    white = (255, 255, 255)
    named = {
        "paper": palette.paper,
        "ink": palette.ink,
        "accent": palette.accent,
        "fold": fold,
        "fold-light": mix(fold, white, 0.08 if palette.is_dark else 0.34),
        "fold-dark": mix(fold, (0, 0, 0), 0.2 if palette.is_dark else 0.07),
        "fold-ink": palette.ink,
        "line": mix(palette.accent, fold, 0.3),
        "far": far(palette),
    }
    return ":root{" + "".join(f"--{name}:{hexadecimal(value)};" for name, value in named.items()) + "}"


def far(palette: Palette) -> RGB:
    """What is around the card on a wide screen."""
    return mix(palette.paper, (0, 0, 0), 0.45 if palette.is_dark else 0.14)


def hexadecimal(colour: RGB) -> str:
    return "#" + "".join(f"{channel:02x}" for channel in colour)


def font_faces(fonts: Mapping[str, bytes]) -> str:
    return "".join(
        f"@font-face{{font-family:{family};src:url({data_url('font/woff2', content)}) format('woff2')}}"
        for family, content in fonts.items()
    )


def line_times(lines: int) -> str:
    """Line after line, then the seal; a long letter comes faster."""
    step = min(_LINE_SECONDS, _ALL_SECONDS / max(lines, 1))
    rules = [f".shown .d{nth}{{animation-delay:{_FIRST_SECONDS + nth * step:.2f}s}}" for nth in range(lines)]
    seal = _FIRST_SECONDS + lines * step + 0.45
    return "".join(rules) + f".shown .seal{{animation-delay:{seal:.2f}s}}"


def families(names: Sequence[str]) -> str:
    """Emoji and whatever else no font of ours has are left to the reader's device."""
    return ",".join([*names, "serif"])
