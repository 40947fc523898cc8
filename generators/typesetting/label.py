"""The visible label on a picture: legible, on the bottom edge, and as large as the law asks.

Source: GB 45438-2025 section 5.2: the height of the characters is at least 5 % of the shortest side.
"""

import functools
import math
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import skia

from generators.contracts import Box, Pixels
from generators.fonts.voices import Voice, open_voice
from generators.typesetting.block import Block, Grid, draw, stand, whole_pixels
from generators.typesetting.composing import compose
from generators.typesetting.paragraph import Paragraph, arrange

SHARE: Final = 0.05  # of the shortest side
CLAUSE: Final = " · "  # between the clauses of a label; the first one alone is enough
_PLATE_OPACITY: Final = 0.55


def label_height_px(width_px: int, height_px: int) -> int:
    """The least height of the label's ink."""
    return math.ceil(SHARE * min(width_px, height_px))


@functools.lru_cache(maxsize=64)
def set_label(
    text: str, width_px: int, height_px: int, *, voice: str = "label", fonts: Path | None = None
) -> Block:
    """The label's words at the origin, with ink as high as the law asks; at most as wide as the picture.

    When the words are too long for one line they are cut to their first clause, then to characters:
    smaller letters are not allowed.
    """
    spoken = open_voice(voice, fonts)
    least, margin = label_height_px(width_px, height_px), _margin_px(width_px, height_px)
    block = _line(text, least, spoken)
    if _width(block) + 4 * margin > width_px and CLAUSE in text:
        block = _line(text.split(CLAUSE)[0], least, spoken)
    shorter = text.split(CLAUSE)[0]
    while _width(block) + 2 * margin > width_px and len(shorter) > 1:
        shorter = shorter[:-1].rstrip()
        block = _line(shorter, least, spoken)
    return block


def draw_label(pixels: Pixels, text: str) -> tuple[Pixels, Box]:
    """Draw the label at the bottom right on a translucent plate.

    Returns: a new picture and the box of the letters' ink, at least 5 % of the shortest side high.
    Raises: ValueError when the label has no visible character.
    """
    height, width = pixels.shape[:2]
    block = set_label(text, width, height)
    ink = block.ink
    if ink is None:
        raise ValueError("the label shows nothing")
    margin = _margin_px(width, height)
    block = block.moved(
        max(margin, width - 2 * margin - (ink.right - ink.left)) - ink.left, height - 2 * margin - ink.bottom
    )
    placed = block.ink or ink
    plate = whole_pixels(
        Box(placed.left - margin, placed.top - margin, placed.right + margin, placed.bottom + margin)
    )
    return _composite(pixels, block, _clipped(plate, width, height)), placed


def _line(text: str, least_px: int, voice: Voice) -> Block:
    """One line whose ink is as high as asked: the size follows from the measured ink, not the em."""
    paragraph = arrange(compose(text, voice).atoms)
    high = _ink_height(paragraph)
    size = (least_px + 0.01) / high if high else float(least_px)
    return _stand(paragraph, size)


def _stand(paragraph: Paragraph, size_px: float) -> Block:
    count = len(paragraph.atoms)
    return stand(paragraph, [(0, count)] if count else [], Grid(size_px, 1.0), Box(0, 0, 1, 1))


def _ink_height(paragraph: Paragraph) -> float:
    ink = _stand(paragraph, 1.0).ink
    return ink.bottom - ink.top if ink else 0.0


def _width(block: Block) -> float:
    return block.ink.right - block.ink.left if block.ink else 0.0


def _margin_px(width_px: int, height_px: int) -> float:
    return max(2.0, 0.014 * min(width_px, height_px))


def _clipped(box: Box, width_px: int, height_px: int) -> Box:
    return Box(max(0, box.left), max(0, box.top), min(width_px, box.right), min(height_px, box.bottom))


def _composite(pixels: Pixels, block: Block, plate: Box) -> Pixels:
    """Only the corner under the plate is touched: a whole 3-megapixel picture need not be redrawn."""
    left, top, right, bottom = (int(edge) for edge in (plate.left, plate.top, plate.right, plate.bottom))
    result = pixels.copy()
    corner = np.ascontiguousarray(cv2.cvtColor(result[top:bottom, left:right], cv2.COLOR_RGB2RGBA))
    canvas = skia.Surface(corner, colorType=skia.kRGBA_8888_ColorType).getCanvas()
    canvas.translate(-left, -top)
    is_dark = float(corner[..., :3].mean()) < 128
    plate_colour, letters = ((0, 0, 0), (255, 255, 255)) if is_dark else ((255, 255, 255), (24, 24, 28))
    shape = skia.RRect.MakeRectXY(skia.Rect.MakeLTRB(left, top, right, bottom), 6, 6)
    canvas.drawRRect(shape, _paint(plate_colour, _PLATE_OPACITY))
    draw(canvas, block, _paint(letters, 0.92))
    result[top:bottom, left:right] = corner[..., :3]
    return result


def _paint(colour: tuple[int, int, int], opacity: float) -> skia.Paint:
    red, green, blue = colour
    return skia.Paint(AntiAlias=True, Color=skia.Color(red, green, blue, round(opacity * 255)))
