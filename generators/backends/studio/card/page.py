"""The page and what stands at its foot: the visible label and the QR code."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from generators.backends.studio.card.qr import QrCode
from generators.contracts import Box
from generators.typesetting.block import Block
from generators.typesetting.label import set_label

WIDTH_PX: Final = 1080
HEIGHT_PX: Final = 1440
MARGIN_PX: Final = 72.0  # words never come nearer to an edge
FILM_STEP_PX: Final = 3  # films are two thirds as large: multiples of this are whole pixels there, too
FOOT_PX: Final = 40.0  # below label and code
_PAD_X: Final = 22.0  # inside the label's plate
_PAD_Y: Final = 12.0
_AIR: Final = 34.0  # between the foot and the words above it


@dataclass(frozen=True, slots=True)
class Foot:
    """Label and code at their places. `top` is where the words above must have ended."""

    label: Block
    plate: Box  # behind the label
    qr: Box | None  # the code's light plate, quiet zone included
    top: float


def set_foot(label: str, code: QrCode | None, voice: str, fonts: Path | None = None) -> Foot:
    """The label in the right corner; the code in the left one, or above where both are too wide.

    Raises: ValueError when the label has no visible character.
    """
    block = set_label(label, WIDTH_PX, HEIGHT_PX, voice=voice, fonts=fonts)
    ink = block.ink
    if ink is None:
        raise ValueError("the label shows nothing")
    right, bottom = WIDTH_PX - FOOT_PX - _PAD_X, HEIGHT_PX - FOOT_PX - _PAD_Y
    block = block.moved(right - ink.right, bottom - ink.bottom)
    ink = block.ink or ink
    plate = Box(ink.left - _PAD_X, ink.top - _PAD_Y, ink.right + _PAD_X, ink.bottom + _PAD_Y)
    if code is None:
        return Foot(block, plate, None, plate.top - _AIR)
    beside = plate.left - 24 >= FOOT_PX + code.side_px
    lowest = HEIGHT_PX - FOOT_PX if beside else plate.top - 20
    qr = Box(FOOT_PX, lowest - code.side_px, FOOT_PX + code.side_px, lowest)
    return Foot(block, plate, qr, min(plate.top, qr.top) - _AIR)
