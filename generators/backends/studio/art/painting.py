"""What a finished painting is, and the colours that words on it may use."""

from dataclasses import dataclass

from generators.contracts import Box, Pixels

RGB = tuple[int, int, int]  # sRGB, each 0..255


class PaintingCancelledError(Exception):
    """The caller's `on_step` returned False; nothing was finished."""


class UnknownPaletteError(LookupError):
    """The style has no palette of that name."""


@dataclass(frozen=True, slots=True)
class Palette:
    """The public colours of a painting, for whatever is drawn on top of it.

    ink: legible for text on the painting's calm area (contrast 4.5:1 and more).
    accent: for ornaments and large letters only; not promised to be legible at text sizes.
    seal: the red (or gold) of a stamp.
    """

    name: str
    paper: RGB
    ink: RGB
    accent: RGB
    seal: RGB
    is_dark: bool


@dataclass(frozen=True, slots=True)
class Painting:
    """A finished picture without words.

    pixels: uint8 RGB, (height_px, width_px, 3), owned by the caller.
    calm: the area that stays quiet enough for words.
    subject: what it shows, in English, for alternative texts ("ink mountains at dawn").
    """

    pixels: Pixels
    palette: Palette
    calm: Box
    subject: str
