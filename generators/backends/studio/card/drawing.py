"""Draw a laid-out card on its background."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import skia

from generators.backends.studio.art.painting import RGB, Painting, Palette
from generators.backends.studio.card.buffers import borrow
from generators.backends.studio.card.contrast import LEAST_RATIO, cells, lowest, luminance, ratios
from generators.backends.studio.card.ground import Cover, Quieting, judge, lay_mist, lay_sheet
from generators.backends.studio.card.layout import Layout
from generators.backends.studio.card.page import HEIGHT_PX, WIDTH_PX, Foot
from generators.backends.studio.card.qr import QrCode, draw_qr
from generators.backends.studio.card.seal import cut_seal
from generators.backends.studio.card.templates.staging import Staging, colour_of, stage
from generators.contracts import Box, Pixels
from generators.typesetting.block import Block, draw

_TITLE_RATIO: Final = 3.2  # large letters need less, WCAG 1.4.3
_LARGE_PX: Final = 56.0


@dataclass(frozen=True, slots=True)
class Finish:
    """Everything besides the background that a card is drawn from."""

    layout: Layout
    foot: Foot
    code: QrCode | None
    seal_name: str
    title_ink: str  # "ink", "seal" or "accent"
    is_quiet: bool
    seed: int
    fonts: Path | None = None
    staging: Staging | None = None  # of a template: what is drawn before the words


@dataclass(frozen=True, slots=True)
class Ground:
    """A page that is ready for its words. `paints` are those of the words, by role."""

    canvas: skia.Canvas
    palette: Palette
    quieting: Quieting
    paints: Mapping[str, skia.Paint]


def draw_card(painting: Painting, finish: Finish) -> Pixels:
    """Returns: a new picture, uint8 RGB (HEIGHT_PX, WIDTH_PX, 3); the painting stays as it is."""
    page = borrow("page", HEIGHT_PX, WIDTH_PX, 4)
    ground = lay_ground(page, painting, finish)
    for role, block in finish.layout.blocks.items():
        draw(ground.canvas, block, ground.paints[role])
    draw_seal(ground.canvas, finish, ground.palette)
    draw_foot(ground.canvas, finish, ground.palette)
    return cv2.cvtColor(page, cv2.COLOR_RGBA2RGB).astype(np.uint8, copy=False)


def lay_ground(page: Pixels, painting: Painting, finish: Finish) -> Ground:
    """Put the painting on the RGBA page, quieted where words will stand, with the ornaments."""
    if finish.staging is not None:
        painting = stage(painting, finish.staging)
    palette = muted(painting.palette) if finish.is_quiet else painting.palette
    cv2.cvtColor(painting.pixels, cv2.COLOR_RGB2RGBA, dst=page)
    if finish.is_quiet:
        _mute(page)
    canvas = skia.Surface(page, colorType=skia.kRGBA_8888_ColorType).getCanvas()
    quieting = quiet(
        page, canvas, finish.layout, palette, painting.calm, has_template=finish.staging is not None
    )
    _draw_ornaments(canvas, finish.layout, palette, quieting)
    return Ground(canvas, palette, quieting, _word_paints(page, finish, palette))


def quiet(
    page: Pixels,
    canvas: skia.Canvas,
    layout: Layout,
    palette: Palette,
    calm: Box,
    *,
    has_template: bool = False,
) -> Quieting:
    """Cover the background under the words as far as it needs; a template is never hidden by a sheet."""
    blocks = [block.lines for block in layout.blocks.values() if block.lines]
    quieting = judge(page, blocks, palette, calm)
    if quieting.cover is Cover.SHEET and has_template:
        quieting = Quieting(Cover.MIST, quieting.opacity, tuple(line for block in blocks for line in block))
    if quieting.cover is Cover.MIST:
        lay_mist(page, quieting.lines, palette.paper, quieting.opacity)
    elif quieting.cover is Cover.SHEET:
        lay_sheet(canvas, sheet_of(layout), palette, quieting.opacity)
    return quieting


def muted(palette: Palette) -> Palette:
    """The palette for grief: no festive red, ornaments in a soft ink."""
    seal = (158, 108, 100) if palette.is_dark else (110, 62, 56)
    return replace(palette, accent=_grey(palette.accent), seal=_blend(_grey(palette.seal), seal, 0.7))


def _mute(page: Pixels) -> None:
    """Take three quarters of the colour out, in place."""
    grey = cv2.cvtColor(cv2.cvtColor(page, cv2.COLOR_RGBA2GRAY), cv2.COLOR_GRAY2RGBA)
    cv2.addWeighted(page, 0.28, grey, 0.72, 0, dst=page)


def sheet_of(layout: Layout) -> Box:
    """The letter paper that words of this layout lie on when they need one."""
    extent = layout.extent()
    pad = 58.0
    return Box(
        max(24.0, extent.left - pad),
        max(24.0, extent.top - pad),
        min(WIDTH_PX - 24.0, extent.right + pad),
        extent.bottom + pad,
    )


def _draw_ornaments(canvas: skia.Canvas, layout: Layout, palette: Palette, quieting: Quieting) -> None:
    if layout.divider is not None:
        _draw_divider(canvas, layout.divider, palette.accent)
    if layout.is_vertical and "message" in layout.blocks:
        _draw_rules(canvas, layout, palette, 0.34 if quieting.cover is Cover.SHEET else 0.24)


def _draw_divider(canvas: skia.Canvas, box: Box, colour: RGB) -> None:
    """Two tapering hairlines and a small lozenge."""
    middle_x, middle_y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    path = skia.Path()
    for side in (-1, 1):
        path.moveTo(middle_x + side * 16, middle_y - 1.1)
        path.lineTo(middle_x + side * (box.right - middle_x), middle_y)
        path.lineTo(middle_x + side * 16, middle_y + 1.1)
        path.close()
    half = (box.bottom - box.top) / 2
    path.moveTo(middle_x, middle_y - half)
    path.lineTo(middle_x + half, middle_y)
    path.lineTo(middle_x, middle_y + half)
    path.lineTo(middle_x - half, middle_y)
    path.close()
    canvas.drawPath(path, _paint(colour, 0.9))


def _draw_rules(canvas: skia.Canvas, layout: Layout, palette: Palette, opacity: float) -> None:
    """Hairlines between the columns of the message, as on old letter paper."""
    block = layout.blocks["message"]
    ink = block.ink
    if ink is None:
        return
    line = _paint(palette.accent, opacity)
    for x in _between(block.lines):
        canvas.drawRect(skia.Rect.MakeLTRB(x - 0.7, ink.top - 14, x + 0.7, ink.bottom + 14), line)


def _between(lines: Sequence[Box]) -> list[float]:
    """The x between neighbouring columns."""
    middles = [(line.left + line.right) / 2 for line in lines]
    return [(right + left) / 2 for right, left in itertools.pairwise(middles)]


def _word_paints(page: Pixels, finish: Finish, palette: Palette) -> dict[str, skia.Paint]:
    paints = {}
    for role, block in finish.layout.blocks.items():
        colour, wish = palette.ink, finish.layout.colours.get(role)
        if block.ink is not None and wish is not None:
            colour = _legible(page, block, colour_of(wish, palette), palette)
        elif role == "title" and block.ink is not None:
            colour = _title_colour(page, block.ink, finish.title_ink, palette)
        paints[role] = _paint(colour, 0.86 if role == "subtitle" else 1.0)
    return paints


def _legible(page: Pixels, block: Block, wished: RGB, palette: Palette) -> RGB:
    """The wished colour where it can be read at this size, else the palette's own ink."""
    needed = _TITLE_RATIO if block.size_px >= _LARGE_PX else LEAST_RATIO
    worst = min(lowest(ratios(luminance(cells(page, line)), wished), 0.05) for line in block.lines)
    return wished if worst >= needed else palette.ink


def _title_colour(page: Pixels, ink: Box, wanted: str, palette: Palette) -> RGB:
    """The wished colour where it stands out, else the palette's own ink."""
    colour = {"ink": palette.ink, "seal": palette.seal, "accent": palette.accent}[wanted]
    if palette.is_dark and wanted != "ink":
        colour = palette.accent
    worst = lowest(ratios(luminance(cells(page, ink)), colour), 0.05)
    return colour if worst >= _TITLE_RATIO else palette.ink


def draw_seal(canvas: skia.Canvas, finish: Finish, palette: Palette) -> None:
    box = finish.layout.seal
    stamp = stamp_of(finish, palette)
    image = skia.Image.fromarray(stamp, colorType=skia.kRGBA_8888_ColorType, alphaType=skia.kPremul_AlphaType)
    canvas.drawImage(image, box.left, box.top)


def stamp_of(finish: Finish, palette: Palette) -> Pixels:
    """The seal's print as premultiplied RGBA, as large as its box."""
    box = finish.layout.seal
    stamp = cut_seal(
        finish.seal_name, palette.seal, round(box.right - box.left), seed=finish.seed, fonts=finish.fonts
    )
    return np.ascontiguousarray(stamp)


def draw_foot(canvas: skia.Canvas, finish: Finish, palette: Palette) -> None:
    """The label on its plate, and the code."""
    draw_label_plate(canvas, finish, palette)
    if finish.code is not None and finish.foot.qr is not None:
        draw_qr(canvas, finish.code, finish.foot.qr, qr_light(palette))


def draw_label_plate(canvas: skia.Canvas, finish: Finish, palette: Palette, opacity: float = 0.7) -> None:
    plate = finish.foot.plate
    shape = skia.RRect.MakeRectXY(
        skia.Rect.MakeLTRB(plate.left, plate.top, plate.right, plate.bottom), 16, 16
    )
    canvas.drawRRect(shape, _paint(palette.paper, opacity))
    draw(canvas, finish.foot.label, _paint(label_ink(palette), 1.0))


def label_ink(palette: Palette) -> RGB:
    return _blend(palette.ink, palette.paper, 0.16)


def qr_light(palette: Palette) -> RGB:
    """The colour of the code's plate."""
    return (252, 249, 243) if palette.is_dark else _blend((255, 255, 255), palette.paper, 0.4)


def _paint(colour: RGB, opacity: float) -> skia.Paint:
    red, green, blue = colour
    return skia.Paint(AntiAlias=True, Color=skia.Color(red, green, blue, round(opacity * 255)))


def _grey(colour: RGB) -> RGB:
    level = round(0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2])
    return (level, level, level)


def _blend(first: RGB, second: RGB, share: float) -> RGB:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return (red, green, blue)
