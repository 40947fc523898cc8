"""Where a strange picture is calm, and which colours stand out on it."""

import cv2
import numpy as np
import pytest

from generators.backends.studio.art.paint import paint
from generators.backends.studio.card.contrast import luminance, ratios
from generators.backends.studio.card.dyeing import INK_RATIO, LARGE_RATIO, derive_palette
from generators.backends.studio.card.page import HEIGHT_PX, MARGIN_PX, WIDTH_PX
from generators.backends.studio.card.survey import find_calm, survey
from generators.contracts import Box, Pixels
from generators.specs import Style


def plain(red: int, green: int, blue: int) -> Pixels:
    return np.full((HEIGHT_PX, WIDTH_PX, 3), (red, green, blue), dtype=np.uint8)


def restless(seed: int = 1) -> Pixels:
    return np.random.default_rng(seed).integers(0, 255, (HEIGHT_PX, WIDTH_PX, 3), dtype=np.uint8)


def ratio(first: tuple[int, int, int], second: tuple[int, int, int]) -> float:
    return float(ratios(luminance(np.array(second, np.uint8)), first))


def share_inside(inner: Box, outer: Box) -> float:
    width = max(0.0, min(inner.right, outer.right) - max(inner.left, outer.left))
    height = max(0.0, min(inner.bottom, outer.bottom) - max(inner.top, outer.top))
    return width * height / ((inner.right - inner.left) * (inner.bottom - inner.top))


class TestCalm:
    @pytest.mark.parametrize(
        "quiet",
        [Box(60, 60, 1020, 720), Box(60, 620, 1020, 1280), Box(60, 60, 660, 1200), Box(420, 60, 1020, 1200)],
        ids=["above", "below", "left", "right"],
    )
    @pytest.mark.parametrize("level", [124, 236], ids=["as light as the rest", "lighter"])
    def test_the_quiet_place_is_found(self, quiet: Box, level: int) -> None:
        pixels = restless()
        pixels[int(quiet.top) : int(quiet.bottom), int(quiet.left) : int(quiet.right)] = level
        assert share_inside(find_calm(pixels), quiet) > 0.95  # it looks every 40 px

    def test_one_brightness_is_calmer_than_two(self) -> None:
        pixels = plain(240, 236, 226)
        pixels[:, :430] = (30, 30, 60)
        assert find_calm(pixels).left >= 420

    @pytest.mark.parametrize("pixels", [plain(128, 128, 128), restless()], ids=["plain", "restless"])
    def test_it_stays_inside_the_margins_and_above_the_foot(self, pixels: Pixels) -> None:
        calm = find_calm(pixels)
        assert calm.left >= MARGIN_PX
        assert calm.right <= WIDTH_PX - MARGIN_PX
        assert calm.top >= MARGIN_PX
        assert calm.bottom <= HEIGHT_PX - 160
        assert (calm.right - calm.left) * (calm.bottom - calm.top) > 0.15 * WIDTH_PX * HEIGHT_PX

    @pytest.mark.parametrize("style", Style)
    def test_it_agrees_with_painters_who_know(self, style: Style) -> None:
        painting = paint(style, seed=3, width_px=WIDTH_PX, height_px=HEIGHT_PX)
        assert share_inside(painting.calm, find_calm(painting.pixels)) > 0.6


class TestPalette:
    @pytest.mark.parametrize("level", range(0, 256, 15))
    @pytest.mark.parametrize("hue", [(1, 1, 1), (1, 0.2, 0.2), (0.2, 0.4, 1), (0.3, 1, 0.4), (1, 0.9, 0.3)])
    def test_words_are_legible_on_any_ground(self, level: int, hue: tuple[float, float, float]) -> None:
        red, green, blue = (round(level * channel) for channel in hue)
        palette = derive_palette(plain(red, green, blue), Box(100, 100, 900, 900))
        assert ratio(palette.ink, palette.paper) >= INK_RATIO
        assert ratio(palette.accent, palette.paper) >= LARGE_RATIO
        assert ratio(palette.seal, palette.paper) >= LARGE_RATIO
        assert palette.is_dark == (ratio(palette.paper, (0, 0, 0)) < ratio(palette.paper, (255, 255, 255)))

    def test_the_paper_is_the_calm_areas_colour(self) -> None:
        pixels = plain(20, 40, 160)
        pixels[100:900, 100:900] = (238, 228, 204)
        assert derive_palette(pixels, Box(100, 100, 900, 900)).paper == (238, 228, 204)

    def test_the_accent_is_the_pictures_own_colour(self) -> None:
        pixels = plain(240, 236, 226)
        cv2.circle(pixels, (540, 1200), 120, (200, 30, 40), -1)
        red, green, blue = derive_palette(pixels, Box(100, 100, 900, 900)).accent
        assert red > 2 * max(green, blue)


def test_a_picture_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fill the page"):
        survey(np.zeros((100, 100, 3), np.uint8), "a stamp")
