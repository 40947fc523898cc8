"""Colours for words on a picture that others painted: taken from it, and moved until they are legible."""

from collections.abc import Callable
from typing import Final

import cv2
import numpy as np

from generators.backends.studio.art.colour import mix, to_oklab
from generators.backends.studio.art.painting import RGB, Palette
from generators.backends.studio.card.contrast import Floats, luminance, ratios
from generators.contracts import Box, Pixels

INK_RATIO: Final = 9.5  # of ink on paper, so that the picture may be lighter or darker than its mean
LARGE_RATIO: Final = 3.0  # of large letters and the seal, WCAG 2.2 success criterion 1.4.3
_DARK: Final = 0.15  # luminance below which light ink is better; mist looks natural when it is light
_LIGHT_PAPER: Final = 0.56
_DARK_PAPER: Final = 0.045
_WHITE: Final[RGB] = (252, 248, 240)
_BLACK: Final[RGB] = (16, 14, 18)
_VERMILION: Final[RGB] = (182, 38, 32)
_GOLD: Final[RGB] = (236, 196, 112)
_STEPS: Final = 40
_SAMPLE_PX: Final = 180  # pixels of this many columns are looked at


def derive_palette(pixels: Pixels, calm: Box) -> Palette:
    """Paper from the calm area; ink, accent and seal from the rest, as far from the paper as each must be."""
    ground = _mean(pixels[int(calm.top) : int(calm.bottom), int(calm.left) : int(calm.right)])
    is_dark = _luminance(ground) < _DARK
    paper = _until_dark(ground) if is_dark else _until_light(ground)
    far = _WHITE if is_dark else _BLACK
    colours = _sample(pixels)
    return Palette(
        name="derived",
        paper=paper,
        ink=_moved(_extreme(colours, is_light=is_dark), far, paper, INK_RATIO),
        accent=_moved(_vivid(colours), far, paper, LARGE_RATIO + 0.4),
        seal=_seal(paper, is_dark=is_dark),
        is_dark=is_dark,
    )


def _mean(pixels: Pixels) -> RGB:
    return _rgb(np.median(pixels[::7, ::7].reshape(-1, 3), axis=0))


def _until_light(colour: RGB) -> RGB:
    """The colour itself when it is light enough for dark ink, else lightened."""
    return _walk(colour, _WHITE, lambda mixed: _luminance(mixed) >= _LIGHT_PAPER)


def _until_dark(colour: RGB) -> RGB:
    return _walk(colour, _BLACK, lambda mixed: _luminance(mixed) <= _DARK_PAPER)


def _moved(colour: RGB, far: RGB, paper: RGB, ratio: float) -> RGB:
    """The colour, mixed with `far` until it stands out from the paper."""
    return _walk(colour, far, lambda mixed: _ratio(mixed, paper) >= ratio)


def _seal(paper: RGB, *, is_dark: bool) -> RGB:
    """Vermilion where it stands out, lightened on dark grounds; gold where the ground itself is red."""
    red = _moved(_VERMILION, (255, 150, 120), paper, LARGE_RATIO) if is_dark else _VERMILION
    hue_gap = np.abs(np.subtract(_chroma(red), _chroma(paper))).sum()
    if is_dark and hue_gap < 0.45:
        return _GOLD
    return _moved(red, _WHITE if is_dark else _BLACK, paper, LARGE_RATIO)


def _chroma(colour: RGB) -> tuple[float, float, float]:
    """Shares of red, green and blue."""
    total = max(1, sum(colour))
    return colour[0] / total, colour[1] / total, colour[2] / total


def _sample(pixels: Pixels) -> Floats:
    height = max(1, _SAMPLE_PX * pixels.shape[0] // pixels.shape[1])
    small = cv2.resize(pixels, (_SAMPLE_PX, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, dtype=np.float32).reshape(-1, 3)


def _extreme(colours: Floats, *, is_light: bool) -> RGB:
    """The mean of the lightest, or darkest, twentieth: its hue belongs to the picture."""
    order = np.argsort(luminance(colours.astype(np.uint8)))
    count = max(1, len(order) // 20)
    return _rgb(colours[order[-count:] if is_light else order[:count]].mean(axis=0))


def _vivid(colours: Floats) -> RGB:
    """The mean of the most colourful hundredth, dark mud and pale tints left behind."""
    lab = to_oklab(colours.astype(np.float64))
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    order = np.argsort(chroma)
    return _rgb(colours[order[-max(1, len(order) // 100) :]].mean(axis=0))


def _walk(start: RGB, end: RGB, is_there: Callable[[RGB], bool]) -> RGB:
    """The first colour on the way that passes; the end itself when none does before."""
    for step in range(_STEPS):
        mixed = mix(start, end, step / _STEPS)
        if is_there(mixed):
            return mixed
    return end


def _luminance(colour: RGB) -> float:
    return float(luminance(np.asarray(colour, dtype=np.uint8)))


def _ratio(first: RGB, second: RGB) -> float:
    return float(ratios(np.asarray(_luminance(second), dtype=np.float32), first))


def _rgb(colour: Floats) -> RGB:
    red, green, blue = (round(float(channel)) for channel in colour)
    return red, green, blue
