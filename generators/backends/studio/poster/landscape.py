"""The picture that a link's preview shows, 1200 x 630: the size that Open Graph readers agree on."""

from typing import Final

from generators.backends.studio.art.paint import paint
from generators.backends.studio.poster.art import choose_art
from generators.backends.studio.poster.easel import SOFT_INK, Easel, dusk_of
from generators.backends.studio.poster.order import PosterOrder
from generators.contracts import Box, Pixels

WIDTH_PX: Final = 1200
HEIGHT_PX: Final = 630
_SEAL_PX: Final = 56


def draw_preview(order: PosterOrder) -> Pixels:
    """Returns: uint8 RGB (HEIGHT_PX, WIDTH_PX, 3). Raises: ValueError: the label shows nothing."""
    if order.work is not None:
        easel = Easel.of(dusk_of(order.work, WIDTH_PX, HEIGHT_PX), order.words.language)
        leaf = easel.lay_leaf(order.work, Box(56.0, 44.0, 560.0, HEIGHT_PX - 44.0))
        letter = Box(max(leaf.right + 48.0, 520.0), 44.0, WIDTH_PX - 56.0, HEIGHT_PX - 44.0)
    else:
        style, steering = choose_art(order.seed)
        art = paint(style, seed=order.seed, width_px=WIDTH_PX, height_px=HEIGHT_PX, steering=steering)
        easel = Easel.of(art.pixels, order.words.language)
        letter = Box(560.0, 44.0, WIDTH_PX - 56.0, HEIGHT_PX - 44.0)
    _write_letter(easel, order, letter)
    return easel.finish()


def _write_letter(easel: Easel, order: PosterOrder, letter: Box) -> None:
    words = order.words
    easel.lay_paper(letter, hairline_px=12.0)
    left, right, top = letter.left + 48.0, letter.right - 48.0, letter.top + 52.0
    below = easel.write_asker(words.asker, Box(left, top - 12, right, top + 62), SOFT_INK, 38)
    easel.write_title(words.headline, Box(left, max(top + 66, below + 16), right, top + 238), 104)
    easel.write_ask(words.ask, Box(left, top + 256, right, top + 366))
    foot = letter.bottom - 44.0
    easel.stamp(words.sign, round(left), round(foot) - _SEAL_PX + 10, _SEAL_PX, seed=order.seed)
    easel.label(words.label, (left + _SEAL_PX + 20.0, foot))
