"""The diffusion backend on a device, its model of SDXL's sizes: `python -m benchmarks.gpu_check [--tiny]`.

Checks what only a device shows (a batch gives what each picture is alone, one member leaves, memory runs out
and comes back) and measures images per second by batch size, compiled and not. Weights are random: time and
memory are the real model's, pictures are not. `--tiny` tries the script itself on a CPU. Writes
gpu_check.json to $OUT.
"""

import argparse
import contextlib
import gc
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.gpu_models import SDXL, TINY, save_sdxl
from generators.backends.diffusion.backend import DiffusionBackend
from generators.backends.diffusion.settings import DiffusionSettings
from generators.contracts import (
    Brief,
    DeviceMemoryError,
    Failure,
    Picture,
    Pixels,
    Progress,
    Result,
    Unwatched,
)
from generators.specs import ImageSpec
from tests.contracts.backends.watchers import Recorder

_BATCHES: Final = (1, 2, 4, 8)
_MEAN_LEVELS: Final = 1.0  # of 255: by how much a picture of a batch may differ from the picture alone
_SPARE_BYTES: Final = 256 << 20  # left to the backend when memory is to run out


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked for."""

    side_px: int
    steps: int
    rounds: int
    batches: Sequence[int]
    device: str


@dataclass(slots=True)
class Speed:
    """One batch size: the median round."""

    batch: int
    is_compiled: bool
    first_seconds: float
    seconds: float
    images_per_second: float
    peak_gib: float


@dataclass(slots=True)
class Report:
    device: str
    torch: str
    diffusers: str
    plan: Plan
    load_seconds: float = 0.0
    checks: dict[str, bool] = field(default_factory=dict)
    figures: dict[str, float] = field(default_factory=dict)
    speeds: list[Speed] = field(default_factory=list)

    def check(self, name: str, passed: bool, *, says: str = "") -> None:
        self.checks[name] = passed
        print(f"{'ok  ' if passed else 'FAIL'}  {name}{': ' + says if says else ''}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="a tiny model on the CPU")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batches", type=int, nargs="+", default=list(_BATCHES))
    parser.add_argument("--no-compile", action="store_true")
    asked = parser.parse_args()
    plan = Plan(
        side_px=256 if asked.tiny else 1024,
        steps=asked.steps,
        rounds=asked.rounds,
        batches=asked.batches,
        device="cpu" if asked.tiny else "cuda",
    )
    with tempfile.TemporaryDirectory() as folder:
        report = run(Path(folder), plan, is_tiny=asked.tiny, compiles=not asked.no_compile)
    print_table(report)
    save(report)
    sys.exit(0 if all(report.checks.values()) else 1)


def run(folder: Path, plan: Plan, *, is_tiny: bool, compiles: bool) -> Report:
    """Build, check, measure; the compiled model last, since compiling takes longest."""
    report = Report(_device_name(plan.device), torch.__version__, _version("diffusers"), plan)
    print(f"{report.device}, torch {report.torch}, diffusers {report.diffusers}", flush=True)
    dtype = torch.float32 if is_tiny else torch.bfloat16
    if is_tiny:
        torch.set_num_threads(1)
    started = time.perf_counter()
    model = save_sdxl(folder / "model", TINY if is_tiny else SDXL, device=plan.device, dtype=dtype)
    print(f"built and saved in {time.perf_counter() - started:.1f} s", flush=True)
    _release(plan)
    backend = make_backend(model, plan, is_compiled=False)
    started = time.perf_counter()
    backend.load()
    report.load_seconds = time.perf_counter() - started
    print(f"loaded in {report.load_seconds:.1f} s", flush=True)
    check_batch(backend, plan, report)
    check_leaving(backend, plan, report)
    measure(backend, plan, report, is_compiled=False)
    check_memory(backend, plan, report)
    if compiles:
        del backend
        _release(plan)
        measure(make_backend(model, plan, is_compiled=True), plan, report, is_compiled=True)
    return report


def make_backend(model: Path, plan: Plan, *, is_compiled: bool) -> DiffusionBackend:
    return DiffusionBackend(
        DiffusionSettings.model_validate(
            {
                "model": str(model),
                "preset": "sdxl",
                "dtype": "bfloat16",
                "device": plan.device,
                "steps": plan.steps,
                "least_megapixels": 0.01,
                "max_batch": 64,
                "compile": is_compiled,
            }
        )
    )


def check_batch(backend: DiffusionBackend, plan: Plan, report: Report) -> None:
    """Seeds, and a batch of four against four alone."""
    alone = [paint(backend, plan, seed)[0] for seed in (1, 2, 3, 4)]
    again = paint(backend, plan, 1)[0]
    together = paint(backend, plan, 1, 2, 3, 4)
    gaps = [gap(first, second) for first, second in zip(alone, together, strict=True)]
    other = gap(alone[0], alone[1])
    report.figures |= {
        "same_seed_mean_levels": float(gap(alone[0], again).mean()),
        "batch_mean_levels": max(float(one.mean()) for one in gaps),
        "batch_p99_levels": max(float(np.percentile(one, 99)) for one in gaps),
        "batch_max_levels": max(float(one.max()) for one in gaps),
        "other_seed_mean_levels": float(other.mean()),
    }
    report.check("same seed, same picture", is_same(alone[0], again))
    report.check("another seed, another picture", float(other.mean()) > 5 * _MEAN_LEVELS)
    report.check(
        "a batch gives what each is alone",
        report.figures["batch_mean_levels"] <= _MEAN_LEVELS,
        says=", ".join(f"{name} {value:.3f}" for name, value in report.figures.items()),
    )


def check_leaving(backend: DiffusionBackend, plan: Plan, report: Report) -> None:
    """One of four leaves after two steps; then all do."""
    whole = paint(backend, plan, 1, 2, 3, 4)
    results = generate(backend, plan, (1, 2, 3, 4), Recorder(cancel={2: 2}))
    stays = [result for result in results if isinstance(result, Picture)]
    same = [is_same(one.pixels, whole[at]) for one, at in zip(stays, (0, 1, 3), strict=False)]
    report.check("one leaves alone", isinstance(results[2], Failure) and same == [True] * 3)
    started = time.perf_counter()
    results = generate(backend, plan, (1, 2, 3, 4), Recorder(cancel=dict.fromkeys(range(4), 1)))
    left_after = time.perf_counter() - started
    started = time.perf_counter()
    generate(backend, plan, (1, 2, 3, 4), Unwatched())
    whole_seconds = time.perf_counter() - started
    report.figures["all_left_after_share"] = left_after / whole_seconds
    report.check(
        "all leave, it stops",
        all(isinstance(result, Failure) for result in results) and left_after < 0.6 * whole_seconds,
        says=f"after {left_after:.2f} s of {whole_seconds:.2f} s",
    )


def check_memory(backend: DiffusionBackend, plan: Plan, report: Report) -> None:
    """Memory runs out, is said, and comes back."""
    before = paint(backend, plan, 1)[0]
    said = ""
    with starved(backend, plan):
        try:
            generate(backend, plan, range(8), Unwatched())
        except DeviceMemoryError as error:
            said = str(error).splitlines()[0][:120]
    report.check("out of memory is said", bool(said), says=said)
    report.check("and survived", is_same(before, paint(backend, plan, 1)[0]))


@contextlib.contextmanager
def starved(backend: DiffusionBackend, plan: Plan) -> Iterator[None]:
    """Take the device's free memory away; on a CPU ask for more than there is."""
    if plan.device == "cpu":
        denoiser = backend.load().pipeline.unet
        hook = denoiser.register_forward_pre_hook(lambda *_: torch.empty(1 << 50, dtype=torch.uint8))
        try:
            yield
        finally:
            hook.remove()
        return
    _release(plan)
    free, _ = torch.cuda.mem_get_info()
    hoard = torch.empty(free - _SPARE_BYTES, dtype=torch.uint8, device=plan.device)
    yield
    del hoard
    _release(plan)


def measure(backend: DiffusionBackend, plan: Plan, report: Report, *, is_compiled: bool) -> None:
    for batch in plan.batches:
        seeds = range(batch)
        started = time.perf_counter()
        generate(backend, plan, seeds, Unwatched())
        first = time.perf_counter() - started
        if plan.device == "cuda":
            torch.cuda.reset_peak_memory_stats()
        times = []
        for _ in range(plan.rounds):
            started = time.perf_counter()
            generate(backend, plan, seeds, Unwatched())
            times.append(time.perf_counter() - started)
        seconds = statistics.median(times)
        speed = Speed(batch, is_compiled, first, seconds, batch / seconds, _peak_gib(plan))
        report.speeds.append(speed)
        mode = "compiled" if is_compiled else "eager"
        print(
            f"batch {batch}, {mode}: {speed.images_per_second:.3f} images/s (first {first:.1f} s, "
            f"then {seconds:.2f} s), peak {speed.peak_gib:.1f} GiB",
            flush=True,
        )


def generate(backend: DiffusionBackend, plan: Plan, seeds: Sequence[int], progress: Progress) -> list[Result]:
    spec = ImageSpec(prompt="ink mountains at dawn", width_px=plan.side_px, height_px=plan.side_px)
    return backend.generate([Brief(spec, seed, "") for seed in seeds], progress)


def paint(backend: DiffusionBackend, plan: Plan, *seeds: int) -> list[Pixels]:
    results = generate(backend, plan, seeds, Unwatched())
    for result in results:
        if isinstance(result, Failure):
            raise SystemExit(f"no picture: {result}")
    return [result.pixels for result in results if isinstance(result, Picture)]


def gap(first: Pixels, second: Pixels) -> NDArray[np.int16]:
    return np.abs(first.astype(np.int16) - second.astype(np.int16))


def is_same(first: Pixels, second: Pixels) -> bool:
    return float(gap(first, second).mean()) <= _MEAN_LEVELS


def print_table(report: Report) -> None:
    plan = report.plan
    print(f"\n{plan.side_px} x {plan.side_px} px, {plan.steps} steps, guidance, {report.device}")
    print(f"{'batch':>5} {'mode':>9} {'s/batch':>9} {'images/s':>9} {'x one':>6} {'first s':>8} {'GiB':>6}")
    alone = {speed.is_compiled: speed.images_per_second for speed in report.speeds if speed.batch == 1}
    for speed in report.speeds:
        gain = speed.images_per_second / alone.get(speed.is_compiled, float("nan"))
        print(
            f"{speed.batch:5} {'compiled' if speed.is_compiled else 'eager':>9} {speed.seconds:9.2f} "
            f"{speed.images_per_second:9.3f} {gain:6.2f} {speed.first_seconds:8.1f} {speed.peak_gib:6.1f}"
        )


def save(report: Report) -> None:
    if "OUT" in os.environ:
        path = Path(os.environ["OUT"]) / "gpu_check.json"
        path.write_text(json.dumps(asdict(report), indent=2, default=str), encoding="utf-8")


def _device_name(device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else "CPU"


def _version(package: str) -> str:
    return str(getattr(sys.modules.get(package), "__version__", "?"))


def _peak_gib(plan: Plan) -> float:
    return torch.cuda.max_memory_allocated() / 2**30 if plan.device == "cuda" else 0.0


def _release(plan: Plan) -> None:
    gc.collect()
    if plan.device == "cuda":
        torch.cuda.empty_cache()


if __name__ == "__main__":
    main()
