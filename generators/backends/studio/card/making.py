"""One card from a spec: words, layout, background, picture."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from generators.backends.studio.art.painting import Painting
from generators.backends.studio.card.columns import lay_columns
from generators.backends.studio.card.drawing import Finish, draw_card
from generators.backends.studio.card.layout import Draft, Layout
from generators.backends.studio.card.occasions import CardWords, address, load_occasions, wording_of
from generators.backends.studio.card.page import set_foot
from generators.backends.studio.card.qr import encode_url
from generators.backends.studio.card.rows import lay_rows
from generators.backends.studio.words.greetings import write_greeting
from generators.contracts import Box, Brief, Picture
from generators.specs import CardSpec, Direction, Language, count_graphemes
from generators.typesetting.wording import curl_quotes

_log = logging.getLogger(__name__)

_LONGEST_IN_COLUMNS: Final = 120  # characters; longer letters read better in rows
_LONGEST_NAME: Final = 10


def write_words(spec: CardSpec, seed: int) -> CardWords:
    """The words on the card: the sender's own message, or one written for the occasion."""
    wording = wording_of(spec.occasion, spec.language)
    message = spec.message or write_greeting(
        spec.occasion, spec.language, recipient=spec.recipient, sender=spec.sender, seed=seed
    )
    return address(
        wording, spec.language, recipient=spec.recipient, sender=spec.sender, message=message, seed=seed
    )


def choose_direction(spec: CardSpec, words: CardWords) -> Direction:
    """English runs in rows; Chinese as asked, else in columns while it is mostly Chinese and short."""
    if spec.language is Language.EN:
        return Direction.HORIZONTAL
    if spec.direction is not None:
        return spec.direction
    is_short = count_graphemes(words.message) <= _LONGEST_IN_COLUMNS
    names = spec.recipient + spec.sender
    has_short_names = max(map(count_graphemes, (spec.recipient, spec.sender))) <= _LONGEST_NAME
    is_chinese = sum(char.isascii() and char.isalnum() for char in words.message + names) < 12
    return Direction.VERTICAL if is_short and has_short_names and is_chinese else Direction.HORIZONTAL


@dataclass(frozen=True, slots=True)
class Plan:
    """A card that is all decided and not yet drawn; `boxes` is the ink of everything, by role."""

    words: CardWords
    finish: Finish
    boxes: dict[str, Box]


def plan_card(brief: Brief, calm: Box, fonts: Path | None = None) -> Plan:
    """Choose words, layout, seal and foot for a background that is quiet in `calm`.

    Raises: TypeError when the brief is not for a card. ValueError when its label shows nothing.
    """
    spec = brief.spec
    if not isinstance(spec, CardSpec):
        raise TypeError("a card backend got a spec of another kind")
    words = write_words(spec, brief.seed)
    code = encode_url(spec.qr_url) if spec.qr_url else None
    foot = set_foot(brief.label, code, "zh_text" if spec.language is Language.ZH else "en_text", fonts)
    layout = _lay_out(spec, words, calm, foot.top, fonts)
    entry = load_occasions()[spec.occasion]
    finish = Finish(layout, foot, code, spec.sender, entry.title_ink, entry.is_quiet, brief.seed, fonts)
    boxes = layout.inks() | {"label": foot.label.ink or foot.plate} | ({"qr": foot.qr} if foot.qr else {})
    return Plan(words, finish, boxes)


def make_card(brief: Brief, painting: Painting, fonts: Path | None = None) -> Picture:
    """Plan and draw one card on a painting of the page's size. Raises: as `plan_card`."""
    plan = plan_card(brief, painting.calm, fonts)
    if plan.finish.layout.replaced:
        points = sorted({f"U+{ord(char):04X}" for text in plan.finish.layout.replaced for char in text})
        _log.warning("no font has these characters", extra={"code_points": points})
    pixels = draw_card(painting, plan.finish)
    return Picture(pixels, plan.words.title, text=plan.words.text, boxes=plan.boxes)


def _lay_out(spec: CardSpec, words: CardWords, calm: Box, lowest: float, fonts: Path | None) -> Layout:
    direction = choose_direction(spec, words)
    draft = Draft(
        words=replace(
            words,
            recipient=curl_quotes(words.recipient, spec.language),
            message=curl_quotes(words.message, spec.language),
            sender=curl_quotes(words.sender, spec.language),
        ),
        language=spec.language,
        title_voice=wording_of(spec.occasion, spec.language).voice,
        calm=calm,
        lowest=lowest,
        fonts=fonts,
    )
    return lay_columns(draft) if direction is Direction.VERTICAL else lay_rows(draft)
