"""The visible label is as high as the law asks, whole on the page, and nothing else is touched."""

import math

import numpy as np
import pytest

from generators.contracts import Pixels
from generators.typesetting.label import draw_label

SIZES = [
    (256, 256),
    (1080, 1440),
    (1024, 1024),
    (1536, 864),
    (2048, 256),
    (256, 2048),
    (2048, 1536),
    (257, 511),
]
TEXTS = ["算法生成 · 花笺", "AI 生成", "Made by algorithm · Huajian", "AIGC"]


def grey(width: int, height: int, level: int) -> Pixels:
    return np.full((height, width, 3), level, np.uint8)


class TestDrawLabel:
    @pytest.mark.parametrize("text", TEXTS)
    @pytest.mark.parametrize(("width", "height"), SIZES)
    def test_letters_are_high_enough_and_inside(self, width: int, height: int, text: str) -> None:
        before = grey(width, height, 120)
        after, box = draw_label(before, text)
        assert box.bottom - box.top >= math.ceil(0.05 * min(width, height))
        assert 0 <= box.left < box.right <= width
        assert height * 0.8 < box.top < box.bottom <= height
        assert (before == 120).all()
        assert after.shape == before.shape

    @pytest.mark.parametrize(("width", "height"), [(256, 256), (1080, 1440), (2048, 256)])
    def test_the_box_is_measured_on_the_rendered_letters(self, width: int, height: int) -> None:
        after, box = draw_label(grey(width, height, 235), "算法生成 · 花笺")
        dark = (after.max(axis=2) < 110).astype(np.uint8)
        rows, columns = np.flatnonzero(dark.max(axis=1)), np.flatnonzero(dark.max(axis=0))
        assert rows[-1] + 1 - rows[0] >= math.floor(0.05 * min(width, height)) - 1
        assert abs(rows[0] - box.top) <= 2
        assert abs(rows[-1] + 1 - box.bottom) <= 2
        assert abs(columns[0] - box.left) <= 2
        assert abs(columns[-1] + 1 - box.right) <= 2

    def test_only_the_corner_changes(self) -> None:
        after, box = draw_label(grey(1080, 1440, 120), "算法生成")
        assert (after[: int(box.top) - 20] == 120).all()
        assert (after[:, : int(box.left) - 20] == 120).all()

    @pytest.mark.parametrize("level", [0, 60, 128, 190, 255])
    def test_it_can_be_read_on_any_ground(self, level: int) -> None:
        after, box = draw_label(grey(512, 512, level), "算法生成")
        plate = after[int(box.top) : int(box.bottom), int(box.left) : int(box.right)].astype(float)
        assert plate.max() - plate.min() > 110

    def test_long_wording_is_cut_to_its_first_clause_never_made_smaller(self) -> None:
        text = "本图由算法生成 · 花笺 · 请勿用于商业用途，版权归作者所有"
        _, whole = draw_label(grey(2048, 512, 120), text)
        _, cut = draw_label(grey(512, 512, 120), text)
        assert cut.right - cut.left < (whole.right - whole.left) / 2
        assert cut.bottom - cut.top >= 26

    @pytest.mark.parametrize(
        "text", ["本图由算法自动生成请勿用于任何商业用途", "Entirely made by an algorithm without a model"]
    )
    def test_one_long_clause_is_cut_to_what_fits(self, text: str) -> None:
        _, box = draw_label(grey(256, 256, 120), text)
        assert box.left >= 0
        assert box.right <= 256
        assert box.bottom - box.top >= 13

    def test_a_label_that_shows_nothing_is_refused(self) -> None:
        with pytest.raises(ValueError, match="shows nothing"):
            draw_label(grey(256, 256, 120), "\u200b")
