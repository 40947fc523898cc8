"""A card as one page of its own: everything it shows is inside, and it asks nobody for anything."""

import json
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import Final

import cv2
import numpy as np

from generators.backends.studio.art.painting import Painting
from generators.backends.studio.card.drawing import Ground, lay_ground
from generators.backends.studio.card.making import Plan
from generators.backends.studio.card.page import HEIGHT_PX, WIDTH_PX
from generators.backends.studio.card.seal import cut_seal
from generators.backends.studio.motion.h5 import look, parts
from generators.backends.studio.motion.h5.facts import OpenPage, facts_of
from generators.backends.studio.motion.h5.fonts import FontCase, ReaderFonts
from generators.backends.studio.motion.h5.pictures import Layer, data_url, emoji_layer, squeeze, stamp_picture
from generators.backends.studio.motion.h5.policy import policy_of
from generators.backends.studio.motion.h5.story import tell
from generators.backends.studio.motion.h5.texts import TEXTS, PageTexts
from generators.backends.studio.motion.h5.words import Line, spell
from generators.backends.studio.motion.scenes import cover
from generators.backends.studio.motion.script import present_roles
from generators.backends.studio.motion.stage import taken_boxes
from generators.contracts import Brief, Pixels
from generators.specs import CardSpec, Language

MEDIA_TYPE: Final = "text/html"
EXTENSION: Final = "html"
MOST_BYTES: Final = 150_000
_RESERVE_BYTES: Final = 2_000  # for the label that is written into the finished file
_EMOJI_BYTES: Final = 18_000
_MOST_STYLE: Final = 100_000  # characters, nearly all of them fonts
_PHOTO_SHARE: Final = 0.45  # of what is left for pictures, when the scenes show a photo
_SEAL_PX: Final = 144
_BASE64: Final = 4 / 3
STEPS: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Bound:
    """A card while it is made into a page."""

    brief: Brief
    spec: CardSpec
    plan: Plan
    ground: Ground
    pixels: Pixels  # RGBA of the whole page without words
    texts: PageTexts
    subject: str  # what the painting shows, in English


def open_page(brief: Brief, spec: CardSpec, plan: Plan, painting: Painting) -> Bound:
    """Lay the ground of a page; the first of its STEPS."""
    pixels = np.empty((HEIGHT_PX, WIDTH_PX, 4), np.uint8)
    ground = lay_ground(pixels, painting, plan.finish)
    return Bound(brief, spec, plan, ground, pixels, TEXTS[spec.language], painting.subject)


@dataclass(frozen=True, slots=True)
class Written:
    """Everything of a page but its two pictures."""

    values: dict[str, str]
    style: str
    facts: str
    script: str


def write_page(bound: Bound, fonts: Path | None) -> Written:
    """Words, fonts, seal, code, label and texts; the second step.

    Captions of so many different characters that no picture would fit beside their fonts are set in the
    reader's own.
    """
    case = FontCase()
    written = _write(bound, fonts, case, case)
    if bound.spec.scenes and len(written.style) > _MOST_STYLE:
        written = _write(bound, fonts, FontCase(), ReaderFonts())
    return written


def _write(bound: Bound, fonts: Path | None, case: FontCase, captions: FontCase) -> Written:
    spec, plan, palette, texts = bound.spec, bound.plan, bound.ground.palette, bound.texts
    finish = plan.finish
    lines = [
        (role, line)
        for role in present_roles(finish.layout.blocks)
        for line in spell(finish.layout.blocks[role], case)
    ]
    coloured = [glyph for _, line in lines for glyph in line.emoji]
    emoji = emoji_layer(coloured, WIDTH_PX, HEIGHT_PX, _EMOJI_BYTES)
    stamp = stamp_picture(
        np.ascontiguousarray(
            cut_seal(finish.seal_name, palette.seal, _SEAL_PX, seed=finish.seed, fonts=finish.fonts)
        )
    )
    story = tell(spec, finish.foot, captions, fonts, texts.next_label)
    code, code_style = parts.code(finish, palette, spec.qr_url, texts.code_label)
    title, to = plan.words.title, plan.words.recipient
    values = {
        "lang": texts.lang,
        "style_name": spec.style.value,
        "locale": texts.locale,
        "theme": look.hexadecimal(look.far(palette)),
        "title": escape(title),
        "description": escape(texts.description.format(sender=spec.sender)),
        "alt": escape(f"{title}: {bound.subject}" if spec.language is Language.EN else title),
        "ink": look.hexadecimal(palette.ink),
        "words": _svg_words(bound, lines, emoji),
        "code": code,
        "said": parts.said(plan.words),
        "story": story.html,
        "open_label": escape(texts.open_label.format(recipient=spec.recipient)),
        "to": escape(to),
        "tap": escape(texts.tap),
        "music": parts.music(texts.music_label) if spec.music else "",
        "label": escape(bound.brief.label),
        "label_svg": parts.label(finish, palette, case),
    }
    voice = "zh_text" if spec.language is Language.ZH else "en_text"
    said_in = parts.voice_families(f"{to} {texts.tap}", voice, case, fonts)
    style = "".join(
        [
            look.asset("page.css"),
            look.colours(palette),
            f".cover{{font-family:{look.families(said_in)}}}",
            f".stamp,.seal{{background-image:url({data_url('image/webp', stamp)})}}",
            f".stage>.seal{{{parts.place(finish.layout.seal)}}}",
            code_style,
            story.style,
            look.line_times(len(lines)),
            look.font_faces(case.cut()),
        ]
    )
    return Written(values, style, _facts(bound, story.seconds), look.asset("page.js"))


def _facts(bound: Bound, scene_seconds: tuple[float, ...]) -> str:
    foot = bound.plan.finish.foot
    taken = [*taken_boxes(bound.ground, bound.plan.finish), foot.plate, *([foot.qr] if foot.qr else [])]
    page = OpenPage(bound.spec.style, bound.brief.seed, bound.ground.palette, bound.pixels, tuple(taken))
    return json.dumps(facts_of(page, scene_seconds), separators=(",", ":"))


def close_page(bound: Bound, written: Written) -> bytes:
    """Put in the pictures, as good as the budget allows, and forbid everything else; the last step."""
    photo = bound.brief.photo if bound.spec.scenes else None
    bare = _assemble(written, "")
    room = int((MOST_BYTES - _RESERVE_BYTES - len(bare) - 200) / _BASE64)
    shares = (1.0, 0.0) if photo is None else (1.0 - _PHOTO_SHARE, _PHOTO_SHARE)
    painting = squeeze(cv2.cvtColor(bound.pixels, cv2.COLOR_RGBA2RGB).astype(np.uint8), int(room * shares[0]))
    pictures = f".picture,.back,.scene i{{background-image:url({data_url('image/webp', painting)})}}"
    if photo is not None:
        seen = squeeze(cover(photo, WIDTH_PX, HEIGHT_PX), int(room * shares[1]))
        pictures += f".scene i{{background-image:url({data_url('image/webp', seen)})}}"
    return _assemble(written, pictures)


def _assemble(written: Written, pictures: str) -> bytes:
    style = written.style + pictures
    values = written.values | {
        "style": style,
        "facts": written.facts,
        "script": written.script,
        "policy": policy_of(style, written.script),
    }
    return Template(look.asset("page.html")).substitute(values).encode()


def _svg_words(bound: Bound, lines: list[tuple[str, Line]], emoji: Layer | None) -> str:
    paints = bound.ground.paints
    groups = [
        f'<g class="w d{number}" {parts.fill(paints[role])}>{line.svg}</g>'
        for number, (role, line) in enumerate(lines)
    ]
    if emoji is not None:
        groups.append(parts.image(emoji.content, emoji.box, f"w d{max(0, len(lines) - 1)}"))
    return "".join(groups)
