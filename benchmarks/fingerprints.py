"""How far apart copies and other pictures are: `python -m benchmarks.fingerprints [--seeds N]`.

Pictures are works as the studio makes them: paintings of every style, and cards of which two share one. They
are the hard case: two paintings of one style have more in common than two photos. A copy is compared with its
original, a picture with every other one; both thresholds in `provenance.fingerprints` come from this table.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import simplejpeg

from benchmarks.cards import background, brief
from generators.backends.studio.art.paint import paint
from generators.backends.studio.card.making import make_card
from generators.contracts import Pixels
from generators.specs import Style
from generators.typesetting.label import draw_label
from provenance.fingerprints import fingerprint, suppose
from provenance.looks import ALIKE_BITS, COARSE_BITS, FINE_BITS, SEARCH_RADIUS, Fingerprint, Suppositions
from provenance.similar.words import coarse_words, fine_distances, fine_words

_SIZE_PX: Final = (540, 720)


@dataclass(frozen=True, slots=True)
class Subject:
    """A picture; `painting` says whose ground it has."""

    painting: str
    pixels: Pixels
    original: Fingerprint


def subjects(seeds: int) -> list[Subject]:
    """`seeds` paintings of each style, and half as many pairs of cards."""
    made = []
    for style in Style:
        for seed in range(seeds):
            width_px, height_px = _SIZE_PX
            art = paint(style, seed=seed, width_px=width_px, height_px=height_px).pixels
            made.append(Subject(f"{style} {seed}", art, fingerprint(art)))
        for seed in range(seeds // 2):
            ground = background(style, 1000 + seed)
            for number in (seed, seed + 500):
                card = _scaled(make_card(brief(number), ground).pixels, _SIZE_PX)
                made.append(Subject(f"card {style} {seed}", card, fingerprint(card)))
    return made


def reencoded(pixels: Pixels, quality: int = 70) -> Pixels:
    content = simplejpeg.encode_jpeg(pixels, quality=quality, colorspace="RGB", colorsubsampling="420")
    decoded: Pixels = simplejpeg.decode_jpeg(content, colorspace="RGB")
    return decoded


def resized(pixels: Pixels, scale: float = 0.5) -> Pixels:
    height_px, width_px = pixels.shape[:2]
    return _scaled(pixels, (round(width_px * scale), round(height_px * scale)))


def cropped(pixels: Pixels, left: float, right: float, top: float, bottom: float) -> Pixels:
    height_px, width_px = pixels.shape[:2]
    rows = slice(round(top * height_px), round((1 - bottom) * height_px))
    return np.ascontiguousarray(pixels[rows, round(left * width_px) : round((1 - right) * width_px)])


def labelled(pixels: Pixels) -> Pixels:
    return draw_label(pixels, "AI生成 · 转载")[0]


def _scaled(pixels: Pixels, size_px: tuple[int, int]) -> Pixels:
    return np.asarray(cv2.resize(pixels, size_px, interpolation=cv2.INTER_AREA), np.uint8)


COPIES: Final[dict[str, Callable[[Pixels], Pixels]]] = {
    "re-encoded at q70": reencoded,
    "resized to 50 %": resized,
    "resized to 50 %, then q70": lambda pixels: reencoded(resized(pixels)),
    "another label over it": labelled,
    "5 % cut off the left": lambda pixels: cropped(pixels, 0.05, 0, 0, 0),
    "5 % cut off a corner, then q70": lambda pixels: reencoded(cropped(pixels, 0.05, 0, 0.05, 0)),
    "5 % cut off every edge": lambda pixels: cropped(pixels, 0.05, 0.05, 0.05, 0.05),
    "1 to 4 % cut off the edges": lambda pixels: cropped(pixels, 0.03, 0.01, 0.04, 0.02),
    "2.5 % cut off every edge": lambda pixels: cropped(pixels, 0.025, 0.025, 0.025, 0.025),
    "10 % cut off every edge": lambda pixels: cropped(pixels, 0.1, 0.1, 0.1, 0.1),
    "mirrored": lambda pixels: np.ascontiguousarray(pixels[:, ::-1]),
}


def coarse_distance(original: Fingerprint, supposed: Suppositions) -> int:
    return int(np.bitwise_count(coarse_words(supposed.coarse) ^ np.uint64(original.coarse)).min())


def fine_distance(original: Fingerprint, supposed: Suppositions) -> int:
    return supposed.fine_distance(original.fine)


def _row(name: str, coarse: list[int], fine: list[int]) -> str:
    of = [*np.percentile(coarse, (50, 99, 100)), *np.percentile(fine, (50, 99, 100))]
    found = np.mean((np.array(coarse) <= SEARCH_RADIUS) & (np.array(fine) <= ALIKE_BITS))
    return f"{name:34}" + "".join(f"{value:7.0f}" for value in of) + f"{found:11.2%}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=24, help="paintings of each style")
    made = subjects(parser.parse_args().seeds)
    print(
        f"{len(made)} pictures; at most {SEARCH_RADIUS}/{COARSE_BITS} and {ALIKE_BITS}/{FINE_BITS} bits apart"
    )
    print(
        f"{'':34}{'coarse':>14}{'':7}{'fine':>14}\n{'':34}"
        + f"{'median':>7}{'99 %':>7}{'max':>7}" * 2
        + f"{'found':>11}"
    )
    for name, copy in COPIES.items():
        supposed = [suppose(copy(one.pixels)) for one in made]
        pairs = list(zip(made, supposed, strict=True))
        print(
            _row(
                name,
                [coarse_distance(one.original, other) for one, other in pairs],
                [fine_distance(one.original, other) for one, other in pairs],
            )
        )
    _print_others(made)


def _print_others(made: list[Subject]) -> None:
    """Every picture against every other: nearest, the percentiles, and how many would be shown."""
    coarse = np.array([one.original.coarse for one in made], np.uint64)
    fine = np.concatenate([fine_words(one.original.fine) for one in made])
    paintings = np.array([one.painting for one in made])
    near: dict[str, list[tuple[int, int]]] = {"another painting": [], "another card on its painting": []}
    for at, one in enumerate(made):
        supposed = suppose(one.pixels)
        bits = np.bitwise_count(coarse[:, None] ^ coarse_words(supposed.coarse)).min(axis=1)
        apart = fine_distances(fine, fine_words(supposed.fine))
        for other in np.delete(np.arange(len(made)), at):
            kind = "another card on its painting" if paintings[other] == one.painting else "another painting"
            near[kind].append((int(bits[other]), int(apart[other])))
    print(
        f"\n{'':34}{'coarse':>14}{'':7}{'fine':>14}\n{'':34}"
        + f"{'min':>7}{'1 %':>7}{'median':>7}" * 2
        + f"{'shown':>11}"
    )
    for kind, pairs in near.items():
        both = np.array(pairs)
        shown = np.mean((both[:, 0] <= SEARCH_RADIUS) & (both[:, 1] <= ALIKE_BITS))
        values = [*np.percentile(both[:, 0], (0, 1, 50)), *np.percentile(both[:, 1], (0, 1, 50))]
        print(f"{kind:34}" + "".join(f"{value:7.0f}" for value in values) + f"{shown:11.4%}")


if __name__ == "__main__":
    main()
