"""The scripted producer, with works that look like real ones: a thumbnail, lines, a rhyme check."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import Image

from generators.backends.studio.motion.film import encode_film
from generators.contracts import Progress
from generators.specs import Kind
from service.jobs.products import Made, MadeFile, Order, Product
from tests.fakes.producer import ScriptedProducer, _script

LABEL = "算法生成 · 花笺"
LINES = (
    (
        "verse",
        "主歌一",
        "AABA",
        ("路灯把雨丝缝进衣裳", "我数着脚步走过长廊", "伞沿滴着旧时光", "门缝里漏出一点光"),
    ),
    ("chorus", "副歌", "AAXA", ("归家的路慢慢亮", "锅里的汤还在响", "放下一身的雨", "有人把我的名字轻轻讲")),
)


GATES_VARIABLE: Final = "HUAJIAN_TEST_GATES"  # the folder, told to the process that renders
LONGEST_WAIT_SECONDS: Final = 120


@dataclass(frozen=True)
class Gate:
    """Lets a work be finished when a test has seen enough of how it is made, however long looking takes."""

    path: Path

    @property
    def script(self) -> str:
        """Goes into the work's words."""
        return f"until={self.path.name}"

    def open(self) -> None:
        self.path.touch()


class PageProducer(ScriptedProducer):
    """Obeys the same scripts in the same fields; "until=3" ends no work before that gate is open."""

    def generate(self, orders: Sequence[Order], progress: Progress) -> list[Made]:
        drafts = super().generate(orders, progress)
        for order in orders:
            if name := _script(order.spec).get("until"):
                _wait_for(Path(os.environ[GATES_VARIABLE]) / name)
        return drafts

    def finish(self, order: Order, draft: Made) -> Made:
        return _dressed(order.kind, order.spec, draft) if isinstance(draft, Product) else draft


def _wait_for(gate: Path) -> None:
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while not gate.exists():
        if time.monotonic() > deadline:
            raise TimeoutError(f"nobody opened {gate}")
        time.sleep(0.02)


def _dressed(kind: Kind, spec: Mapping[str, Any], product: Product) -> Product:
    if kind is Kind.LYRICS:
        return _song(spec, product)
    if kind is Kind.CARD:
        files = _with_motion(spec["format"], _pictures(product.files[0]))
        return replace(product, title="中秋快乐", text="月色如水，愿你心安。", files=files)
    return replace(
        product, title=spec["prompt"][:20], text=None, language=None, files=_pictures(product.files[0])
    )


def _pictures(preview: MadeFile) -> tuple[MadeFile, ...]:
    buffer = BytesIO()
    Image.open(BytesIO(preview.content)).resize((90, 120)).save(buffer, "WEBP")
    return preview, MadeFile("thumbnail", "image/webp", "webp", 90, 120, buffer.getvalue())


def _with_motion(card_format: str, pictures: tuple[MadeFile, ...]) -> tuple[MadeFile, ...]:
    """What moves is the preview then, and the picture its poster."""
    moving = _moving(card_format)
    return (*moving, replace(pictures[0], role="poster"), pictures[1]) if moving else pictures


def _moving(card_format: str) -> tuple[MadeFile, ...]:
    """A film of half a second, or a page whose script says that it has no origin."""
    if card_format == "mp4":
        frames = (np.full((960, 720, 4), 20 * number, np.uint8) for number in range(12))
        return (MadeFile("preview", "video/mp4", "mp4", 720, 960, encode_film(frames, 24)),)
    if card_format == "html":
        script = "document.querySelector('p').textContent = origin"
        page = f"<!doctype html><title>x</title><p></p><script>{script}</script>"
        return (MadeFile("preview", "text/html", "html", 1080, 1440, page.encode()),)
    return ()


def _song(spec: Mapping[str, Any], product: Product) -> Product:
    """Two sections, of which one line misses its rhyme."""
    title = spec["theme"].split()[0]
    parts = [f"[{heading}]\n" + "\n".join(lines) for _, heading, _, lines in LINES]
    text = "\n\n".join([title, *parts, LABEL])
    file = MadeFile("preview", "text/plain; charset=utf-8", "txt", None, None, text.encode())
    return replace(product, title=title, text=text, files=(file,), details={"rhyme": _rhyme()})


def _rhyme() -> dict[str, object]:
    sections = [
        {
            "section": section,
            "scheme": scheme,
            "lines": [
                {
                    "text": line,
                    "end": line[-1],
                    "class": "江阳",
                    "group": group,
                    "ok": line != "门缝里漏出一点光",
                }
                for line, group in zip(lines, scheme, strict=True)
            ],
        }
        for section, _, scheme, lines in LINES
    ]
    return {"scheme": "AABA", "language": "zh", "system": "十三辙", "sections": sections, "ok": False}


def make_producer() -> PageProducer:
    """Named by the page tests as "tests.e2e.test_pages.producer:make_producer"."""
    return PageProducer()
