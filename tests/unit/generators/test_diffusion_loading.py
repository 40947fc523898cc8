"""Loading: what cannot be loaded says why, once, and later may."""

import shutil
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
from peft import LoraConfig, get_peft_model_state_dict

from generators.backends.diffusion.backend import RETRY_SECONDS, DiffusionBackend
from generators.backends.diffusion.settings import DiffusionSettings
from generators.contracts import BackendUnavailableError, Brief, Picture, Pixels, Unwatched
from generators.specs import ImageSpec
from tests.contracts.backends.diffusion import make_backend
from tests.factories.pipelines import save_sd, save_sdxl

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
kit: Any = diffusers  # its classes carry no types
WEIGHTS = "diffusion_pytorch_model.safetensors"
BRIEF = Brief(ImageSpec(prompt="plum", width_px=256, height_px=256), 7, "")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def paint(backend: DiffusionBackend) -> Pixels:
    (result,) = backend.generate([BRIEF], Unwatched())
    assert isinstance(result, Picture), result
    return result.pixels


def refusal(**said: object) -> str:
    backend = DiffusionBackend(DiffusionSettings.model_validate({"preset": "sd15"} | said))
    with pytest.raises(BackendUnavailableError) as error:
        backend.load()
    return str(error.value)


class TestRefusals:
    def test_a_missing_folder(self, tmp_path: Path) -> None:
        assert "is not a folder" in refusal(model=str(tmp_path / "nothing"))

    def test_a_hub_name_that_is_not_here(self) -> None:
        assert "huajian-tests/nothing" in refusal(model="huajian-tests/nothing", local_files_only=True)

    def test_a_preset_for_another_pipeline(self, models: Path) -> None:
        model = save_sdxl(models / "xl")
        assert "is a StableDiffusionXLPipeline" in refusal(model=str(model))

    def test_a_component_that_is_missing(self, tmp_path: Path) -> None:
        model = save_sd(tmp_path / "sd")
        shutil.rmtree(model / "vae")
        assert "does not load" in refusal(model=str(model))

    def test_a_device_that_is_not_here(self, models: Path) -> None:
        model = save_sd(models / "sd")
        assert "no device cuda:99" in refusal(model=str(model), device="cuda:99")

    @pytest.mark.parametrize("hook", ["no.such.module:check", "tests.fakes.safety_checkers:missing"])
    def test_a_safety_checker_that_is_not_there(self, models: Path, hook: str) -> None:
        assert "safety checker" in refusal(model=str(save_sd(models / "sd")), safety_checker=hook)

    def test_weights_of_another_shape(self, tmp_path: Path) -> None:
        model, other = save_sd(tmp_path / "sd"), save_sdxl(tmp_path / "xl")
        shutil.copy(other / "unet" / WEIGHTS, model / "unet" / WEIGHTS)
        assert "does not load" in refusal(model=str(model))


class TestRetrying:
    def test_a_failed_load_is_remembered_for_a_while(self, models: Path, tmp_path: Path) -> None:
        now = [100.0]
        settings = DiffusionSettings(
            model=str(tmp_path / "late"), preset="sd15", device="cpu", steps=1, least_megapixels=0.01
        )
        backend = DiffusionBackend(settings, monotonic=lambda: now[0])
        with pytest.raises(BackendUnavailableError):
            backend.generate([BRIEF], Unwatched())
        save_sd(tmp_path / "late")
        now[0] += RETRY_SECONDS - 1
        with pytest.raises(BackendUnavailableError):
            backend.generate([BRIEF], Unwatched())
        now[0] += 2
        assert paint(backend).shape == (256, 256, 3)


@pytest.fixture(scope="module")
def lora(models: Path) -> Path:
    """Random low-rank weights for the tiny model, saved as a trainer saves them."""
    model = save_sd(models / "sd")
    pipeline = kit.StableDiffusionPipeline.from_pretrained(model)
    config = LoraConfig(r=2, init_lora_weights=False, target_modules=["to_q", "to_k", "to_v"])
    pipeline.unet.add_adapter(config)
    layers = get_peft_model_state_dict(pipeline.unet)
    kit.StableDiffusionPipeline.save_lora_weights(models / "lora", unet_lora_layers=layers)
    return models / "lora"


class TestLoras:
    def painted(self, models: Path, lora: Path, scale: float) -> DiffusionBackend:
        loras = [{"path": str(lora), "scale": scale}]
        return make_backend(models, save_sd, "sd15", loras=loras)

    def test_they_change_the_picture_by_their_scale(self, models: Path, lora: Path) -> None:
        plain = paint(make_backend(models, save_sd, "sd15"))
        none, much = (paint(self.painted(models, lora, scale)) for scale in (0.0, 1.0))
        assert np.abs(plain.astype(int) - none).max() <= 1
        assert np.abs(plain.astype(int) - much).max() > 1

    def test_they_are_part_of_the_models_name(self, models: Path, lora: Path) -> None:
        assert self.painted(models, lora, 0.5).identity.model == "sd15+lora@0.5"

    def test_one_that_is_missing_is_a_model_that_does_not_load(self, models: Path) -> None:
        with pytest.raises(BackendUnavailableError):
            self.painted(models, models / "nowhere", 1.0).load()


class TestSaving:
    def test_sliced_decoding_paints_the_same(self, models: Path) -> None:
        plain = paint(make_backend(models, save_sd, "sd15"))
        sliced = paint(make_backend(models, save_sd, "sd15", vae_slicing=True))
        assert np.abs(plain.astype(int) - sliced).max() <= 1

    def test_decoding_by_tiles_is_switched_on(self, models: Path) -> None:
        backend = make_backend(models, save_sd, "sd15", vae_tiling=True)
        assert backend.load().pipeline.vae.use_tiling
        assert paint(backend).shape == (256, 256, 3)
