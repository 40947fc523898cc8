"""The pictures that ask for help: read by a scanner, labelled as the law asks, and never over the edge."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from generators.backends.studio.poster import easel as easels
from generators.backends.studio.poster.easel import Easel
from generators.backends.studio.poster.landscape import draw_preview
from generators.backends.studio.poster.order import PosterOrder, PosterWords
from generators.backends.studio.poster.portrait import draw_poster
from generators.contracts import Box, Pixels
from generators.specs import Language
from generators.typesetting.block import Block

URL = "https://huajian.example/u/8Kf3nQx7Lw2mZb5tRc9y"
ZH = PosterWords(
    Language.ZH,
    "知夏请你搭把手",
    "就差你这一笔",
    "次数用完了，还想再做一张。点一下就能帮上忙，不用花钱。",
    "扫一扫，帮一下",
    "算法生成",
    "花笺",
)
EN = PosterWords(
    Language.EN,
    "Maya asks you for a hand",
    "It only needs your touch",
    "Out of free credits, with one more to make. One tap helps, and costs you nothing.",
    "Scan to help",
    "Algorithm-generated",
    "花笺",
)

LONG_ZH = replace(ZH, asker="阿" * 20 + "请你搭把手")
LONG_EN = replace(EN, asker="W" + "w" * 19 + " asks you for a hand")


def work_of(width_px: int, height_px: int) -> Pixels:
    rows = np.linspace(0, 255, height_px, dtype=np.uint8)[:, None, None]
    return np.ascontiguousarray(np.broadcast_to(rows, (height_px, width_px, 3)))


@pytest.fixture
def labels(monkeypatch: pytest.MonkeyPatch) -> list[Box]:
    """Where labels were drawn."""
    drawn: list[Box] = []
    plain = Easel.label

    def noting(self: Easel, text: str, corner: tuple[float, float]) -> Box:
        drawn.append(plain(self, text, corner))
        return drawn[-1]

    monkeypatch.setattr(Easel, "label", noting)
    return drawn


class TestPoster:
    @pytest.mark.parametrize("words", [ZH, EN])
    @pytest.mark.parametrize("work", [None, work_of(1080, 1440), work_of(1536, 864)])
    def test_a_phone_reads_the_code_also_from_a_small_copy(
        self, words: PosterWords, work: Pixels | None
    ) -> None:
        pixels = draw_poster(PosterOrder(words, URL, 5, work))
        assert pixels.shape == (1440, 1080, 3)
        for width in (1080, 720, 432):  # the last one as a chat shows it
            copy = cv2.resize(pixels, (width, width * 4 // 3), interpolation=cv2.INTER_AREA)
            text, _, _ = cv2.QRCodeDetector().detectAndDecode(copy)
            assert text == URL

    def test_the_same_order_is_the_same_picture_and_another_seed_is_not(self) -> None:
        order = PosterOrder(ZH, URL, 3)
        assert np.array_equal(draw_poster(order), draw_poster(order))
        assert not np.array_equal(draw_poster(order), draw_poster(replace(order, seed=4)))

    def test_the_work_is_shown_whole_and_unchanged(self) -> None:
        work = work_of(1080, 1440)
        work[:40, :40] = (250, 10, 10)  # in its corner
        pixels = draw_poster(PosterOrder(ZH, URL, 5, work))
        red = (pixels[..., 0] > 200) & (pixels[..., 1] < 60) & (pixels[..., 2] < 60)
        rows, columns = np.nonzero(red[:900])
        assert len(rows) > 300
        assert columns.max() < 540


class TestLabel:
    @pytest.mark.parametrize("words", [ZH, EN, replace(ZH, label="AI生成")])
    @pytest.mark.parametrize("work", [None, work_of(1080, 1440)])
    def test_its_ink_is_a_twentieth_of_the_shortest_side(
        self, labels: list[Box], words: PosterWords, work: Pixels | None
    ) -> None:
        order = PosterOrder(words, URL, 5, work)
        drawn = draw_poster(order), draw_preview(order)
        for pixels, side, box in zip(drawn, (1080, 630), labels, strict=True):
            part = pixels[int(box.top) - 4 : int(box.bottom) + 5, int(box.left) : int(box.right) + 1]
            inked = np.flatnonzero(part.min(axis=(1, 2)) < 160)
            assert inked[-1] - inked[0] + 1 >= 0.05 * side - 1  # the edges are soft

    def test_a_label_that_shows_nothing_is_no_poster(self) -> None:
        with pytest.raises(ValueError, match="label"):
            draw_poster(PosterOrder(replace(ZH, label=" "), URL, 5))


class TestWords:
    @pytest.mark.parametrize(
        "asker",
        [
            "阿" * 20 + "请你搭把手",
            "Bartholomew-Maximilian asks you for a hand",
            "🌸小满🌸请你搭把手",
            "喆" * 3,
        ],
    )
    def test_long_and_odd_names_stay_inside(self, monkeypatch: pytest.MonkeyPatch, asker: str) -> None:
        boxes: list[tuple[Block, Box]] = []
        plain = Easel.write

        def noting(self: Easel, text: str, box: Box, *rest: object, **options: object) -> Block:
            boxes.append((plain(self, text, box, *rest, **options), box))  # type: ignore[arg-type]
            return boxes[-1][0]

        monkeypatch.setattr(Easel, "write", noting)
        order = PosterOrder(replace(ZH, asker=asker), URL, 5, work_of(600, 800))
        draw_poster(order)
        draw_preview(order)
        assert len(boxes) == 7
        for block, box in boxes:
            ink = block.ink
            assert ink is not None
            assert ink.left >= box.left - 1
            assert ink.right <= box.right + 1
            assert ink.bottom <= box.bottom + 1

    @pytest.mark.parametrize("words", [ZH, EN, LONG_ZH, LONG_EN])
    @pytest.mark.parametrize("draw", [draw_poster, draw_preview])
    @pytest.mark.parametrize("work", [None, work_of(1080, 1440)])
    def test_no_words_touch_others_or_the_label(
        self,
        monkeypatch: pytest.MonkeyPatch,
        labels: list[Box],
        words: PosterWords,
        draw: Callable[[PosterOrder], Pixels],
        work: Pixels | None,
    ) -> None:
        inks: list[Box] = []
        plain = Easel.write

        def noting(self: Easel, *rest: Any, **options: Any) -> Block:
            block = plain(self, *rest, **options)
            assert block.ink is not None
            inks.append(block.ink)
            return block

        monkeypatch.setattr(Easel, "write", noting)
        draw(PosterOrder(words, URL, 5, work))
        everything = [*inks, *labels]
        assert len(everything) >= 4
        assert not any(one.overlaps(other) for one, other in itertools.combinations(everything, 2))

    def test_what_lies_behind_a_work_has_its_colours_and_none_of_its_things(self) -> None:
        work = work_of(600, 800)
        work[::2] = 255 - work[::2]
        soft = easels.dusk_of(work, 300, 400).astype(int)
        assert np.abs(np.diff(soft, axis=0)).mean() < 4


class TestPreview:
    @pytest.mark.parametrize("work", [None, work_of(1080, 1440), work_of(1536, 864)])
    def test_it_has_the_size_that_readers_of_previews_expect(self, work: Pixels | None) -> None:
        assert draw_preview(PosterOrder(EN, URL, 6, work)).shape == (630, 1200, 3)
