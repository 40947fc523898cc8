"""Model folders that are missing, cut short, too large or hostile are refused before they are read."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from generators.backends.diffusion.weights import fingerprint, inspect_model
from generators.contracts import BackendUnavailableError
from tests.factories.pipelines import save_sd


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_sd(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture
def model(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "tiny"))


def weights(model: Path) -> Path:
    return model / "unet" / "diffusion_pytorch_model.safetensors"


def no_folder(model: Path) -> None:
    shutil.rmtree(model)


def no_index(model: Path) -> None:
    (model / "model_index.json").unlink()


def garbled_index(model: Path) -> None:
    (model / "model_index.json").write_text("[" * 200_000, encoding="utf-8")


def index_of_another_kind(model: Path) -> None:
    (model / "model_index.json").write_text('["StableDiffusionPipeline"]', encoding="utf-8")


def index_with_custom_code(model: Path) -> None:
    index = json.loads((model / "model_index.json").read_text(encoding="utf-8"))
    index["_class_name"] = ["pipeline", "Mine"]
    (model / "model_index.json").write_text(json.dumps(index), encoding="utf-8")


def own_code(model: Path) -> None:
    (model / "unet" / "modeling.py").write_text("raise SystemExit", encoding="utf-8")


def huge_index(model: Path) -> None:
    with (model / "model_index.json").open("r+b") as file:
        file.truncate(2_000_000)


def huge_configuration(model: Path) -> None:
    with (model / "unet" / "config.json").open("r+b") as file:
        file.truncate(100_000_000)  # sparse


def cut_short(model: Path) -> None:
    with weights(model).open("r+b") as file:
        file.truncate(weights(model).stat().st_size - 1)


def longer_than_said(model: Path) -> None:
    with weights(model).open("ab") as file:
        file.write(b"x")


def header_bomb(model: Path) -> None:
    with weights(model).open("r+b") as file:
        file.write((1 << 62).to_bytes(8, "little"))


def garbled_header(model: Path) -> None:
    with weights(model).open("r+b") as file:
        file.seek(8)
        file.write(b"\xff" * 64)


def empty_file(model: Path) -> None:
    weights(model).write_bytes(b"")


def only_pickles(model: Path) -> None:
    for path in model.rglob("*.safetensors"):
        path.rename(path.with_suffix(".bin"))


def huge_weights(model: Path) -> None:
    with (model / "unet" / "more.safetensors").open("wb") as file:
        file.truncate(3 << 30)  # sparse


HARMS: list[Callable[[Path], None]] = [
    no_folder,
    no_index,
    garbled_index,
    index_of_another_kind,
    index_with_custom_code,
    own_code,
    huge_index,
    huge_configuration,
    cut_short,
    longer_than_said,
    header_bomb,
    garbled_header,
    empty_file,
    only_pickles,
    huge_weights,
]


class TestInspect:
    def test_a_sound_model_names_its_pipeline(self, model: Path) -> None:
        assert inspect_model(model, max_weights_gib=1) == "StableDiffusionPipeline"

    @pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
    def test_harm_is_found_and_named(self, model: Path, harm: Callable[[Path], None]) -> None:
        harm(model)
        with pytest.raises(BackendUnavailableError) as refusal:
            inspect_model(model, max_weights_gib=1)
        assert str(model.parent) not in str(refusal.value)  # a log line tells no paths of the machine


class TestFingerprint:
    def test_it_changes_with_one_number_of_the_weights(self, model: Path) -> None:
        before = fingerprint(model)
        assert before == fingerprint(model)
        with weights(model).open("r+b") as file:
            file.seek(-4, 2)
            file.write(b"\x01\x02\x03\x04")
        assert fingerprint(model) != before
