"""The classical layout: columns from right to left, title first, signed at the lower left."""

import math
from dataclasses import dataclass
from typing import Final

from generators.backends.studio.card.layout import SEAL_PX, Draft, Layout, Speller, ink_of
from generators.backends.studio.card.page import MARGIN_PX, WIDTH_PX
from generators.contracts import Box
from generators.typesetting.block import Align, Block
from generators.typesetting.breaking import VERSE
from generators.typesetting.fitting import Wish, fit, fit_few
from generators.typesetting.paragraph import Paragraph

_COMFORT_PX: Final = 38  # of the message; below it the words may leave the calm area
_NAME_PX: Final = 48.0
_PITCH: Final = 1.66
_FILL: Final = 0.74  # how much of a block of verse is covered by characters


@dataclass(frozen=True, slots=True)
class _Look:
    """Sizes in px. `beside`: the width that title, names, seal and gaps take beside the message."""

    title: float
    gap: float
    beside: float
    has_subtitle: bool


_WIDE: Final = _Look(title=148, gap=42, beside=440, has_subtitle=True)
_NARROW: Final = _Look(title=116, gap=32, beside=330, has_subtitle=False)
_NARROW_PX: Final = 720.0
_LEAST_HIGH_PX: Final = 460.0
_LEAST_PX: Final = 540.0  # rooms narrower than this are widened to the margins


def lay_columns(draft: Draft) -> Layout:
    """Lay everything out; the group is centred on the room it was given."""
    speller = Speller(draft, is_vertical=True)
    message = speller.spell(draft.words.message, draft.text_voice, longest_em=10.0)
    recipient = speller.spell(draft.words.recipient, draft.text_voice, longest_em=9.0)
    room, look = _room_for(draft, message.end)
    blocks: dict[str, Block] = {}
    pen = _lay_title(draft, speller, look, room, blocks) - look.gap
    beside = Box(room.left, room.top, pen, room.bottom)
    pen = _lay_recipient(recipient, beside, _NAME_PX, blocks) - look.gap
    left = room.left + SEAL_PX + look.gap
    pen = _lay_message(message, Box(left, room.top, pen, room.bottom), blocks) - look.gap
    size = blocks["message"].size_px
    _lay_recipient(recipient, beside, min(_NAME_PX, 1.12 * size), blocks)  # no name outshines its letter
    floor = max(ink_of(blocks[role], room).bottom for role in ("title", "message"))
    seal = _lay_sender(draft, speller, Box(0.0, room.top, pen, floor), size, blocks)
    layout = Layout(blocks, seal, is_vertical=True, replaced=speller.replaced)
    _centre(layout, room, draft.room().bottom)
    return layout


def _room_for(draft: Draft, message_em: float) -> tuple[Box, _Look]:
    """The calm area, made longer, downwards first, until the message has a comfortable size in it."""
    room = draft.room()
    look = _NARROW if room.right - room.left < _NARROW_PX else _WIDE
    highest = draft.lowest - MARGIN_PX
    if room.right - room.left < _LEAST_PX or _height(look, room, message_em) > highest:
        room, look = Box(MARGIN_PX, room.top, WIDTH_PX - MARGIN_PX, room.bottom), _WIDE
    needed = max(_height(look, room, message_em), _LEAST_HIGH_PX)
    bottom = min(draft.lowest, max(room.bottom, room.top + needed))
    return Box(room.left, max(MARGIN_PX, min(room.top, bottom - needed)), room.right, bottom), look


def _height(look: _Look, room: Box, message_em: float) -> float:
    """How high columns of a comfortable size are when the message takes the width that is left."""
    return _COMFORT_PX**2 * _PITCH * message_em / (_FILL * (room.right - room.left - look.beside))


def _lay_title(draft: Draft, speller: Speller, look: _Look, room: Box, blocks: dict[str, Block]) -> float:
    """Title at the right edge, its small line beside it; returns the x where they end."""
    title = speller.spell(draft.words.title, draft.title_voice, tracking=0.04)
    height = min(room.bottom - room.top, 700.0)
    box = Box(room.right - 1.3 * look.title, room.top, room.right, room.top + height)
    blocks["title"] = fit(title, box, Wish(look.title, 60, is_vertical=True, most_lines=1))
    ink = ink_of(blocks["title"], box)
    if not (draft.words.subtitle and look.has_subtitle):
        return ink.left
    subtitle = speller.spell(draft.words.subtitle, "en_capitals", is_latin=True, tracking=0.34)
    beside = Box(ink.left - 56, ink.top, ink.left - 18, ink.bottom)
    wish = Wish(23, 12, is_vertical=True, most_lines=1, align=Align.START)
    blocks["subtitle"] = fit(subtitle, beside, wish)
    return ink_of(blocks["subtitle"], beside).left


def _lay_recipient(recipient: Paragraph, space: Box, size_px: float, blocks: dict[str, Block]) -> float:
    box = Box(space.right - 150, space.top, space.right, space.bottom)
    wish = Wish(size_px, min(34, size_px), pitch=1.2, is_vertical=True, most_lines=2)
    blocks["recipient"] = fit_few(recipient, box, wish)
    return ink_of(blocks["recipient"], box).left


def _lay_message(message: Paragraph, space: Box, blocks: dict[str, Block]) -> float:
    wish = Wish(46, 24, pitch=_PITCH, measure_em=30.0, is_vertical=True, taste=VERSE, patience=0.78)
    blocks["message"] = fit(message, space, wish)
    return ink_of(blocks["message"], space).left


def _lay_sender(
    draft: Draft, speller: Speller, space: Box, message_px: float, blocks: dict[str, Block]
) -> Box:
    """The signature ends above the seal, the seal on the floor of the columns; returns the seal's box."""
    sender = speller.spell(draft.words.sender, draft.text_voice, longest_em=9.0)
    bottom = space.bottom - SEAL_PX - 22
    box = Box(space.right - SEAL_PX, space.top, space.right, bottom)
    size = min(40.0, 0.94 * message_px)
    wish = Wish(
        size, min(26, size), pitch=1.2, is_vertical=True, align=Align.END, across=Align.CENTRE, most_lines=2
    )
    blocks["sender"] = fit_few(sender, box, wish)
    ink = ink_of(blocks["sender"], box)
    middle = (ink.left + ink.right) / 2
    left, top = math.floor(middle - SEAL_PX / 2), math.floor(space.bottom - SEAL_PX)
    return Box(left, top, left + SEAL_PX, top + SEAL_PX)


def _centre(layout: Layout, room: Box, calm_bottom: float) -> None:
    extent = layout.extent()
    right = (room.left + room.right) / 2 - (extent.left + extent.right) / 2
    free = max(0.0, calm_bottom - extent.bottom)
    layout.move(round(right), round(min(free * 0.4, 90.0)))
