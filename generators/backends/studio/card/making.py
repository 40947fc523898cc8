"""One card from a spec: words, layout, background, picture."""

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from generators.backends.studio.art.painting import Painting
from generators.backends.studio.card.columns import lay_columns
from generators.backends.studio.card.drawing import Finish, draw_card
from generators.backends.studio.card.layout import Draft, Layout
from generators.backends.studio.card.occasions import (
    CardWords,
    Wording,
    address,
    load_occasions,
    wording_of,
)
from generators.backends.studio.card.page import FILM_STEP_PX, set_foot
from generators.backends.studio.card.qr import encode_url
from generators.backends.studio.card.rows import lay_rows
from generators.backends.studio.card.templates.entry import CODE_PX, Template
from generators.backends.studio.card.templates.fitness import misfit
from generators.backends.studio.card.templates.laying import lay_template, set_template_foot
from generators.backends.studio.card.templates.shelf import FOR_PHOTOS, load_templates
from generators.backends.studio.card.templates.staging import Staging, photo_boxes
from generators.backends.studio.words.greetings import write_greeting
from generators.contracts import Box, Brief, Picture
from generators.specs import CardSpec, Direction, Language, count_graphemes
from generators.typesetting.wording import curl_quotes

_log = logging.getLogger(__name__)

_LONGEST_IN_COLUMNS: Final = 120  # characters; longer letters read better in rows
_LONGEST_NAME: Final = 10


def write_words(spec: CardSpec, seed: int, template: Template | None = None) -> CardWords:
    """The words on the card: the sender's own message, or one written for the occasion."""
    wording = _wording(spec, template)
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


def template_of(spec: CardSpec, *, has_photo: bool) -> Template | None:
    """The template that a card is set in; None for the plain layout.

    Raises: ValueError when there is none of that id, or it cannot take this spec.
    """
    name = spec.template or (FOR_PHOTOS if has_photo else None)
    if name is None:
        return None
    template = load_templates().get(name)
    problem = "there is no such template" if template is None else misfit(template, spec, has_photo=has_photo)
    if template is None or problem:
        raise ValueError(f"template {name}: {problem}")
    return template


def _wording(spec: CardSpec, template: Template | None) -> Wording:
    """The occasion's texts, those of the template in their place."""
    wording = wording_of(spec.occasion, spec.language)
    if template is None or spec.occasion not in template.texts:
        return wording
    texts = template.texts[spec.occasion]
    own = texts.zh if spec.language is Language.ZH else texts.en
    return wording.model_copy(update=own.model_dump(exclude_none=True))


def plan_card(brief: Brief, calm: Box, fonts: Path | None = None) -> Plan:
    """Choose words, layout, seal and foot for a background that is quiet in `calm`.

    Raises: TypeError when the brief is not for a card. ValueError when its label shows nothing, or its
        template is gone or does not fit.
    """
    spec = brief.spec
    if not isinstance(spec, CardSpec):
        raise TypeError("a card backend got a spec of another kind")
    template = template_of(spec, has_photo=brief.photo is not None)
    words = write_words(spec, brief.seed, template)
    step_px = 1 if spec.format.still else FILM_STEP_PX
    code = encode_url(spec.qr_url, step_px=step_px) if spec.qr_url else None
    if template is None:
        foot = set_foot(brief.label, code, "zh_text" if spec.language is Language.ZH else "en_text", fonts)
        layout, staging = _lay_out(spec, words, calm, foot.top, fonts), None
    else:
        if code is not None and spec.qr_url and code.side_px > CODE_PX:
            code = encode_url(spec.qr_url)  # no room for a film's larger modules
        draft = _draft(spec, words, calm, 0.0, fonts)
        foot = set_template_foot(template, brief.label, code, draft)
        layout = lay_template(draft, template, has_code=code is not None)
        staging = Staging(template, spec.language, brief.photo)
    entry = load_occasions()[spec.occasion]
    finish = Finish(
        layout, foot, code, spec.sender, entry.title_ink, entry.is_quiet, brief.seed, fonts, staging
    )
    return Plan(words, finish, _boxes(finish))


def _boxes(finish: Finish) -> dict[str, Box]:
    foot, staging = finish.foot, finish.staging
    boxes = finish.layout.inks() | {"label": foot.label.ink or foot.plate}
    if foot.qr is not None:
        boxes["qr"] = foot.qr
    if staging is not None and staging.photo is not None:
        photos = photo_boxes(staging.template, staging.language)
        boxes |= {f"photo{number or ''}": box for number, box in enumerate(photos)}
    return boxes


def make_card(brief: Brief, painting: Painting, fonts: Path | None = None) -> Picture:
    """Plan and draw one card on a painting of the page's size. Raises: as `plan_card`."""
    plan = plan_card(brief, painting.calm, fonts)
    if plan.finish.layout.replaced:
        points = sorted({f"U+{ord(char):04X}" for text in plan.finish.layout.replaced for char in text})
        _log.warning("no font has these characters", extra={"code_points": points})
    pixels = draw_card(painting, plan.finish)
    return Picture(pixels, plan.words.title, text=plan.words.text, boxes=plan.boxes)


def _lay_out(spec: CardSpec, words: CardWords, calm: Box, lowest: float, fonts: Path | None) -> Layout:
    draft = _draft(spec, words, calm, lowest, fonts)
    is_vertical = choose_direction(spec, words) is Direction.VERTICAL
    return lay_columns(draft) if is_vertical else lay_rows(draft)


def _draft(spec: CardSpec, words: CardWords, calm: Box, lowest: float, fonts: Path | None) -> Draft:
    return Draft(
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
