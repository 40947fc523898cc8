"""Every style in every palette on one contact sheet, and how long each style takes.

    python -m benchmarks.gallery OUT.png [--seed 7] [--seeds 1] [--images] [--time 20]

Each style is a row; `--images` paints what fills the picture instead of what leaves room for words.
`--time N` prints the median of N fresh 1080 x 1440 paintings a style (processor time, one OpenCV thread)
and of every encoder.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from generators.backends.studio.art import palettes
from generators.backends.studio.art.paint import paint
from generators.backends.studio.art.steering import Steering
from generators.contracts import Pixels
from generators.encoders import encode
from generators.specs import PictureFormat, Style

WIDTH_PX: Final = 1080
HEIGHT_PX: Final = 1440
TILE: Final = (270, 360)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--seeds", type=int, default=1, help="how many seeds of every palette, side by side")
    parser.add_argument("--images", action="store_true")
    parser.add_argument("--time", type=int, default=0, metavar="N")
    chosen = parser.parse_args()
    cv2.setNumThreads(1)
    sheet = draw_sheet(chosen.seed, chosen.seeds, for_words=not chosen.images)
    chosen.out.write_bytes(encode(sheet, PictureFormat.PNG))
    print(f"{chosen.out}: {sheet.shape[1]} x {sheet.shape[0]} px")
    if chosen.time:
        print_times(chosen.time)


def draw_sheet(seed: int, seeds: int, *, for_words: bool) -> Pixels:
    """One row for each style: its palettes, each with `seeds` paintings."""
    rows = [_draw_row(style, range(seed, seed + seeds), for_words=for_words) for style in Style]
    width = max(row.shape[1] for row in rows)
    return np.vstack([np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0))) for row in rows])


def _draw_row(style: Style, seeds: range, *, for_words: bool) -> Pixels:
    tiles = []
    for name in palettes.names(style):
        for seed in seeds:
            wish = Steering(palette=name, for_words=for_words)
            painting = paint(style, seed=seed, width_px=WIDTH_PX, height_px=HEIGHT_PX, steering=wish)
            tiles.append(cv2.resize(painting.pixels, TILE, interpolation=cv2.INTER_AREA))
    return np.hstack(tiles).astype(np.uint8)


def print_times(repeats: int) -> None:
    for style in Style:
        median = median_ms(lambda seed, style=style: paint_one(style, seed), repeats)  # type: ignore[misc]
        print(f"paint {style.value:8} {median:6.1f} ms")
    pixels = paint_one(Style.PLUM, 1)
    for picture_format in PictureFormat:
        median = median_ms(lambda _, form=picture_format: encode(pixels, form), repeats)  # type: ignore[misc]
        size = len(encode(pixels, picture_format)) // 1000
        print(f"encode {picture_format.value:7} {median:6.1f} ms, {size} kB")


def paint_one(style: Style, seed: int) -> Pixels:
    return paint(style, seed=seed, width_px=WIDTH_PX, height_px=HEIGHT_PX).pixels


def median_ms(work: Callable[[int], object], repeats: int) -> float:
    """Median processor time of `work(seed)` over fresh seeds, after one warm-up."""
    work(0)
    times = []
    for seed in range(repeats):
        start = time.process_time()
        work(seed)
        times.append(time.process_time() - start)
    return 1000 * statistics.median(times)


if __name__ == "__main__":
    main()
