"""The picture in docs/templates.md: every template once in Chinese and once in English.

python -m benchmarks.template_gallery docs/images/templates.png [--width 280]
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image

from generators.backends.studio.card.backend import StudioCardBackend
from generators.backends.studio.card.templates.entry import Template
from generators.backends.studio.card.templates.sample import sample_photo
from generators.backends.studio.card.templates.shelf import load_templates
from generators.backends.studio.card.templates.trials import LABELS, USUAL_NAMES
from generators.contracts import Brief, Picture, Pixels, Unwatched
from generators.specs import CardSpec, Language, Occasion, Style

SEED: Final = 7
GAP_PX: Final = 8
WISHES: Final = (
    (Style.INK, Occasion.MID_AUTUMN),
    (Style.PLUM, Occasion.BIRTHDAY),
    (Style.LANTERN, Occasion.THANK_YOU),
    (Style.SILK, Occasion.LOVE),
    (Style.INK, Occasion.GRADUATION),
)


def make(template: Template, number: int, language: Language) -> Pixels:
    """One card; every other one has the sample photo where the template takes one."""
    style, occasion = WISHES[(number + (language is Language.EN)) % len(WISHES)]
    recipient, sender = USUAL_NAMES[language]
    spec = CardSpec(
        occasion=occasion,
        recipient=recipient,
        sender=sender,
        language=language,
        style=style,
        template=template.id,
    )
    wants_photo = template.takes_photo and (number + (language is Language.EN)) % 2 == 0
    photo = sample_photo() if template.needs_photo or wants_photo else None
    brief = Brief(spec, SEED, LABELS[language], photo=photo)
    (result,) = StudioCardBackend().generate([brief], Unwatched())
    if isinstance(result, Picture):
        return result.pixels
    raise RuntimeError(f"{template.id}: {result}")


def row(cards: Sequence[Pixels], width_px: int) -> Pixels:
    size = (width_px, width_px * 4 // 3)
    tiles = [cv2.resize(card, size, interpolation=cv2.INTER_AREA) for card in cards]
    edged = [
        cv2.copyMakeBorder(tile, *(GAP_PX // 2,) * 4, cv2.BORDER_CONSTANT, value=(255, 255, 255))
        for tile in tiles
    ]
    return np.hstack(edged).astype(np.uint8, copy=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--width", type=int, default=280, help="of one card, px")
    options = parser.parse_args()
    templates = list(load_templates().values())
    rows = [
        row([make(template, number, language) for number, template in enumerate(templates)], options.width)
        for language in (Language.ZH, Language.EN)
    ]
    picture = Image.fromarray(np.vstack(rows))
    picture.quantize(256, dither=Image.Dither.FLOYDSTEINBERG).save(options.out, optimize=True)


if __name__ == "__main__":
    main()
