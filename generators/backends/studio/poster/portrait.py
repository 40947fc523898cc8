"""The share poster, 1080 x 1440: the work or our own art above, the letter that asks below."""

from typing import Final

import numpy as np

from generators.backends.studio.art.paint import paint
from generators.backends.studio.art.painting import Painting
from generators.backends.studio.card.page import HEIGHT_PX, WIDTH_PX
from generators.backends.studio.card.qr import draw_qr, encode_url
from generators.backends.studio.poster.art import choose_art
from generators.backends.studio.poster.easel import CINNABAR, INK, PAPER, SOFT_INK, Easel, dusk_of
from generators.backends.studio.poster.order import PosterOrder
from generators.contracts import Box, Pixels
from generators.specs import Language
from generators.typesetting.block import Align
from generators.typesetting.fitting import Wish

_LETTER_TOP: Final = 934.0  # with a work, whose headline stands on the letter
_ART_HEIGHT_PX: Final = 1066  # without: the headline stands on the art
_MARGIN: Final = 76.0
_SEAL_PX: Final = 76
_FOOT: Final = 1376.0  # where label, seal and caption end


def draw_poster(order: PosterOrder) -> Pixels:
    """Returns: uint8 RGB (HEIGHT_PX, WIDTH_PX, 3). Raises: ValueError: the label shows nothing."""
    if order.work is not None:
        return _with_work(order, order.work)
    style, steering = choose_art(order.seed)
    art = paint(style, seed=order.seed, width_px=WIDTH_PX, height_px=_ART_HEIGHT_PX, steering=steering)
    return _with_art(order, art)


def _with_work(order: PosterOrder, work: Pixels) -> Pixels:
    easel = Easel.of(dusk_of(work, WIDTH_PX, HEIGHT_PX), order.words.language)
    letter = Box(0.0, _LETTER_TOP, WIDTH_PX, HEIGHT_PX)
    easel.lay_paper(letter, hairline_px=16.0)
    easel.lay_leaf(work, Box(96.0, 60.0, WIDTH_PX - 96.0, _LETTER_TOP - 48.0))
    code = _draw_code(easel, order, top=_LETTER_TOP + 60.0)
    left, right = _MARGIN, code.left - 44.0
    top = _LETTER_TOP + 56.0
    easel.write(
        order.words.asker, Box(left, top, right, top + 44), SOFT_INK, Wish(36, 20, most_lines=1), few=True
    )
    easel.write_title(order.words.headline, Box(left, top + 54, right, top + 190), 100)
    easel.write_ask(order.words.ask, Box(left, top + 206, right, top + 300))
    _draw_foot(easel, order)
    return easel.finish()


def _with_art(order: PosterOrder, art: Painting) -> Pixels:
    sheet = np.empty((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    sheet[:] = PAPER
    sheet[:_ART_HEIGHT_PX] = art.pixels
    easel = Easel.of(sheet, order.words.language)
    easel.lay_paper(Box(0.0, _ART_HEIGHT_PX - 6.0, WIDTH_PX, HEIGHT_PX), hairline_px=16.0)
    _write_on_art(easel, order, art)
    code = _draw_code(easel, order, top=_ART_HEIGHT_PX + 34.0)
    left, right, top = _MARGIN, code.left - 44.0, _ART_HEIGHT_PX + 48.0
    easel.write(order.words.asker, Box(left, top, right, top + 52), INK, Wish(42, 22, most_lines=1), few=True)
    easel.write_ask(order.words.ask, Box(left, top + 70, right, top + 190))
    _draw_foot(easel, order)
    return easel.finish()


def _write_on_art(easel: Easel, order: PosterOrder, art: Painting) -> None:
    """The headline large where the painting is calm: two columns in Chinese, rows in English."""
    calm = art.calm
    box = Box(
        max(_MARGIN, calm.left), max(_MARGIN, calm.top), min(WIDTH_PX - _MARGIN, calm.right), calm.bottom
    )
    if easel.language is Language.ZH:
        wish = Wish(
            172, 72, pitch=1.2, most_lines=2, is_vertical=True, across=Align.CENTRE, align=Align.CENTRE
        )
        box = Box(box.left, box.top, box.right, min(box.bottom, box.top + 620.0))
    else:
        wish = Wish(
            150, 64, pitch=1.04, most_lines=4, measure_em=6.2, across=Align.CENTRE, align=Align.CENTRE
        )
    easel.write(order.words.headline, box, art.palette.ink, wish, voice="title")


def _draw_code(easel: Easel, order: PosterOrder, *, top: float) -> Box:
    """The code at the right margin, and below it what to do with it."""
    code = encode_url(order.url)
    left = round(WIDTH_PX - _MARGIN - code.side_px + 20)
    plate = Box(left, round(top), left + code.side_px, round(top) + code.side_px)
    draw_qr(easel.canvas, code, plate, PAPER)
    caption = Box(plate.left - 30, plate.bottom - 4, plate.right + 30, plate.bottom + 34)
    easel.write(order.words.scan, caption, CINNABAR, Wish(26, 16, most_lines=1, align=Align.CENTRE), few=True)
    return plate


def _draw_foot(easel: Easel, order: PosterOrder) -> None:
    """The label at the left, our seal before it."""
    easel.stamp(order.words.sign, round(_MARGIN), round(_FOOT) - _SEAL_PX + 11, _SEAL_PX, seed=order.seed)
    easel.label(order.words.label, (_MARGIN + _SEAL_PX + 28.0, _FOOT))
