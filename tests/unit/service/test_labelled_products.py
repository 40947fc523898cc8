"""What leaves the making of works: every file labelled once, the visible label as high as the law asks."""

import io
import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from generators.contracts import Box, Picture, Unwatched
from generators.specs import Kind
from provenance.containers.reading import read_labels
from provenance.implicit import produced
from service.certificates.making import decode, shrink
from service.jobs.products import Order, Product
from service.workers.configuration import read_backends_file
from service.workers.production import Draft, Producer
from service.workers.workshop import Workshop

CODE = "001191440300708461136T1XGW3"
CARD = {"occasion": "mid_autumn", "recipient": "林晚晴", "sender": "知夏", "seed": 7}
SPECS: Mapping[str, tuple[Kind, Mapping[str, Any]]] = {
    "card png": (Kind.CARD, {**CARD, "format": "png"}),
    "card jpeg": (Kind.CARD, {**CARD, "format": "jpeg", "language": "en", "style": "plum"}),
    "card html": (Kind.CARD, {**CARD, "format": "html"}),
    "image webp": (
        Kind.IMAGE,
        {"prompt": "plum", "width_px": 512, "height_px": 384, "format": "webp", "seed": 1},
    ),
    "image jpeg": (
        Kind.IMAGE,
        {"prompt": "snow", "width_px": 256, "height_px": 512, "format": "jpeg", "seed": 1},
    ),
    "lyrics zh": (Kind.LYRICS, {"theme": "灯火", "sections": ["verse"], "seed": 1}),
    "lyrics en": (Kind.LYRICS, {"theme": "rain", "sections": ["verse"], "language": "en", "seed": 1}),
}
PICTURES = [
    name for name, (kind, spec) in SPECS.items() if kind is not Kind.LYRICS and spec["format"] != "html"
]


@cache
def made(name: str) -> tuple[Draft, Product]:
    kind, spec = SPECS[name]
    producer = Producer(Workshop(read_backends_file(None)).routes(), CODE)
    order = Order(kind, spec)
    (draft,) = producer.generate([order], Unwatched())
    product = producer.finish(order, draft)
    assert isinstance(product, Product), product
    return draft, product


class TestEveryFile:
    @pytest.mark.parametrize("name", SPECS)
    def test_it_has_the_implicit_label_of_its_work_once(self, name: str) -> None:
        product = made(name)[1]
        label = produced(CODE, str(product.provenance["produce_id"]))
        for file in product.files:
            assert [one.label for one in read_labels(file.content, file.media_type)] == [label], file.role
            assert str(product.provenance["source_type"]).encode() in file.content

    def test_no_two_works_share_a_number(self) -> None:
        numbers = {made(name)[1].provenance["produce_id"] for name in SPECS}
        assert len(numbers) == len(SPECS)


class TestVisibly:
    @pytest.mark.parametrize("name", PICTURES)
    def test_letters_in_the_file_itself_are_high_enough_and_on_the_edge(self, name: str) -> None:
        """Decoded from the file, after encoding and labelling: what a person sees."""
        grey, box = shown(name)
        assert letters_px(grey, box) >= math.ceil(0.05 * min(grey.shape))
        assert box.bottom > 0.9 * grey.shape[0] or box.top < 0.1 * grey.shape[0]

    @pytest.mark.parametrize("size", ["720", "480"])
    @pytest.mark.parametrize("name", ["card png", "card jpeg"])
    def test_they_still_are_in_a_smaller_export(self, name: str, size: str) -> None:
        pixels = shrink(decode(made(name)[1].files[0].content), size)
        _, box = shown(name)
        share = int(size) / 1080
        smaller = Box(box.left * share, box.top * share, box.right * share, box.bottom * share)
        grey = np.asarray(Image.fromarray(pixels).convert("L"), dtype=np.int16)
        assert letters_px(grey, smaller) >= math.ceil(0.05 * min(grey.shape))

    @pytest.mark.parametrize(
        ("name", "label"), [("lyrics zh", "算法生成"), ("lyrics en", "Algorithm-generated")]
    )
    def test_a_text_ends_with_it(self, name: str, label: str) -> None:
        product = made(name)[1]
        assert product.text is not None and product.text.rstrip().endswith(label)
        (file,) = product.files
        assert file.content.decode().endswith(product.text)
        assert file.content.startswith(b"---\nAIGC:\n")


def shown(name: str) -> tuple[NDArray[np.int16], Box]:
    """A picture as its file shows it, in grey, and where the backend says that the label stands."""
    draft, product = made(name)
    assert isinstance(draft.result, Picture)
    with Image.open(io.BytesIO(product.files[0].content)) as picture:
        return np.asarray(picture.convert("L"), dtype=np.int16), draft.result.boxes["label"]


def letters_px(grey: NDArray[np.int16], box: Box) -> int:
    """How high that stands out from what is around it in the box and four pixels beyond."""
    top, left = max(0, int(box.top) - 4), max(0, int(box.left) - 4)
    around = grey[top : int(box.bottom) + 5, left : int(box.right) + 5]
    rows = np.flatnonzero((np.abs(around - np.median(around)) > 60).any(axis=1))
    return int(rows[-1] + 1 - rows[0])
