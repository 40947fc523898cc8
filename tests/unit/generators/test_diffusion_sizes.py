"""From the asked size to one that a model fills, and back; and the words it is given."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from generators.backends.diffusion.presets import load_presets
from generators.backends.diffusion.prompts import write_prompt
from generators.backends.diffusion.sizes import cut, fit
from generators.specs import ImageSpec, Style

SIDES = st.integers(32, 256).map(lambda eighth: eighth * 8)


class TestFit:
    @given(width=SIDES, height=SIDES, name=st.sampled_from(sorted(load_presets())))
    def test_any_size_fits_any_family(self, width: int, height: int, name: str) -> None:
        preset = load_presets()[name]
        canvas = fit(width, height, preset)
        assert canvas.width_px % preset.size_multiple == canvas.height_px % preset.size_multiple == 0
        assert 0 <= canvas.width_px - canvas.used_width_px < preset.size_multiple
        assert 0 <= canvas.height_px - canvas.used_height_px < preset.size_multiple
        used = canvas.used_width_px * canvas.used_height_px / 1e6
        assert 0.98 * preset.least_megapixels <= used <= 1.02 * preset.most_megapixels
        assert canvas.used_width_px / canvas.used_height_px == pytest.approx(width / height, rel=0.02)

    def test_a_size_that_fits_is_left_alone(self) -> None:
        canvas = fit(1024, 1024, load_presets()["sdxl"])
        assert (canvas.width_px, canvas.height_px) == (1024, 1024)

    def test_a_card_on_flux_loses_a_strip_and_nothing_else(self) -> None:
        canvas = fit(1080, 1440, load_presets()["flux1_dev"])
        assert (canvas.width_px, canvas.height_px) == (1088, 1440)
        assert (canvas.used_width_px, canvas.used_height_px) == (1080, 1440)


class TestCut:
    def test_the_middle_is_kept_as_it_is(self) -> None:
        painted = np.random.default_rng(1).integers(0, 255, (1440, 1088, 3), dtype=np.uint8)
        kept = cut(painted, fit(1080, 1440, load_presets()["flux1_dev"]), 1080, 1440)
        assert np.array_equal(kept, painted[:, 4:1084])
        assert kept.flags.c_contiguous

    @pytest.mark.parametrize(("width", "height"), [(256, 320), (1536, 2048)])
    def test_another_size_is_resized_without_shifting(self, width: int, height: int) -> None:
        canvas = fit(width, height, load_presets()["sdxl"])
        painted = np.zeros((canvas.height_px, canvas.width_px, 3), np.uint8)
        middle = (canvas.width_px // 2, canvas.height_px // 2)
        cv2.circle(painted, middle, canvas.width_px // 4, (255, 255, 255), -1)
        kept = cut(painted, canvas, width, height)
        assert kept.shape == (height, width, 3)
        rows, columns = np.nonzero(kept[..., 0] > 127)
        assert rows.mean() == pytest.approx(height / 2, abs=2)
        assert columns.mean() == pytest.approx(width / 2, abs=2)
        assert np.ptp(columns) == pytest.approx(width / 2, rel=0.02)


class TestPrompt:
    def test_without_a_style_the_words_are_the_users_own(self) -> None:
        assert write_prompt(ImageSpec(prompt="{prompt} 100%"), reads_chinese=True) == "{prompt} 100%"

    @pytest.mark.parametrize("style", Style)
    def test_a_style_adds_words_in_a_language_that_is_read(self, style: Style) -> None:
        chinese, english = (ImageSpec(prompt=words, style=style) for words in ("一只白鹤", "a crane"))
        assert write_prompt(chinese, reads_chinese=True).isascii() is False
        assert "painting" in write_prompt(ImageSpec(prompt="一只白鹤", style=Style.INK), reads_chinese=False)
        assert write_prompt(english, reads_chinese=True).isascii()
        assert "a crane" in write_prompt(english, reads_chinese=False)
        assert "一只白鹤" in write_prompt(chinese, reads_chinese=False)

    def test_braces_of_a_user_are_only_braces(self) -> None:
        spec = ImageSpec(prompt="{prompt} {0} {spec.seed}", style=Style.INK)
        assert "{prompt} {0} {spec.seed}" in write_prompt(spec, reads_chinese=False)
