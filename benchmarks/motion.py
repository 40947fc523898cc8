"""What a moving card costs on one core: `python -m benchmarks.motion [--cards N]`.

Processor time of one thread, medians. All is included: painting, words, drawing, encoding, the poster. A film
is divided by its seconds; a page is made once. The peer is Pillow's GIF of the same frames, at half the size.
"""

import argparse
import io
import os
import statistics
import time
from collections.abc import Callable
from typing import Final

import cv2
import psutil
from PIL import Image

from benchmarks.cards import background
from generators.backends.studio.card.backend import StudioCardBackend
from generators.backends.studio.card.drawing import draw_card
from generators.backends.studio.card.making import plan_card
from generators.backends.studio.image import StudioImageBackend
from generators.backends.studio.motion import film
from generators.backends.studio.motion.ambient.choice import air_of
from generators.backends.studio.motion.frames import CardFrames
from generators.backends.studio.motion.making import FILM, FLIP_BOOK
from generators.backends.studio.motion.reel import SECONDS, Reel
from generators.backends.studio.motion.scenes import SCENE_SECONDS
from generators.backends.studio.motion.stage import build_stage
from generators.contracts import Brief, Motion, Unwatched
from generators.specs import CardFormat, CardSpec, Occasion, Style

_LABEL: Final = "算法生成"
_SCENES: Final = ("那年春天，我们在山下认识。", "后来一起走过很多地方。", "今晚又是中秋。")
_TARGET_MS: Final = 200  # a second of film


def brief(style: Style, card_format: CardFormat, number: int, *, is_story: bool = False) -> Brief:
    spec = CardSpec(
        occasion=Occasion.MID_AUTUMN,
        recipient="林晚晴",
        sender="知夏",
        style=style,
        qr_url="https://huajian.example/c/1",
        format=card_format,
        scenes=_SCENES if is_story else None,
    )
    return Brief(spec, number, _LABEL)


def whole(backend: StudioCardBackend, one: Brief) -> Motion:
    (made,) = backend.generate([one], Unwatched())
    if not isinstance(made, Motion):
        raise TypeError(f"no moving card was made: {made}")
    return made


def with_encoder(style: Style, number: int, encoder: str) -> bytes:
    """The same film by a named encoder."""
    painting = background(style, number)
    one = brief(style, CardFormat.MP4, number)
    plan = plan_card(one, painting.calm)
    draw_card(painting, plan.finish)  # the poster
    stage = build_stage(painting, plan.finish)
    frames = CardFrames(stage, plan.finish, air_of(style, stage, number), FILM)
    return film.encode_film(frames, FILM.frames_per_second, encoder=encoder)


def gif(style: Style, number: int, reel: Reel) -> bytes:
    """The peer: what a GIF of the same moment costs and weighs, at half the size."""
    painting = background(style, number)
    plan = plan_card(brief(style, CardFormat.MP4, number), painting.calm)
    stage = build_stage(painting, plan.finish)
    frames = CardFrames(stage, plan.finish, air_of(style, stage, number), reel)
    small = [
        Image.fromarray(cv2.resize(f[..., :3], (360, 480), interpolation=cv2.INTER_AREA)) for f in frames
    ]
    palette = small[-1].quantize(128)
    shown = [picture.quantize(palette=palette) for picture in small]
    file = io.BytesIO()
    shown[0].save(file, "GIF", save_all=True, append_images=shown[1:], duration=83)
    return file.getvalue()


def timed(work: Callable[[int], bytes], count: int) -> tuple[float, float, float]:
    """Median and best milliseconds, and kilobytes, of `count` calls after one to warm up."""
    work(0)
    times, sizes = [], []
    for number in range(1, count + 1):
        started = time.process_time()
        content = work(number)
        times.append(1000 * (time.process_time() - started))
        sizes.append(len(content) / 1000)
    return statistics.median(times), min(times), statistics.median(sizes)


def report(name: str, seconds: float, found: tuple[float, float, float]) -> None:
    median, best, size = found
    ratio = f"{median / seconds / _TARGET_MS:6.2f}" if seconds > 1 else f"{'':>6}"
    print(f"{name:36} {median:8.0f} {median / seconds:8.0f} {best / seconds:8.0f} {ratio} {size:8.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cards", type=int, default=5)
    count = parser.parse_args().cards
    cv2.setNumThreads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    backend = StudioCardBackend(backgrounds=[StudioImageBackend()])
    print(f"{'processor time of one core':36} {'ms':>8} {'ms/s':>8} {'best':>8} {'of 200':>6} {'kB':>8}")
    for style in Style:
        for encoder in film.ENCODERS:
            report(
                f"{style}, mp4 by {encoder}",
                SECONDS,
                timed(lambda n, s=style, e=encoder: with_encoder(s, n, e), count),  # type: ignore[misc]
            )
        report(
            f"{style}, animated WebP, {FLIP_BOOK.frames_per_second} frames/s",
            SECONDS,
            timed(
                lambda n, s=style: whole(backend, brief(s, CardFormat.ANIMATED_WEBP, n)).content,  # type: ignore[misc]
                count,
            ),
        )
        report(
            f"{style}, page",
            1,
            timed(lambda n, s=style: whole(backend, brief(s, CardFormat.HTML, n)).content, count),  # type: ignore[misc]
        )
    told = len(_SCENES) * SCENE_SECONDS + SECONDS
    story = timed(lambda n: whole(backend, brief(Style.INK, CardFormat.MP4, n, is_story=True)).content, count)
    report("ink, story of three scenes", told, story)
    report(
        "peer: ink, GIF 360 x 480 by Pillow", SECONDS, timed(lambda n: gif(Style.INK, n, FLIP_BOOK), count)
    )
    print(f"resident memory: {psutil.Process().memory_info().rss / 2**20:.0f} MiB")


if __name__ == "__main__":
    main()
