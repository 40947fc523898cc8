"""Set the words of a card into the areas of a template."""

import math
from dataclasses import dataclass
from typing import Final

from generators.backends.studio.card.layout import Draft, Layout, Speller
from generators.backends.studio.card.page import Foot
from generators.backends.studio.card.qr import QrCode
from generators.backends.studio.card.templates.entry import Foot as FootPlace
from generators.backends.studio.card.templates.entry import Role, Side, Template, TextArea
from generators.backends.studio.card.templates.shapes import in_pixels
from generators.contracts import Box
from generators.specs import Direction, Language
from generators.typesetting.block import Align, Block
from generators.typesetting.breaking import PROSE, VERSE
from generators.typesetting.fitting import Wish, fit, fit_few
from generators.typesetting.label import set_label
from generators.typesetting.paragraph import Paragraph

_FEW: Final = frozenset({"title", "recipient", "sender", "closing"})  # on one line if at all
_PAD_X: Final = 22.0  # inside the label's plate
_PAD_Y: Final = 12.0
_LONGEST_EM: Final = 13.0  # words longer than this may be broken inside


@dataclass(frozen=True, slots=True)
class Place:
    """A template's areas for one card."""

    side: Side
    has_code: bool

    def box(self, area: TextArea) -> Box:
        with_code = area.area_with_code if self.has_code else None
        return in_pixels(with_code or area.area)


def lay_template(draft: Draft, template: Template, *, has_code: bool) -> Layout:
    """Every text as large as its area and the template allow. Raises: ValueError for a foreign language."""
    place = Place(template.side(draft.language), has_code)
    speakers = {
        direction: Speller(draft, is_vertical=direction is Direction.VERTICAL) for direction in Direction
    }
    blocks: dict[str, Block] = {}
    for role, area in place.side.texts().items():
        text = getattr(draft.words, role)
        if text:
            paragraph = _spell(draft, speakers[area.direction], role, area, text, place.box(area))
            fitting = fit_few if role in _FEW else fit
            blocks[role] = fitting(paragraph, place.box(area), _wish(draft, role, area))
    message = place.side.message
    return Layout(
        blocks,
        _seal(place),
        is_vertical=message.rules and message.direction is Direction.VERTICAL,
        replaced=set().union(*(speller.replaced for speller in speakers.values())),
        colours={role: area.colour for role, area in place.side.texts().items() if area.colour},
    )


def _spell(draft: Draft, speller: Speller, role: Role, area: TextArea, text: str, box: Box) -> Paragraph:
    is_vertical = area.direction is Direction.VERTICAL
    along = box.bottom - box.top if is_vertical else box.right - box.left
    # A subtitle is in the other language than its card.
    is_latin = (not draft.is_latin) if role == "subtitle" else None
    return speller.spell(
        text,
        area.voice or _voice(draft, role),
        is_latin=is_latin,
        tracking=area.tracking,
        longest_em=max(2.0, min(_LONGEST_EM, along / area.smallest_px)),
    )


def _voice(draft: Draft, role: Role) -> str:
    return {
        "title": draft.title_voice,
        "subtitle": "zh_text" if draft.is_latin else "en_capitals",
        "recipient": draft.address_voice,
        "message": draft.text_voice,
        "closing": draft.address_voice,
        "sender": draft.signature_voice,
    }[role]


def _wish(draft: Draft, role: Role, area: TextArea) -> Wish:
    is_verse = role == "message" and not draft.is_latin
    return Wish(
        area.largest_px,
        area.smallest_px,
        pitch=area.pitch,
        measure_em=area.measure_em,
        most_lines=area.most_lines or (2 if role in _FEW else 0),
        is_vertical=area.direction is Direction.VERTICAL,
        align=Align(area.align),
        across=Align(area.across),
        taste=VERSE if is_verse else PROSE,
        patience=0.84 if is_verse else 1.0,
    )


def _seal(place: Place) -> Box:
    """A square of whole pixels in the middle of its area."""
    with_code = place.side.seal_with_code if place.has_code else None
    area = in_pixels(with_code or place.side.seal)
    half = math.floor(min(area.right - area.left, area.bottom - area.top) / 2)
    x, y = math.floor((area.left + area.right) / 2), math.floor((area.top + area.bottom) / 2)
    return Box(x - half, y - half, x + half, y + half)


def set_template_foot(template: Template, label: str, code: QrCode | None, draft: Draft) -> Foot:
    """Label and code in their areas. Raises: ValueError when the label shows nothing."""
    voice = "zh_text" if draft.language is Language.ZH else "en_text"
    block = set_label(label, 1080, 1440, voice=voice, fonts=draft.fonts)
    ink = block.ink
    if ink is None:
        raise ValueError("the label shows nothing")
    wide, high = ink.right - ink.left + 2 * _PAD_X, ink.bottom - ink.top + 2 * _PAD_Y
    plate = _aligned(template.label, wide, high)
    block = block.moved(plate.left + _PAD_X - ink.left, plate.top + _PAD_Y - ink.top)
    qr = None if code is None else _whole(_aligned(template.code, code.side_px, code.side_px))
    return Foot(block, plate, qr, min(plate.top, qr.top if qr else plate.top))


def _aligned(place: FootPlace, wide: float, high: float) -> Box:
    """A box of that size at the area's side, on its floor; at the ceiling when the area is at the top."""
    area = in_pixels(place.area)
    free = area.right - area.left - wide
    left = area.left + {"start": 0.0, "centre": free / 2, "end": free}[place.align]
    left = min(max(8.0, left), 1080 - 8.0 - wide)  # an overlong label of another backend stays on the page
    top = area.top if place.area[3] < 0.5 else area.bottom - high
    return Box(left, top, left + wide, top + high)


def _whole(box: Box) -> Box:
    left, top = round(box.left), round(box.top)
    return Box(left, top, left + (box.right - box.left), top + (box.bottom - box.top))
