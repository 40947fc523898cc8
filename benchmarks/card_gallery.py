"""Every style and occasion on one contact sheet, or the four cards that the README shows.

python -m benchmarks.card_gallery OUT.png [--seed 7] [--width 270]
python -m benchmarks.card_gallery docs/images/cards.png --readme
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from PIL import Image

from generators.backends.studio.card.backend import StudioCardBackend
from generators.contracts import Brief, Picture, Pixels, Unwatched
from generators.specs import CardSpec, Language, Occasion, Style

_NAMES: Final = {Language.ZH: ("林晚晴", "知夏"), Language.EN: ("Grace", "Thomas Lin")}
_LABELS: Final = {Language.ZH: "算法生成 · 花笺", Language.EN: "Made by algorithm · Huajian"}


def make(backend: StudioCardBackend, spec: CardSpec, seed: int) -> Picture:
    """One card. Raises: RuntimeError when the backend failed."""
    (result,) = backend.generate([Brief(spec, seed, _LABELS[spec.language])], Unwatched())
    if isinstance(result, Picture):
        return result
    raise RuntimeError(f"{spec}: {result}")


def specs(language: Language) -> Iterator[CardSpec]:
    """Occasions down, styles across."""
    recipient, sender = _NAMES[language]
    for occasion in Occasion:
        for style in Style:
            yield CardSpec(
                occasion=occasion, recipient=recipient, sender=sender, language=language, style=style
            )


def readme_cards() -> Iterator[tuple[CardSpec, int]]:
    """One card of each style, with its seed."""
    chosen = (
        (Occasion.MID_AUTUMN, Style.INK, Language.ZH, "林晚晴", "知夏", 9),
        (Occasion.SPRING_FESTIVAL, Style.LANTERN, Language.ZH, "外公外婆", "小满", 102),
        (Occasion.BIRTHDAY, Style.PLUM, Language.ZH, "予安", "阿宁", 3),
        (Occasion.THANK_YOU, Style.SILK, Language.EN, "Grace", "Thomas Lin", 21),
    )
    for occasion, style, language, recipient, sender, seed in chosen:
        spec = CardSpec(occasion=occasion, recipient=recipient, sender=sender, language=language, style=style)
        yield spec, seed


def side_by_side(pictures: list[Pixels], width_px: int) -> Pixels:
    """Cards in a row on white, a little apart, RGB."""
    size = (width_px, width_px * 4 // 3)
    tiles = [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in pictures]
    framed = [
        cv2.copyMakeBorder(tile, 0, 0, 8, 8, cv2.BORDER_CONSTANT, value=(255, 255, 255)) for tile in tiles
    ]
    return np.hstack(framed).astype(np.uint8)


def contact_sheet(pictures: list[Pixels], columns: int, width_px: int) -> Pixels:
    """Thumbnails in rows, RGB."""
    size = (width_px, width_px * 4 // 3)
    tiles = [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in pictures]
    rows = [np.hstack(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]
    return np.vstack(rows).astype(np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--width", type=int, default=270, help="px of one thumbnail")
    parser.add_argument("--readme", action="store_true", help="the four cards of the README")
    arguments = parser.parse_args()
    backend = StudioCardBackend()
    if arguments.readme:
        four = [make(backend, spec, seed).pixels for spec, seed in readme_cards()]
        smooth = cv2.bilateralFilter(side_by_side(four, 360), 7, 14, 4)  # paper grain does not compress
        Image.fromarray(smooth.astype(np.uint8)).save(arguments.out, optimize=True)
        print(f"{len(four)} cards, {arguments.out.stat().st_size // 1024} KiB in {arguments.out}")
        return
    every = [*specs(Language.ZH), *specs(Language.EN)]
    pictures = [make(backend, spec, arguments.seed + number).pixels for number, spec in enumerate(every)]
    sheet = contact_sheet(pictures, columns=2 * len(Style), width_px=arguments.width)
    Image.fromarray(sheet).save(arguments.out)
    print(f"{len(pictures)} cards in {arguments.out}")


if __name__ == "__main__":
    main()
