"""The horizontal layout: everything centred on one axis, signed below, the seal beside the name."""

import math
from dataclasses import dataclass
from typing import Final

from generators.backends.studio.card.layout import SEAL_PX, Draft, Layout, Speller, ink_of
from generators.backends.studio.card.page import MARGIN_PX, WIDTH_PX
from generators.contracts import Box
from generators.typesetting.block import Align, Block, union
from generators.typesetting.breaking import PROSE, VERSE
from generators.typesetting.fitting import Wish, fit, fit_few
from generators.typesetting.paragraph import Paragraph

_SCALES: Final = (1.0, 0.94, 0.88, 0.82, 0.77)
_LETTER_EM: Final = 85.0  # a message longer than this is a letter
_GROWN_SCALE: Final = 0.84  # where the words leave the calm area anyway
_GAPS_PX: Final = 154.0  # between the elements, at scale 1
_NARROW_PX: Final = 720.0  # English titles take two lines
_LEAST_PX: Final = 540.0  # rooms narrower than this are widened to the margins


@dataclass(frozen=True, slots=True)
class _Look:
    """Sizes in px at scale 1, and how lines of this language are set."""

    title: float
    message: float
    pitch: float
    measure_em: float
    loose_em: float
    fill: float
    name: float
    signature: float

    def measure(self, message_em: float) -> float:
        """Comfortable length of a line; letters have longer ones than verses."""
        return self.measure_em if message_em < _LETTER_EM else self.loose_em


_ZH: Final = _Look(
    title=150, message=44, pitch=1.62, measure_em=17.0, loose_em=21.0, fill=0.78, name=44, signature=40
)
_EN: Final = _Look(
    title=150, message=48, pitch=1.34, measure_em=20.5, loose_em=21.0, fill=0.88, name=50, signature=62
)


def lay_rows(draft: Draft) -> Layout:
    """Lay everything out from the top, then centre the group in the room it was given."""
    look = _EN if draft.is_latin else _ZH
    speller = Speller(draft, is_vertical=False)
    message = speller.spell(draft.words.message, draft.text_voice, longest_em=13.0)
    room, scale = _room_for(draft, look, message.end)
    layout = _Stack(draft, speller, look, room, scale).lay(message)
    extent = layout.extent()
    free = max(0.0, draft.room().bottom - extent.bottom)
    layout.move(0, round(min(free * 0.42, 110.0)))
    return layout


def _room_for(draft: Draft, look: _Look, message_em: float) -> tuple[Box, float]:
    """The calm area and the largest scale at which the group fits it; a longer room when none does."""
    room = draft.room()
    if room.right - room.left < _LEAST_PX:
        room = Box(MARGIN_PX, room.top, WIDTH_PX - MARGIN_PX, room.bottom)
    for scale in _SCALES:
        if _height(look, scale, room, message_em) <= room.bottom - room.top:
            return room, scale
    needed = _height(look, _GROWN_SCALE, room, message_em)
    bottom = max(room.bottom, min(draft.lowest, room.top + needed))
    top = max(MARGIN_PX, min(room.top, bottom - needed))
    return Box(room.left, top, room.right, bottom), _GROWN_SCALE


def _height(look: _Look, scale: float, room: Box, message_em: float) -> float:
    """What the group will take, estimated before anything is set."""
    measure = min(look.measure(message_em), (room.right - room.left) / (look.message * scale))
    lines = math.ceil(message_em / (measure * look.fill))
    letters = look.title * 0.85 + look.name * 0.9 + lines * look.message * look.pitch
    return scale * (letters + _GAPS_PX) + SEAL_PX * 1.1


@dataclass(slots=True)
class _Stack:
    """One pass from top to bottom; `pen` is the y where the last element ended."""

    draft: Draft
    speller: Speller
    look: _Look
    room: Box
    scale: float
    pen: float = 0.0

    def lay(self, message: Paragraph) -> Layout:
        blocks: dict[str, Block] = {}
        self.pen = self.room.top
        self._title(blocks)
        middle = (self.room.left + self.room.right) / 2
        divider = Box(middle - 90, self.pen + 26 * self.scale, middle + 90, self.pen + 26 * self.scale + 12)
        self.pen = divider.bottom + 30 * self.scale
        self._recipient(blocks)
        self._message(message, blocks)
        seal = self._sender(blocks)
        return Layout(blocks, seal, is_vertical=False, divider=divider, replaced=self.speller.replaced)

    def _box(self, height: float) -> Box:
        return Box(self.room.left, self.pen, self.room.right, self.pen + height)

    def _put(self, role: str, block: Block, box: Box, blocks: dict[str, Block]) -> None:
        """Move the block up so that its ink, not its line, starts at the pen."""
        ink = ink_of(block, box)
        blocks[role] = block.moved(0.0, self.pen - ink.top)
        self.pen += ink.bottom - ink.top

    def _title(self, blocks: dict[str, Block]) -> None:
        words, look = self.draft.words, self.look
        tracking = 0.0 if self.draft.is_latin else 0.08
        title = self.speller.spell(words.title, self.draft.title_voice, tracking=tracking)
        size = look.title * self.scale
        box = self._box(size * 1.8)
        is_narrow = self.room.right - self.room.left < _NARROW_PX and self.draft.is_latin
        wish = Wish(size, 48, pitch=0.95, align=Align.CENTRE, most_lines=2 if is_narrow else 1)
        self._put("title", fit(title, box, wish), box, blocks)
        if words.subtitle:
            self.pen += 26 * self.scale
            latin = not self.draft.is_latin
            voice = "en_capitals" if latin else "zh_text"
            small = self.speller.spell(words.subtitle, voice, is_latin=latin, tracking=0.4)
            box = self._box(60)
            self._put(
                "subtitle", fit(small, box, Wish(25, 14, align=Align.CENTRE, most_lines=1)), box, blocks
            )

    def _recipient(self, blocks: dict[str, Block]) -> None:
        recipient = self.speller.spell(self.draft.words.recipient, self.draft.address_voice, longest_em=14.0)
        size = self.look.name * self.scale
        box = self._box(2.4 * size)
        wish = Wish(size, 32, pitch=1.2, align=Align.CENTRE, most_lines=2)
        self._put("recipient", fit_few(recipient, box, wish), box, blocks)
        self.pen += 40 * self.scale

    def _message(self, message: Paragraph, blocks: dict[str, Block]) -> None:
        look = self.look
        below = SEAL_PX + 40 * self.scale
        box = self._box(max(self.room.bottom - self.pen - below, 120.0))
        wish = Wish(
            look.message * self.scale,
            24,
            pitch=look.pitch,
            measure_em=look.measure(message.end),
            align=Align.CENTRE,
            taste=PROSE if self.draft.is_latin else VERSE,
            patience=1.0 if self.draft.is_latin else 0.86,
        )
        self._put("message", fit(message, box, wish), box, blocks)
        self.pen += 46 * self.scale

    def _sender(self, blocks: dict[str, Block]) -> Box:
        """Closing and name beside the seal, centred together; returns the seal's box."""
        gap, words = 30.0, self.draft.words
        space = Box(self.room.left, self.pen, self.room.right - SEAL_PX - gap, self.pen + SEAL_PX)
        signed = space
        if words.closing:
            closing = self.speller.spell(words.closing, self.draft.address_voice)
            size = self.look.name * 0.8 * self.scale
            upper = Box(space.left, space.top, space.right, space.top + SEAL_PX * 0.4)
            blocks["closing"] = fit(closing, upper, Wish(size, 24, align=Align.CENTRE, most_lines=1))
            signed = Box(space.left, space.top + SEAL_PX * 0.46, space.right, space.bottom + SEAL_PX * 0.12)
        sender = self.speller.spell(words.sender, self.draft.signature_voice, longest_em=12.0)
        size = self.look.signature * self.scale
        wish = Wish(size, 26, pitch=1.15, align=Align.CENTRE, across=Align.CENTRE, most_lines=2)
        blocks["sender"] = fit_few(sender, signed, wish)
        return self._beside(blocks, gap)

    def _beside(self, blocks: dict[str, Block], gap: float) -> Box:
        """Move what is signed so that it and the seal stand in the middle together."""
        roles = [role for role in ("closing", "sender") if role in blocks and blocks[role].ink]
        ink = union(ink for role in roles if (ink := blocks[role].ink)) or Box(
            self.room.left, self.pen, self.room.left, self.pen
        )
        width = ink.right - ink.left
        left = (self.room.left + self.room.right - width - gap - SEAL_PX) / 2
        for role in roles:
            blocks[role] = blocks[role].moved(left - ink.left, 0.0)
        seal_left, top = math.floor(left + width + gap), math.floor((ink.top + ink.bottom - SEAL_PX) / 2)
        return Box(seal_left, top, seal_left + SEAL_PX, top + SEAL_PX)
