"""Cards as pictures: legible, labelled, scannable, the same for the same seed, quiet in grief."""

import io

import cv2
import numpy as np
import pytest
import simplejpeg
import skia
from PIL import Image

from generators.backends.studio.art.painting import Painting, Palette
from generators.backends.studio.card.columns import lay_columns
from generators.backends.studio.card.contrast import LEAST_RATIO, worst_ratio
from generators.backends.studio.card.drawing import muted, quiet
from generators.backends.studio.card.ground import Cover
from generators.backends.studio.card.layout import Draft, Layout
from generators.backends.studio.card.making import make_card
from generators.backends.studio.card.occasions import CardWords
from generators.backends.studio.card.page import HEIGHT_PX, WIDTH_PX
from generators.backends.studio.card.seal import HOUSE_MARK, cut_seal, inscribe
from generators.contracts import Box, Brief, Picture, Pixels
from generators.specs import CardSpec, Direction, Language, Occasion

LIGHT = Palette("light", (246, 240, 228), (38, 40, 46), (190, 90, 66), (176, 42, 36), is_dark=False)
DARK = Palette("dark", (18, 28, 46), (244, 236, 214), (226, 188, 116), (196, 62, 50), is_dark=True)
CALM = Box(86, 100, 994, 637)
RED = (176, 42, 36)


def plain(palette: Palette) -> Pixels:
    return np.full((HEIGHT_PX, WIDTH_PX, 3), palette.paper, np.uint8)


def grey_ramp() -> Pixels:
    """Readable at one side, hopeless at the other."""
    ramp = np.linspace(20, 250, WIDTH_PX, dtype=np.float32).astype(np.uint8)
    return np.broadcast_to(ramp[None, :, None], (HEIGHT_PX, WIDTH_PX, 3)).copy()


def speckle() -> Pixels:
    """As busy as a background can be."""
    small = np.random.default_rng(1).integers(0, 255, (HEIGHT_PX // 24, WIDTH_PX // 24, 3)).astype(np.uint8)
    return cv2.resize(small, (WIDTH_PX, HEIGHT_PX), interpolation=cv2.INTER_NEAREST).astype(np.uint8)


def stripe(palette: Palette) -> Pixels:
    """Calm but for one pale trunk through the words."""
    ground = plain(palette)
    ground[:, 470:500] = (170, 160, 150)
    return ground


def make(
    *,
    pixels: Pixels | None = None,
    palette: Palette = LIGHT,
    seed: int = 7,
    sender: str = "知夏",
    qr_url: str | None = None,
    language: Language = Language.ZH,
    direction: Direction | None = None,
    occasion: Occasion = Occasion.MID_AUTUMN,
    label: str = "算法生成 · 花笺",
) -> Picture:
    spec = CardSpec(
        occasion=occasion,
        recipient="林晚晴",
        sender=sender,
        language=language,
        direction=direction,
        qr_url=qr_url,
    )
    ground = plain(palette) if pixels is None else pixels
    return make_card(Brief(spec, seed, label), Painting(ground, palette, CALM, "a sheet"))


def cover(page: Pixels, palette: Palette, layout: Layout) -> Cover:
    """Quiet an RGBA page in place."""
    canvas = skia.Surface(page, colorType=skia.kRGBA_8888_ColorType).getCanvas()
    return quiet(page, canvas, layout, palette, CALM).cover


class TestBoxes:
    def test_the_reported_boxes_hold_all_ink(self) -> None:
        """Outside the boxes (and the rules, the divider and the label's plate) the ground is untouched."""
        picture = make(direction=Direction.HORIZONTAL)
        touched = np.abs(picture.pixels.astype(int) - plain(LIGHT)).max(axis=2) > 24
        for box in picture.boxes.values():
            touched[int(box.top) - 1 : int(box.bottom) + 2, int(box.left) - 1 : int(box.right) + 2] = False
        assert touched.mean() < 0.0012

    @pytest.mark.parametrize("role", ["title", "recipient", "message", "sender"])
    def test_every_box_is_full_of_ink(self, role: str) -> None:
        picture = make()
        box = picture.boxes[role]
        area = picture.pixels[int(box.top) : int(box.bottom) + 1, int(box.left) : int(box.right) + 1]
        inked = (np.abs(area.astype(int) - np.array(LIGHT.paper)).max(axis=2) > 60).astype(np.uint8)
        for edge in (inked[:3], inked[-3:], inked[:, :3], inked[:, -3:]):
            assert edge.any()


class TestDeterminism:
    def test_the_same_brief_gives_the_same_pixels(self) -> None:
        first, second = (
            make(),
            make(sender="别人"),
        )
        assert np.array_equal(first.pixels, make().pixels)
        assert not np.array_equal(first.pixels, second.pixels)

    def test_the_painting_stays_as_it_was(self) -> None:
        ground = speckle()
        kept = ground.copy()
        make(pixels=ground)
        assert np.array_equal(ground, kept)

    def test_pictures_do_not_share_memory(self) -> None:
        first = make()
        kept = first.pixels.copy()
        make(seed=8)
        assert np.array_equal(first.pixels, kept)

    def test_shape_and_type(self) -> None:
        pixels = make().pixels
        assert pixels.shape == (HEIGHT_PX, WIDTH_PX, 3)
        assert pixels.dtype == np.uint8
        assert pixels.flags.c_contiguous


class TestLegibility:
    @pytest.mark.parametrize("palette", [LIGHT, DARK])
    @pytest.mark.parametrize("ground", ["plain", "ramp", "speckle", "stripe"])
    def test_every_line_reaches_the_ratio_on_what_lies_behind_it(self, palette: Palette, ground: str) -> None:
        pixels = {
            "plain": plain(palette),
            "ramp": grey_ramp(),
            "speckle": speckle(),
            "stripe": stripe(palette),
        }[ground]
        words = CardWords(
            "中秋快乐", "MID-AUTUMN", "致 林晚晴", "今晚的月亮，是从故乡那边升起来的。" * 3, "", "知夏"
        )
        layout = lay_columns(Draft(words, Language.ZH, "zh_title", CALM, 1290))
        page = cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA).astype(np.uint8)
        cover(page, palette, layout)
        for role, block in layout.blocks.items():
            for line in block.lines:
                assert worst_ratio(page, line, palette.ink) >= LEAST_RATIO, role

    def test_a_calm_background_is_left_alone(self) -> None:
        layout, page = self.laid(plain(LIGHT))
        before = page.copy()
        assert cover(page, LIGHT, layout) is Cover.NONE
        assert np.array_equal(page, before)

    def test_a_busy_one_gets_a_sheet_and_one_trunk_a_mist(self) -> None:
        layout, page = self.laid(speckle())
        assert cover(page, LIGHT, layout) is Cover.SHEET
        layout, page = self.laid(stripe(LIGHT))
        assert cover(page, LIGHT, layout) is Cover.MIST

    def laid(self, pixels: Pixels) -> tuple[Layout, Pixels]:
        words = CardWords("中秋快乐", "", "致 林晚晴", "今晚的月亮，是从故乡那边升起来的。", "", "知夏")
        layout = lay_columns(Draft(words, Language.ZH, "zh_title", CALM, 1290))
        return layout, cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA).astype(np.uint8)


class TestLabel:
    @pytest.mark.parametrize("label", ["算法生成 · 花笺", "Made by algorithm · Huajian"])
    @pytest.mark.parametrize("palette", [LIGHT, DARK])
    def test_it_is_five_percent_high_on_the_lower_edge_and_legible(
        self, label: str, palette: Palette
    ) -> None:
        picture = make(label=label, palette=palette)
        box = picture.boxes["label"]
        assert box.bottom - box.top >= 54
        assert box.top > HEIGHT_PX * 0.9
        area = picture.pixels[int(box.top) : int(box.bottom), int(box.left) : int(box.right)]
        lightness = area.mean(axis=2)
        assert np.quantile(lightness, 0.98) - np.quantile(lightness, 0.02) > 110

    def test_a_label_that_shows_nothing_is_refused(self) -> None:
        with pytest.raises(ValueError, match="shows nothing"):
            make(label="\u200b")


class TestQr:
    SHORT = "https://huajian.example/c/7Qx2"
    LONG = "https://huajian.example/c/" + "aB3-" * 68

    @pytest.mark.parametrize("url", [SHORT, LONG])
    @pytest.mark.parametrize("format", ["png", "jpeg", "webp"])
    @pytest.mark.parametrize("palette", [LIGHT, DARK])
    def test_it_is_read_from_every_format(self, url: str, format: str, palette: Palette) -> None:
        picture = make(qr_url=url, palette=palette, pixels=speckle())
        box = picture.boxes["qr"]
        assert box.right - box.left >= 160
        decoded, _, _ = cv2.QRCodeDetector().detectAndDecode(through(picture.pixels, format))
        assert decoded == url

    def test_it_is_read_at_half_size(self) -> None:
        pixels = through(make(qr_url=self.SHORT).pixels, "jpeg")
        half = cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        decoded, _, _ = cv2.QRCodeDetector().detectAndDecode(half)
        assert decoded == self.SHORT

    def test_the_quiet_zone_is_four_modules_of_light(self) -> None:
        picture = make(qr_url=self.SHORT, pixels=speckle())
        box = picture.boxes["qr"]
        plate = picture.pixels[int(box.top) : int(box.bottom), int(box.left) : int(box.right)].min(axis=2)
        dark = np.argwhere(plate < 100)
        module = (len(plate) - 2 * dark[:, 0].min()) / 29  # version 3 has 29 modules
        assert dark.min() >= 4 * int(module)


def through(pixels: Pixels, format: str) -> Pixels:
    """The picture after being stored and read again, BGR."""
    file = io.BytesIO()
    if format == "jpeg":
        file.write(simplejpeg.encode_jpeg(pixels, quality=90))
    else:
        Image.fromarray(pixels).save(file, format, **({"quality": 82} if format == "webp" else {}))
    decoded = cv2.imdecode(np.frombuffer(file.getvalue(), np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return decoded.astype(np.uint8)


class TestSeal:
    @pytest.mark.parametrize(
        ("name", "columns"),
        [
            ("明", ("明印",)),
            ("知夏", ("知夏", "之印")),
            ("林晚晴", ("林晚", "晴印")),
            ("欧阳娜娜", ("欧阳", "娜娜")),
            ("爱新觉罗溥仪", ("爱新觉", "罗溥仪")),
            ("明月清风工作室", ("明月", "清风")),
            ("Thomas", ("T",)),
            ("Anna-Maria Schröder", ("AM",)),
            ("🎂🎉", (HOUSE_MARK,)),
            ("2026", (HOUSE_MARK,)),
        ],
    )
    def test_what_is_cut(self, name: str, columns: tuple[str, ...]) -> None:
        assert inscribe(name).columns == columns

    @pytest.mark.parametrize(
        "name", ["明", "知夏", "林晚晴", "喆𠮷", "爱新觉罗溥仪", "Tom", "Żaneta", "محمد", "🎂", "김철수"]
    )
    def test_letters_and_stone_are_both_there(self, name: str) -> None:
        stamp = cut_seal(name, RED, 96, seed=1)
        inked = stamp[..., 3] > 128
        assert 0.35 < inked.mean() < 0.92
        middle = inked[24:72, 24:72]
        assert 0.2 < middle.mean() < 0.9

    def test_it_is_worn_otherwise_for_every_sender(self) -> None:
        assert np.array_equal(cut_seal("知夏", RED, 96, seed=1), cut_seal("知夏", RED, 96, seed=1))
        assert not np.array_equal(cut_seal("知夏", RED, 96, seed=1), cut_seal("知夏", RED, 96, seed=2))

    def test_it_stands_where_its_box_says(self) -> None:
        picture = make()
        box = picture.boxes["seal"]
        area = picture.pixels[int(box.top) : int(box.bottom), int(box.left) : int(box.right)].astype(int)
        reddish = (area[..., 0] - area[..., 1] > 60).mean()
        assert reddish > 0.3


class TestGrief:
    def test_colours_are_muted(self) -> None:
        festive = np.broadcast_to(np.array((176, 24, 28), np.uint8), (HEIGHT_PX, WIDTH_PX, 3)).copy()
        quiet_card = make(pixels=festive, palette=DARK, occasion=Occasion.CONDOLENCE).pixels
        loud_card = make(pixels=festive, palette=DARK).pixels
        assert saturation(quiet_card) < 0.5 * saturation(loud_card)

    def test_the_seal_is_not_red(self) -> None:
        red, green, blue = muted(LIGHT).seal
        assert max(red, green, blue) - min(red, green, blue) < 60


def saturation(pixels: Pixels) -> float:
    wide = pixels.astype(int)
    return float((wide.max(axis=2) - wide.min(axis=2)).mean())
