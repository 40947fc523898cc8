"""How long sealing takes: label, claim, signature, hash; by type, alone and on every core.

    python -m benchmarks.signing [--seconds 3] [--cores N]

The picture is a real card of 1080 x 1440 pixels, fresh from the studio; the signer a key in a file.
"""

import argparse
import io
import os
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

import numpy as np
from PIL import Image

from core.clock import utc_now
from generators.backends.studio.card.backend import StudioCardBackend
from generators.contracts import Brief, Picture, Pixels, Unwatched
from generators.encoders import encode
from generators.specs import CardSpec, Occasion, PictureFormat
from provenance.credentials.chains import Subject, issue, make_authority, make_key, to_pem
from provenance.credentials.facts import CredentialTrust
from provenance.credentials.reading import read_credentials
from provenance.credentials.signers import FileSigner
from provenance.facts import MadeBy, SealFacts
from provenance.labels import ALGORITHMIC
from provenance.sealing import seal

FACTS: Final = SealFacts(
    produce_id="0" * 32,
    producer_code=None,
    source_type=ALGORITHMIC,
    language="zh",
    title="中秋快乐",
    made_at=utc_now(),
    made_by=(MadeBy("studio", "procedural-card", "1", is_model=False),),
)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    signer, root = _signer()
    print(f"{'file':<22}{'size':>10}{'label':>9}{'seal':>9}{'p99':>9}{'read':>9}{'seals/s':>9}{'on all':>9}")
    for name, media_type, content in _files():
        label_it = partial(seal, content, media_type, FACTS, None)
        seal_it = partial(seal, content, media_type, FACTS, signer)
        read_it = partial(read_credentials, seal_it().content, media_type, CredentialTrust(root))
        label, read = _times(label_it, options.seconds / 4), _times(read_it, options.seconds / 4)
        whole, on_all = _times(seal_it, options.seconds), _on_all(seal_it, options)
        p99 = statistics.quantiles(whole, n=100)[98]
        print(
            f"{name:<22}{len(content) / 1024:>7.0f} kB{_ms(label):>6.1f} ms{_ms(whole):>6.1f} ms"
            f"{p99 * 1000:>6.1f} ms{_ms(read):>6.1f} ms{1 / statistics.median(whole):>9.0f}{on_all:>9.0f}"
        )


def _files() -> list[tuple[str, str, bytes]]:
    pixels = _card()
    file = io.BytesIO()
    Image.fromarray(pixels).quantize(256).save(file, "GIF")
    return [
        ("JPEG 1080 x 1440", "image/jpeg", encode(pixels, PictureFormat.JPEG)),
        ("PNG 1080 x 1440", "image/png", encode(pixels, PictureFormat.PNG)),
        ("WebP 1080 x 1440", "image/webp", encode(pixels, PictureFormat.WEBP)),
        ("GIF 1080 x 1440", "image/gif", file.getvalue()),
    ]


def _card() -> Pixels:
    spec = CardSpec(occasion=Occasion.MID_AUTUMN, recipient="林晚晴", sender="知夏", seed=7)
    (made,) = StudioCardBackend().generate([Brief(spec, 7, "算法生成")], Unwatched())
    if not isinstance(made, Picture):
        raise SystemExit(f"no card: {made}")
    return np.ascontiguousarray(made.pixels)


def _signer() -> tuple[FileSigner, bytes]:
    authority = make_authority(Subject("CN", "Benchmark", "Benchmark root"), now=utc_now())
    key = make_key()
    leaf = issue(authority, Subject("CN", "Benchmark", "Benchmark"), key.public_key(), now=utc_now())
    return FileSigner(key, to_pem(leaf)), to_pem(authority.certificate)


def _times(act: Callable[[], object], seconds: float) -> list[float]:
    act()
    times: list[float] = []
    until = time.perf_counter() + seconds
    while time.perf_counter() < until or len(times) < 3:
        began = time.perf_counter()
        act()
        times.append(time.perf_counter() - began)
    return times


def _on_all(act: Callable[[], object], options: argparse.Namespace) -> float:
    """Calls a second from as many threads as there are cores: how much of it the interpreter's lock holds."""
    with ThreadPoolExecutor(options.cores) as threads:
        began = time.perf_counter()
        done = sum(
            threads.map(len, threads.map(lambda _: _times(act, options.seconds), range(options.cores)))
        )
        return done / (time.perf_counter() - began)


def _ms(times: list[float]) -> float:
    return statistics.median(times) * 1000


if __name__ == "__main__":
    main()
