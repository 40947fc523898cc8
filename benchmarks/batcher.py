"""The batcher against the bare pipeline: `python -m benchmarks.batcher [--real] [--device cuda]`.

One diffusion model of random weights, three ways, in turn, in one process:

- static: the bare backend, pass after pass of one size, nothing else done; the best size is the ceiling;
- one by one: a picture, then its encoding, then the next picture, as a plain server would;
- batcher: requests of mixed sizes arrive by chance, slightly faster than the ceiling could serve them, and
  every picture is encoded; then again at 70 % of the ceiling, for waiting times as users see them. A first
  run is not counted: libraries choose their kernels when they first see a size of a pass. A run begins with
  an empty queue and ends with one that drains, which costs as much as about ten passes would gain: take many
  images.

Prints images per second, how busy the device was, waiting times, and the two ratios.
"""

import argparse
import json
import os
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch

from benchmarks.gpu_models import SDXL, TINY, save_sdxl
from generators.backends.diffusion.backend import DiffusionBackend
from generators.backends.diffusion.settings import DiffusionSettings
from generators.batcher import Batcher
from generators.contracts import Brief, Picture, Result, Unwatched
from generators.device import Device
from generators.encoders import encode
from generators.specs import ImageSpec, PictureFormat

SHARES: Final = (0.7, 0.3)  # of requests for the first and the second size
OVERLOAD: Final = 1.2
MODERATE: Final = 0.7


@dataclass(frozen=True, slots=True)
class Subject:
    """A model and what is asked of it: two sizes in pixels, passes of at most `most`."""

    backend: DiffusionBackend
    sizes: tuple[tuple[int, int], tuple[int, int]]
    most: int

    def brief(self, number: int, size: tuple[int, int]) -> Brief:
        spec = ImageSpec(prompt="plum blossom in snow", width_px=size[0], height_px=size[1], seed=number)
        return Brief(spec, number, label="")


@dataclass(slots=True)
class Run:
    """What a run of the batcher came to."""

    seconds: float
    busy_share: float
    waits: list[float]
    sizes: list[int]

    @property
    def rate(self) -> float:
        """Images per second."""
        return len(self.waits) / self.seconds


def generate(subject: Subject, briefs: Sequence[Brief]) -> list[Result]:
    results = subject.backend.generate(briefs, Unwatched())
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    for result in results:
        if not isinstance(result, Picture):
            raise RuntimeError(f"the model failed: {result}")  # noqa: TRY004
    return results


def deliver(result: Result) -> int:
    """Encode as the service does; the size in bytes."""
    if not isinstance(result, Picture):
        raise TypeError("not a picture")
    return len(encode(result.pixels, PictureFormat.JPEG))


def seconds_of_pass(subject: Subject, size: tuple[int, int], count: int, repeat: int) -> float:
    """The median of `repeat` passes after one to warm up."""
    times = []
    for turn in range(repeat + 1):
        started = time.perf_counter()
        generate(subject, [subject.brief(turn * 100 + member, size) for member in range(count)])
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])


def one_by_one(subject: Subject, images: int) -> float:
    """Images per second of the mixed sizes, each encoded before the next one begins."""
    dice = random.Random(7)
    started = time.perf_counter()
    for number in range(images):
        size = dice.choices(subject.sizes, SHARES)[0]
        deliver(generate(subject, [subject.brief(number, size)])[0])
    return images / (time.perf_counter() - started)


def run_batcher(subject: Subject, images: int, rate: float) -> Run:
    """Requests arrive at `rate` a second; until the last one is encoded."""
    dice = random.Random(11)
    briefs = [subject.brief(number, dice.choices(subject.sizes, SHARES)[0]) for number in range(images)]
    came, done, sizes = [0.0] * images, [0.0] * images, []

    def finish(number: int, result: Result) -> None:
        deliver(result)
        done[number] = time.perf_counter()

    def fail(number: int, why: str) -> None:
        raise RuntimeError(why)

    device: Device[int, Result] = Device(
        Batcher(lambda _: subject.most),
        lambda numbers: generate(subject, [briefs[number] for number in numbers]),
        finish,
        fail,
        lambda shape, size, seconds: sizes.append(size),
    )
    serving = threading.Thread(target=device.serve)
    started = time.perf_counter()
    serving.start()
    for number, brief in enumerate(briefs):
        came[number] = time.perf_counter()
        spec = brief.spec
        device.submit(number, f"{getattr(spec, 'width_px', 0)}x{getattr(spec, 'height_px', 0)}")
        time.sleep(dice.expovariate(rate))
    device.close()
    serving.join()
    seconds = time.perf_counter() - started
    waits = [end - begin for begin, end in zip(came, done, strict=True)]
    return Run(seconds, device.busy_seconds / seconds, waits, sizes)


def quantile(values: Sequence[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def open_subject(options: argparse.Namespace, folder: Path) -> Subject:
    """Make the model, save it, and load it as a worker would."""
    dtype = torch.bfloat16 if options.real else torch.float32
    model = save_sdxl(folder / "sdxl", SDXL if options.real else TINY, device=options.device, dtype=dtype)
    settings = DiffusionSettings(
        model=str(model),
        preset=options.preset,
        device=options.device,
        dtype="bfloat16" if options.real else "float32",
        steps=options.steps,
        max_batch=options.most,
        compile=options.compile,
        least_megapixels=0.01,
        most_megapixels=4,
    )
    backend = DiffusionBackend(settings)
    backend.load()
    first, second = (tuple(map(int, size.split("x"))) for size in options.sizes.split(","))
    return Subject(backend, ((first[0], first[1]), (second[0], second[1])), options.most)


def measure(subject: Subject, options: argparse.Namespace) -> dict[str, object]:
    counts = [2**power for power in range(options.most.bit_length()) if 2**power <= options.most]
    best: dict[tuple[int, int], float] = {}
    static: dict[str, float] = {}
    for size in subject.sizes:
        for count in counts:
            rate = count / seconds_of_pass(subject, size, count, options.repeat)
            static[f"{size[0]}x{size[1]} by {count}"] = rate
            print(f"static  {size[0]}x{size[1]}  pass of {count:2}: {rate:7.3f} images/s", flush=True)
            best[size] = max(best.get(size, 0.0), rate)
    ceiling = 1 / sum(share / best[size] for share, size in zip(SHARES, subject.sizes, strict=True))
    single = one_by_one(subject, max(8, options.images // 8))
    print(f"ceiling of the mix, every pass of the best size: {ceiling:.3f} images/s")
    print(f"one by one, encoded: {single:.3f} images/s", flush=True)
    run_batcher(subject, options.images, OVERLOAD * ceiling)
    full = run_batcher(subject, options.images, OVERLOAD * ceiling)
    calm = run_batcher(subject, options.images // 2, MODERATE * ceiling)
    for name, run in (("batcher at 120 %", full), ("batcher at 70 %", calm)):
        print(
            f"{name}: {run.rate:.3f} images/s, device busy {run.busy_share:.1%}, "
            f"{statistics.fmean(run.sizes):.1f} a pass, wait p50 {quantile(run.waits, 0.5):.2f} s, "
            f"p99 {quantile(run.waits, 0.99):.2f} s"
        )
    print(f"batcher / best static batch: {full.rate / ceiling:.1%} (target 95 %)")
    print(f"batcher / one by one: {full.rate / single:.2f} x (target 3 x on a GPU)", flush=True)
    return {
        "static_images_per_second": static,
        "ceiling": ceiling,
        "one_by_one": single,
        "overloaded": {"rate": full.rate, "busy": full.busy_share, "p99": quantile(full.waits, 0.99)},
        "moderate": {"rate": calm.rate, "busy": calm.busy_share, "p99": quantile(calm.waits, 0.99)},
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--real", action="store_true", help="as large as SDXL, bfloat16; for a GPU")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--preset", default="sdxl")
    parser.add_argument("--sizes", default="256x256,256x320")
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--most", type=int, default=8)
    parser.add_argument("--images", type=int, default=160)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        subject = open_subject(options, Path(folder))
        name = torch.cuda.get_device_name() if options.device.startswith("cuda") else "cpu"
        print(f"{name}; torch {torch.__version__}; {options}", flush=True)
        measured = measure(subject, options)
    if "OUT" in os.environ:
        (Path(os.environ["OUT"]) / "batcher.json").write_text(json.dumps(measured, indent=2))


if __name__ == "__main__":
    main()
