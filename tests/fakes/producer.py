"""A producer that obeys a script in the spec, so that tests decide when a job is slow, fails or dies.

It runs in a real renderer process behind the real pipe. The script travels in the recipient's or prompt's
words: "steps=20 sleep=0.05", "reject", "fail", "invalid", "die", "hang"; "stay=2" stays at its second step
until it is cancelled, "stay=2 leave=/some/file" also until that file is there.
"""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from generators.contracts import Failure, FailureReason, Progress
from service.jobs.products import Made, MadeFile, Order, Product, Rejection

TEXT_FIELDS = ("recipient", "prompt", "theme")
LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Gate:
    """Lets a work that stays at a step go on when a test has seen enough, however long looking takes."""

    path: Path

    @property
    def words(self) -> str:
        """Go into the script, beside "stay="."""
        return f"leave={self.path}"

    def open(self) -> None:
        self.path.touch()


class ScriptedProducer:
    """Makes one-colour pictures, or whatever the script says."""

    def offers(self) -> dict[str, int]:
        return {"card": 1, "lyrics": 1, "image": 4}

    def shape_of(self, order: Order) -> str:
        return order.batch_key

    def generate(self, orders: Sequence[Order], progress: Progress) -> list[Made]:
        scripts = [_script(order.spec) for order in orders]
        steps = max(int(script.get("steps", 1)) for script in scripts)
        cancelled: set[int] = set()
        for step in range(1, steps + 1):
            for index, script in enumerate(scripts):
                is_wanted = progress.step(index, step, steps + 1)
                while is_wanted and _stays(script, step):
                    time.sleep(LOOK_SECONDS)
                    is_wanted = progress.step(index, step, steps + 1)
                if not is_wanted:
                    cancelled.add(index)
                time.sleep(float(script.get("sleep", 0)))
                if "tell" in script:
                    progress.section(index, f"part {step}")
            if len(cancelled) == len(scripts):
                break
        return [
            Failure(FailureReason.CANCELLED, "asked to") if index in cancelled else _act(script, order)
            for index, (script, order) in enumerate(zip(scripts, orders, strict=True))
        ]

    def finish(self, order: Order, draft: Made) -> Made:
        return draft


def _script(spec: Mapping[str, Any]) -> dict[str, str]:
    words = " ".join(str(spec.get(field, "")) for field in TEXT_FIELDS).split()
    return {key: value or "yes" for key, _, value in (word.partition("=") for word in words)}


def _stays(script: Mapping[str, str], step: int) -> bool:
    return script.get("stay") == str(step) and not ("leave" in script and Path(script["leave"]).exists())


def _act(script: Mapping[str, str], order: Order) -> Made:
    spec = order.spec
    if "die" in script:
        os._exit(9)
    if "hang" in script:
        time.sleep(3600)
    if "fail" in script:
        return Failure(FailureReason.INTERNAL, "scripted failure")
    if "invalid" in script:
        return Failure(FailureReason.INVALID, "scripted refusal")
    if "reject" in script:
        return Rejection("violence")
    width_px, height_px = int(spec.get("width_px", 90)), int(spec.get("height_px", 120))
    buffer = BytesIO()
    Image.new("RGB", (width_px, height_px), (160, 40, 40)).save(buffer, "PNG")
    return Product(
        title="Scripted",
        text="words",
        language="zh",
        provenance={
            "backend": "scripted",
            "model": "none",
            "revision": "1",
            "seed": spec["seed"],
            "ai": False,
            "source_type": "http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia",
        },
        details={},
        files=(MadeFile("preview", "image/png", "png", width_px, height_px, buffer.getvalue()),),
    )


def make_producer() -> ScriptedProducer:
    """Named by tests as "tests.fakes.producer:make_producer"."""
    return ScriptedProducer()
