"""The page of a film: painting, ornaments, label and code, and where things may move on it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import skia
from numpy.typing import NDArray

from generators.backends.studio.art.painting import Painting, Palette
from generators.backends.studio.card.buffers import borrow
from generators.backends.studio.card.drawing import (
    Finish,
    Ground,
    draw_label_plate,
    lay_ground,
    qr_light,
    sheet_of,
)
from generators.backends.studio.card.ground import Cover
from generators.backends.studio.card.page import FILM_STEP_PX, HEIGHT_PX, WIDTH_PX
from generators.backends.studio.card.qr import QrCode, draw_qr
from generators.backends.studio.card.templates.staging import photo_boxes
from generators.backends.studio.motion.reel import FILM_HEIGHT_PX, FILM_WIDTH_PX, SHARE, filmed
from generators.contracts import Box, Pixels
from generators.typesetting.block import whole_pixels

Mask = NDArray[np.uint8]

_SOFT_PX: Final = 13.0  # how gently things fade out before words
_CLEAR_PX: Final = 36.0  # around words; more than two and a half times the softness
_BARE_PX: Final = 96.0
_SOFTEST_PX: Final = 36.0
_SHRINK: Final = 2  # masks are made at half the size
_QR_RIM_PX: Final = 8.0  # of the code's plate
_LEFTOVER: Final = 8  # of 255: what the blur's tail leaves inside


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """What a film is drawn on, in the film's pixels.

    ground: RGBA; everything that never changes, label and code included. No words yet.
    open: 255 where things may fly, 0 around words, label and code.
    bare: the same for light that is laid over the page: it ends so softly that no edge is seen.
    kept: whole pixels that must be the same on every frame.
    """

    ground: Pixels
    palette: Palette
    paints: dict[str, skia.Paint]
    open: Mask
    bare: Mask
    kept: tuple[Box, ...]


def build_stage(painting: Painting, finish: Finish) -> Stage:
    """Draw what does not move, once, at the still card's size, and make it smaller."""
    page = borrow("page", HEIGHT_PX, WIDTH_PX, 4)
    laid = lay_ground(page, painting, finish)
    size = (FILM_WIDTH_PX, FILM_HEIGHT_PX)
    ground = cv2.resize(page, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    kept = _draw_foot(ground, finish, laid.palette)
    taken = [*(filmed(box) for box in taken_boxes(laid, finish)), *kept]
    return Stage(
        ground,
        laid.palette,
        dict(laid.paints),
        _cleared(taken, _CLEAR_PX, _SOFT_PX),
        _cleared(taken, _BARE_PX, _SOFTEST_PX),
        kept,
    )


def shut_out(canvas: skia.Canvas, stage: Stage) -> None:
    """Clip away label and code: whatever flies, appears or falls, not one of their pixels changes."""
    for box in stage.kept:
        canvas.clipRect(skia.Rect.MakeLTRB(box.left, box.top, box.right, box.bottom), skia.ClipOp.kDifference)


def canvas_on(pixels: Pixels) -> skia.Canvas:
    """A canvas whose drawing lands in RGBA pixels; they must outlive it."""
    return skia.Surface(pixels, colorType=skia.kRGBA_8888_ColorType).getCanvas()


def _draw_foot(ground: Pixels, finish: Finish, palette: Palette) -> tuple[Box, ...]:
    """Label and code; returns the whole pixels they take."""
    canvas = canvas_on(ground)
    canvas.save()
    canvas.scale(SHARE, SHARE)
    draw_label_plate(canvas, finish, palette)
    canvas.restore()
    kept = [whole_pixels(filmed(finish.foot.plate))]
    if finish.code is not None and finish.foot.qr is not None:
        code = QrCode(finish.code.modules, finish.code.module_px * 2 // FILM_STEP_PX)
        left, top = round(finish.foot.qr.left * SHARE), round(finish.foot.qr.top * SHARE)
        plate = Box(left, top, left + code.side_px, top + code.side_px)
        draw_qr(canvas, code, plate, qr_light(palette))
        kept.append(_grown(plate, _QR_RIM_PX))
    return tuple(kept)


def taken_boxes(laid: Ground, finish: Finish) -> list[Box]:
    """What stands on the page, in the still card's pixels."""
    layout = finish.layout
    taken = [line for block in layout.blocks.values() for line in block.lines]
    taken += [layout.seal, *([layout.divider] if layout.divider else [])]
    if finish.staging is not None and finish.staging.photo is not None:
        taken += photo_boxes(finish.staging.template, finish.staging.language)
    return [*taken, sheet_of(layout)] if laid.quieting.cover is Cover.SHEET else taken


def _cleared(boxes: Sequence[Box], clear_px: float, soft_px: float) -> Mask:
    """255 far from every box, 0 on it."""
    mask = np.full((FILM_HEIGHT_PX // _SHRINK, FILM_WIDTH_PX // _SHRINK), 255, np.uint8)
    for box in boxes:
        _fill(mask, _shrunk(_grown(box, clear_px)), 0)
    soft = cv2.GaussianBlur(mask, (0, 0), soft_px / _SHRINK, borderType=cv2.BORDER_REPLICATE)
    soft = cv2.subtract(soft, np.full_like(soft, _LEFTOVER))
    size = (FILM_WIDTH_PX, FILM_HEIGHT_PX)
    full: Mask = np.asarray(cv2.resize(soft, size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)
    for box in boxes:
        _fill(full, whole_pixels(box), 0)
    return full


def _shrunk(box: Box) -> Box:
    return Box(box.left / _SHRINK, box.top / _SHRINK, box.right / _SHRINK, box.bottom / _SHRINK)


def _fill(mask: Mask, box: Box, value: int) -> None:
    top, left = max(0, int(box.top)), max(0, int(box.left))
    mask[top : max(0, int(box.bottom)), left : max(0, int(box.right))] = value


def _grown(box: Box, by_px: float) -> Box:
    return Box(box.left - by_px, box.top - by_px, box.right + by_px, box.bottom + by_px)
