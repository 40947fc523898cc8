"""Smaller parts of a page: code, label, seal, and what a screen reader says."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import regex
import skia

from generators.backends.studio.art.painting import RGB, Palette
from generators.backends.studio.card.drawing import Finish, label_ink, qr_light
from generators.backends.studio.card.occasions import CardWords
from generators.backends.studio.card.page import HEIGHT_PX, WIDTH_PX
from generators.backends.studio.card.qr import QUIET_MODULES, QrCode
from generators.backends.studio.motion.h5.fonts import FontCase
from generators.backends.studio.motion.h5.pictures import data_url
from generators.backends.studio.motion.h5.words import EMOJI_FACE, spell
from generators.contracts import Box
from generators.fonts.voices import open_voice

_CLUSTER = regex.compile(r"\X")
_NOTE = "M9 3v10.6A4 4 0 1 0 11 17V7h6V3z"


def fill(paint: skia.Paint) -> str:
    """A paint's colour and opacity as attributes."""
    colour = paint.getColor()
    red, green, blue = (skia.ColorGetR(colour), skia.ColorGetG(colour), skia.ColorGetB(colour))
    opacity = f' fill-opacity="{paint.getAlphaf():.2f}"' if paint.getAlphaf() < 1 else ""
    return f'fill="rgb({red},{green},{blue})"{opacity}'


def image(content: bytes, box: Box, classes: str) -> str:
    wide, high = box.right - box.left, box.bottom - box.top
    place = f'x="{box.left:g}" y="{box.top:g}" width="{wide:g}" height="{high:g}"'
    return f'<image class="{classes}" {place} href="{data_url("image/webp", content)}"/>'


def said(words: CardWords) -> str:
    """The card as plain text, for whoever listens or copies."""
    lines = (words.recipient, words.message, words.closing, words.sender)
    told = "".join(f'<p dir="auto">{escape(line)}</p>' for line in lines if line)
    return f"<h1>{escape(words.title)}</h1>{told}"


def music(label: str) -> str:
    icon = f'<svg viewBox="0 0 24 24" aria-hidden="true"><path d="{_NOTE}"/></svg>'
    state = f'aria-pressed="false" aria-label="{escape(label)}"'
    return f'<button class="music" type="button" {state}>{icon}</button>'


def label(finish: Finish, palette: Palette, case: FontCase) -> str:
    """The visible label on its plate, at the very place of the still card's."""
    plate = finish.foot.plate
    wide, high = plate.right - plate.left, plate.bottom - plate.top
    words = "".join(line.svg for line in spell(finish.foot.label, case))
    return (
        f'<rect x="{plate.left:.1f}" y="{plate.top:.1f}" width="{wide:.1f}" height="{high:.1f}" rx="16" '
        f'fill="{_rgb(palette.paper)}" fill-opacity=".86"/><g fill="{_rgb(label_ink(palette))}">{words}</g>'
    )


def code(finish: Finish, palette: Palette, url: str | None, name: str) -> tuple[str, str]:
    """The code as a link and its place as a style; both empty without one."""
    plate = finish.foot.qr
    if finish.code is None or plate is None or url is None:
        return "", ""
    side = len(finish.code.modules) + 2 * QUIET_MODULES
    drawn = (
        f'<svg viewBox="0 0 {side} {side}" aria-hidden="true">'
        f'<rect width="{side}" height="{side}" rx="1.2" fill="{_rgb(qr_light(palette))}"/>'
        f'<path d="{_modules(finish.code)}" fill="#16161a" shape-rendering="crispEdges"/></svg>'
    )
    link = (
        f'<a class="code" href="{escape(url)}" target="_blank" rel="noopener noreferrer" '
        f'aria-label="{escape(name)}">{drawn}</a>'
    )
    return link, f".stage>.code{{{place(plate)}}}.code svg{{display:block;width:100%}}"


def place(box: Box) -> str:
    """Where a square of the card lies on the page, as declarations."""
    return (
        f"left:{100 * box.left / WIDTH_PX:.3f}%;top:{100 * box.top / HEIGHT_PX:.3f}%;"
        f"width:{100 * (box.right - box.left) / WIDTH_PX:.3f}%;height:auto;right:auto;bottom:auto"
    )


def _modules(code: QrCode) -> str:
    return "".join(
        f"M{column + QUIET_MODULES} {row + QUIET_MODULES}h1v1h-1z"
        for row, cells in enumerate(code.modules.tolist())
        for column, is_dark in enumerate(cells)
        if is_dark
    )


def voice_families(text: str, voice: str, case: FontCase, fonts: Path | None) -> Sequence[str]:
    """The CSS families that set a text outside of the card's own words."""
    spoken = open_voice(voice, fonts)
    found: dict[str, None] = {}
    for cluster in _CLUSTER.findall(text):
        face = spoken.face_for(cluster)
        if face is not None and face.id != EMOJI_FACE:
            found[case.family_of(face, "".join(char for char in cluster if face.covers(char)))] = None
    return list(found)


def _rgb(colour: RGB) -> str:
    return f"rgb{colour}".replace(" ", "")
