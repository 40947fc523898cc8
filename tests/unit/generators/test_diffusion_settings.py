"""What an operator may say about a diffusion model, and the presets behind it."""

import inspect
import subprocess
import sys
from pathlib import Path

import diffusers
import pytest
from pydantic import ValidationError

from generators.backends.diffusion.presets import Dtype, load_presets
from generators.backends.diffusion.settings import DiffusionSettings, Lora


def settings(**said: object) -> DiffusionSettings:
    return DiffusionSettings.model_validate(
        {"model": "stabilityai/sdxl-turbo", "preset": "sdxl_turbo"} | said
    )


class TestSettings:
    def test_reading_them_loads_no_torch(self) -> None:
        code = "import sys, generators.backends.diffusion.settings; sys.exit('torch' in sys.modules)"
        subprocess.run([sys.executable, "-c", code], check=True)

    def test_what_is_said_wins_over_the_preset(self) -> None:
        preset = settings(steps=9, guidance=0.0, dtype="bfloat16", max_batch=3).resolved()
        assert (preset.steps, preset.guidance, preset.dtype, preset.max_batch) == (9, 0.0, Dtype.BFLOAT16, 3)
        assert settings().resolved() == load_presets()["sdxl_turbo"]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"preset": "sdxl_trubo"},
            {"engine": "torch"},
            {"device": "gpu"},
            {"device": "cuda:"},
            {"steps": 0},
            {"max_batch": 1000},
            {"model": ""},
            {"model": "two words"},
            {"safety_checker": "no function"},
            {"device": "cpu", "offload": "model"},
            {"offload": "sequential", "compile": True},
            {"least_megapixels": 4.0},
            {"loras": [{"path": "x", "scale": 100}]},
            {"unknown": 1},
        ],
        ids=str,
    )
    def test_nonsense_is_refused(self, wrong: dict[str, object]) -> None:
        with pytest.raises(ValidationError):
            settings(**wrong)

    def test_a_path_is_no_hub_name(self, tmp_path: Path) -> None:
        assert settings().folder is None
        assert settings(model=str(tmp_path)).folder == tmp_path
        assert settings(model="./models/mine").folder == Path("models/mine")
        assert settings(model="~/mine").folder == Path.home() / "mine"

    def test_the_name_hides_this_machine_and_shows_the_loras(self, tmp_path: Path) -> None:
        lora = Lora(path="/secret/plum.safetensors", scale=0.8)
        assert settings(model=str(tmp_path / "base"), loras=[lora]).name == "base+plum@0.8"
        assert settings().name == "stabilityai/sdxl-turbo"


class TestPresets:
    @pytest.mark.parametrize("name", load_presets())
    def test_every_pipeline_of_a_preset_takes_what_it_says(self, name: str) -> None:
        preset = load_presets()[name]
        for pipeline in preset.pipelines:
            takes = inspect.signature(getattr(diffusers, pipeline).__call__).parameters
            assert {
                preset.guidance_parameter,
                *preset.arguments,
                "prompt",
                "generator",
                "output_type",
            } <= set(takes)
            assert preset.negative_prompt is None or "negative_prompt" in takes
            assert preset.max_sequence_length is None or "max_sequence_length" in takes
            # Else the pipeline would paint another size than it was asked for.
            assert (
                "use_resolution_binning" not in takes or preset.arguments["use_resolution_binning"] is False
            )

    @pytest.mark.parametrize("name", load_presets())
    def test_sizes_leave_room_for_a_card(self, name: str) -> None:
        preset = load_presets()[name]
        assert preset.least_megapixels < preset.most_megapixels

    def test_the_families_of_today_are_there(self) -> None:
        families = "sd15 sdxl sd35_large sd35_medium flux1_dev flux1_schnell flux2_klein qwen_image"
        assert set(families.split()) <= set(load_presets())
