"""The small pictures from which the studio page lets one choose a template.

python -m benchmarks.template_previews [--out service/pages/static/art/templates]

Every shipped template in Chinese and in English, once more with a photo where it takes one, and the plain
layout of cards without a template. Run it again when a template changes.
"""

import argparse
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Final

import cv2
from PIL import Image

from generators.backends.studio.card.backend import StudioCardBackend
from generators.backends.studio.card.templates.entry import Template
from generators.backends.studio.card.templates.sample import sample_photo
from generators.backends.studio.card.templates.shelf import read_shelf
from generators.backends.studio.card.templates.trials import LABELS, USUAL_NAMES
from generators.contracts import Brief, Picture, Pixels, Unwatched
from generators.specs import CardSpec, Language, Occasion, Style

OUT: Final = Path("service/pages/static/art/templates")
SIZE_PX: Final = (216, 288)  # twice what the page shows, for fine screens
MOST_BYTES: Final = 12 * 1024
QUALITIES: Final = (82, 74, 66, 58, 50)
SEED: Final = 7
PLAIN: Final = "auto"  # as the page calls a card without a template
LOOKS: Final = {  # whatever shows the template best
    PLAIN: (Style.INK, Occasion.MID_AUTUMN),
    "keepsake": (Style.SILK, Occasion.WEDDING),
    "postcard": (Style.INK, Occasion.GRADUATION),
    "polaroids": (Style.SILK, Occasion.LOVE),
    "scroll": (Style.PLUM, Occasion.SPRING_FESTIVAL),
    "fan": (Style.PLUM, Occasion.BIRTHDAY),
    "letter": (Style.PLUM, Occasion.THANK_YOU),
    "marquee": (Style.LANTERN, Occasion.SPRING_FESTIVAL),
    "split": (Style.SILK, Occasion.BIRTHDAY),
    "moonlight": (Style.INK, Occasion.MID_AUTUMN),
}
USUAL_LOOK: Final = (Style.INK, Occasion.MID_AUTUMN)


@dataclass(frozen=True, slots=True)
class Preview:
    """One picture to make; `template` None is the plain layout."""

    name: str
    template: Template | None
    language: Language
    has_photo: bool = False

    @property
    def path(self) -> str:
        return f"{self.language.value}/{self.name}.webp"


def previews() -> list[Preview]:
    """All pictures that the page needs for what is shipped."""
    found = [Preview(PLAIN, None, language) for language in Language]
    for template in read_shelf(None).values():
        for language in sorted(template.languages):
            if not template.needs_photo:
                found.append(Preview(template.id, template, language))
            if template.takes_photo:
                found.append(Preview(f"{template.id}_photo", template, language, has_photo=True))
    return found


def make(preview: Preview) -> Pixels:
    template = preview.template
    style, occasion = LOOKS.get(template.id if template else PLAIN, USUAL_LOOK)
    recipient, sender = USUAL_NAMES[preview.language]
    spec = CardSpec(
        occasion=occasion,
        recipient=recipient,
        sender=sender,
        language=preview.language,
        style=style,
        template=template.id if template else None,
    )
    photo = sample_photo() if preview.has_photo else None
    (result,) = StudioCardBackend().generate(
        [Brief(spec, SEED, LABELS[preview.language], photo=photo)], Unwatched()
    )
    if isinstance(result, Picture):
        return result.pixels
    raise RuntimeError(f"{preview.path}: {result}")


def encode(card: Pixels) -> bytes:
    """The best WebP that is small enough. Raises: ValueError: none is."""
    small = Image.fromarray(cv2.resize(card, SIZE_PX, interpolation=cv2.INTER_AREA))
    for quality in QUALITIES:
        buffer = BytesIO()
        small.save(buffer, "WEBP", quality=quality, method=6)
        if buffer.tell() <= MOST_BYTES:
            return buffer.getvalue()
    raise ValueError(f"larger than {MOST_BYTES} bytes at any quality")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    out: Path = parser.parse_args().out
    for preview in previews():
        content = encode(make(preview))
        path = out / preview.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        print(f"{preview.path:28} {len(content) / 1024:5.1f} KiB")


if __name__ == "__main__":
    main()
