"""How fast cards are made on one core, beside Pillow: `python -m benchmarks.cards [--cards N]`.

Processor time of one thread, medians. "Ready background" is a painting made beforehand; words, names and seal
are fresh for every card. The peer draws the same words on the same painting with Pillow alone.
"""

import argparse
import io
import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import cv2
import psutil
from PIL import Image, ImageDraw, ImageFont

from generators.backends.studio.art.paint import paint
from generators.backends.studio.art.painting import Painting
from generators.backends.studio.card.making import make_card
from generators.backends.studio.card.occasions import load_occasions
from generators.backends.studio.card.page import HEIGHT_PX, WIDTH_PX
from generators.contracts import Brief, Picture, Pixels
from generators.encoders import encode
from generators.fonts.catalogue import load_catalogue
from generators.fonts.store import default_folder, font_path
from generators.specs import CardSpec, Language, Occasion, PictureFormat, Style

_RECIPIENTS: Final = (
    "林晚晴",
    "王小明",
    "陈思远",
    "李沐阳",
    "赵一诺",
    "周子轩",
    "吴雨桐",
    "郑清和",
    "孙若溪",
)
_SENDERS: Final = ("知夏", "云舟", "欧阳娜娜", "外婆", "三班全体", "阿宁", "沈砚")
_LABEL: Final = "算法生成 · 花笺"
_COLUMN_PX: Final = 44
_ENCODERS: Final = {
    PictureFormat.JPEG: "simplejpeg q90 4:2:0",
    PictureFormat.PNG: "fpng",
    PictureFormat.WEBP: "Pillow method 0 q82",
}


def brief(number: int, language: Language = Language.ZH) -> Brief:
    """A brief like no other of this run."""
    spec = CardSpec(
        occasion=Occasion.MID_AUTUMN,
        recipient=_RECIPIENTS[number % len(_RECIPIENTS)],
        sender=_SENDERS[number % len(_SENDERS)],
        language=language,
        style=Style.INK,
    )
    return Brief(spec, number, _LABEL)


def background(style: Style, seed: int) -> Painting:
    steering = load_occasions()[Occasion.MID_AUTUMN].steering_for(style)
    return paint(style, seed=seed, width_px=WIDTH_PX, height_px=HEIGHT_PX, steering=steering)


def draw_with_pillow(pixels: Pixels, picture: Picture, fonts: "PillowFonts") -> Image.Image:
    """The peer: the same words, character by character down columns, on the same painting."""
    page = Image.fromarray(pixels)
    pen = ImageDraw.Draw(page, "RGBA")
    title, *lines = (picture.text or "").split("\n")
    for row, char in enumerate(title):
        pen.text((840, 110 + row * 130), char, font=fonts.title, fill=(244, 220, 160))
    x = 700
    for line in lines:
        for start in range(0, len(line), 12):
            for row, char in enumerate(line[start : start + 12]):
                pen.text((x, 110 + row * _COLUMN_PX), char, font=fonts.text, fill=(244, 236, 214))
            x -= 68
    pen.rounded_rectangle((600, 1322, 1040, 1400), 16, fill=(18, 28, 46, 180))
    pen.text((630, 1326), _LABEL, font=fonts.label, fill=(244, 236, 214))
    return page


class PillowFonts:
    """The peer's fonts: the fetched ones, or the wheel's."""

    def __init__(self) -> None:
        bundled = next(font for font in load_catalogue().bundled if font.id == "noto-sans-sc").path()
        folder = default_folder()
        brush, text = font_path(folder, "ma-shan-zheng"), font_path(folder, "lxgw-wenkai")
        self.title = ImageFont.truetype(str(brush if brush.exists() else bundled), 124)
        self.text = ImageFont.truetype(str(text if text.exists() else bundled), 42)
        self.label = ImageFont.truetype(str(text if text.exists() else bundled), 58)


def pillow_png(page: Image.Image, level: int) -> bytes:
    file = io.BytesIO()
    page.save(file, "PNG", compress_level=level)
    return file.getvalue()


@dataclass(frozen=True, slots=True)
class Timing:
    """Processor milliseconds a call. On a machine that others use, too, trust `best_ms`."""

    median_ms: float
    best_ms: float


def timing(work: Callable[[int], object], count: int) -> Timing:
    """Of `count` calls, after a tenth as many to warm up."""
    for number in range(max(2, count // 10)):
        work(number)
    times = []
    for number in range(count):
        started = time.process_time()
        work(1000 + number)
        times.append(time.process_time() - started)
    return Timing(statistics.median(times) * 1000, min(times) * 1000)


def _ignoring_number(work: Callable[[], object]) -> Callable[[int], object]:
    return lambda _: work()


def measure(count: int) -> dict[str, Timing]:
    """Milliseconds a card by what is done."""
    ready = background(Style.INK, 7)
    fonts = PillowFonts()
    one = make_card(brief(7), ready)
    image = Image.fromarray(one.pixels)

    def finished(number: int, kind: PictureFormat) -> bytes:
        return encode(make_card(brief(number), ready).pixels, kind)

    def from_pillow(number: int, level: int) -> bytes:
        return pillow_png(draw_with_pillow(ready.pixels, one, fonts), level)

    def painted(number: int, style: Style) -> bytes:
        return encode(make_card(brief(number), background(style, number)).pixels, PictureFormat.JPEG)

    few = max(6, count // 6)
    results = {
        "studio, draw only": timing(lambda n: make_card(brief(n), ready), count),
        "studio, draw only, English": timing(lambda n: make_card(brief(n, Language.EN), ready), count),
    }
    for kind, encoder in _ENCODERS.items():
        whole, alone = partial(finished, kind=kind), partial(encode, one.pixels, kind)
        results[f"studio, draw + {kind.value} ({encoder})"] = timing(whole, count)
        results[f"  {kind.value} alone ({encoder})"] = timing(_ignoring_number(alone), count)
    for style in Style:
        name = f"studio, fresh {style.value} background + draw + jpeg"
        results[name] = timing(partial(painted, style=style), few)
    for level in (1, 6):
        alone = partial(pillow_png, image, level)
        results[f"  png alone (Pillow level {level})"] = timing(_ignoring_number(alone), few)
        peer = partial(from_pillow, level=level)
        results[f"peer: Pillow draw + png (Pillow level {level})"] = timing(peer, few)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=60)
    count = parser.parse_args().cards
    cv2.setNumThreads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    results = measure(count)
    print(f"{'processor time of one core':58} {'p50 ms':>8} {'cards/s':>8} {'best ms':>8}")
    for name, found in results.items():
        print(f"{name:58} {found.median_ms:8.1f} {1000 / found.median_ms:8.1f} {found.best_ms:8.1f}")
    png = results["studio, draw + png (fpng)"].median_ms
    for level in (1, 6):
        peer = results[f"peer: Pillow draw + png (Pillow level {level})"].median_ms
        print(f"PNG cards: {peer / png:.1f} x the Pillow peer with its own encoder at level {level}")
    print(f"resident memory: {psutil.Process().memory_info().rss / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()
