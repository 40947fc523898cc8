"""The share poster, 1080 x 1440: the work or our own art above, the letter that asks below."""

from typing import Final

import numpy as np

from generators.backends.studio.art.paint import paint
from generators.backends.studio.art.painting import Painting
from generators.backends.studio.card.page import HEIGHT_PX, WIDTH_PX
from generators.backends.studio.card.qr import QUIET_MODULES, draw_qr, encode_url
from generators.backends.studio.poster.art import choose_art
from generators.backends.studio.poster.easel import CINNABAR, INK, PAPER, SOFT_INK, Easel, dusk_of
from generators.backends.studio.poster.order import PosterOrder
from generators.contracts import Box, Pixels
from generators.specs import Language
from generators.typesetting.block import Align
from generators.typesetting.fitting import Wish

_LETTER_TOP: Final = 934.0  # with a work, whose headline stands on the letter
_ART_HEIGHT_PX: Final = 1030  # without: the headline stands on the art
_MARGIN: Final = 76.0
_SEAL_PX: Final = 76
_CODE_PX: Final = 220  # of its modules at least: it is scanned from the screen of another phone
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
    left, right = _MARGIN, code.left - 8.0
    top = _LETTER_TOP + 52.0
    below = easel.write_asker(order.words.asker, Box(left, top, right, top + 72), SOFT_INK, 36)
    title = Box(left, max(top + 58, below + 16), right, top + 194)
    easel.write_title(order.words.headline, title, 100)
    easel.write_ask(order.words.ask, Box(left, top + 208, right, top + 304))
    _draw_foot(easel, order)
    return easel.finish()


def _with_art(order: PosterOrder, art: Painting) -> Pixels:
    sheet = np.empty((HEIGHT_PX, WIDTH_PX, 3), np.uint8)
    sheet[:] = PAPER
    sheet[:_ART_HEIGHT_PX] = art.pixels
    easel = Easel.of(sheet, order.words.language)
    easel.lay_paper(Box(0.0, _ART_HEIGHT_PX - 6.0, WIDTH_PX, HEIGHT_PX), hairline_px=16.0)
    _write_on_art(easel, order, art)
    code = _draw_code(easel, order, top=_ART_HEIGHT_PX + 22.0)
    left, right, top = _MARGIN, code.left - 8.0, _ART_HEIGHT_PX + 54.0
    below = easel.write_asker(order.words.asker, Box(left, top, right, top + 88), INK, 42)
    ask = max(top + 76, below + 28)
    easel.write_ask(order.words.ask, Box(left, ask, right, ask + 110))
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
    code = encode_url(order.url, least_px=_CODE_PX)
    quiet = QUIET_MODULES * code.module_px
    left = round(WIDTH_PX - _MARGIN - code.side_px + quiet)  # its dark modules end at the margin
    plate = Box(left, round(top), left + code.side_px, round(top) + code.side_px)
    draw_qr(easel.canvas, code, plate, PAPER)
    caption = Box(plate.left, plate.bottom - quiet + 14, plate.right, plate.bottom - quiet + 54)
    easel.write(order.words.scan, caption, CINNABAR, Wish(30, 16, most_lines=1, align=Align.CENTRE), few=True)
    return plate


def _draw_foot(easel: Easel, order: PosterOrder) -> None:
    """The label at the left, our seal before it."""
    easel.stamp(order.words.sign, round(_MARGIN), round(_FOOT) - _SEAL_PX + 11, _SEAL_PX, seed=order.seed)
    easel.label(order.words.label, (_MARGIN + _SEAL_PX + 28.0, _FOOT))
