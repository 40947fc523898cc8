"""What an operator may say about one diffusion model. Imports no torch: configuration is read everywhere."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from generators.backends.diffusion.presets import Dtype, Preset, load_presets


class Offload(StrEnum):
    """Which weights wait in main memory; each saves more of the device's memory and costs more time."""

    NONE = "none"
    MODEL = "model"  # one model at a time is on the device
    SEQUENTIAL = "sequential"  # one layer at a time: very slow


def _known_preset(name: str) -> str:
    if name not in load_presets():
        raise ValueError(f"no such preset; there are {', '.join(load_presets())}")
    return name


ModelName = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\s\x00]+$")]
Hook = Annotated[str, StringConstraints(max_length=200, pattern=r"^[\w.]+:\w+$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Lora(_Frozen):
    """Extra weights, fused into the model when it is loaded.

    path: a folder, a file or a hub name; weight_name: the file in it, where there are several.
    """

    path: ModelName
    weight_name: str | None = None
    scale: float = Field(default=1.0, ge=-4, le=4)

    @property
    def label(self) -> str:
        """How the work's provenance names it."""
        return f"{Path(self.weight_name or self.path).stem}@{self.scale:g}"


class DiffusionSettings(_Frozen):
    """One text-to-image model and how to run it. None leaves a choice to the preset.

    model: a folder (absolute, or beginning with "." or "~") or a hub name.
    revision: branch, tag or, best, commit of a hub name.
    variant: suffix of the weight files, such as "fp16".
    safety_checker: "module:function", called as `safety.SafetyChecker` says.
    max_weights_gib: a model with more than this is refused before it is read.
    """

    engine: Literal["diffusers"] = "diffusers"
    model: ModelName
    preset: Annotated[str, AfterValidator(_known_preset)]
    revision: str | None = Field(default=None, max_length=100)
    variant: str | None = Field(default=None, pattern=r"^[\w.-]{1,40}$")
    local_files_only: bool = False
    dtype: Dtype | None = None
    device: str = Field(default="auto", pattern=r"^(auto|cpu|mps|xpu|cuda(:\d{1,3})?)$")
    offload: Offload = Offload.NONE
    vae_tiling: bool = False
    vae_slicing: bool = False
    compile: bool = False
    loras: tuple[Lora, ...] = Field(default=(), max_length=8)
    steps: int | None = Field(default=None, ge=1, le=200)
    guidance: float | None = Field(default=None, ge=0, le=30)
    negative_prompt: str | None = Field(default=None, max_length=1000)
    max_batch: int | None = Field(default=None, ge=1, le=64)
    least_megapixels: float | None = Field(default=None, gt=0, le=16)
    most_megapixels: float | None = Field(default=None, gt=0, le=16)
    safety_checker: Hook | None = None
    max_weights_gib: float = Field(default=160.0, gt=0)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.offload is not Offload.NONE and self.device == "cpu":
            raise ValueError("offload saves the memory of a device; there is none but the CPU")
        if self.offload is Offload.SEQUENTIAL and self.compile:
            raise ValueError("sequential offload moves what compile has fixed: choose one")
        preset = self.resolved()
        if preset.least_megapixels > preset.most_megapixels:
            raise ValueError("least_megapixels is more than most_megapixels")
        return self

    @property
    def folder(self) -> Path | None:
        """Where the model lies; None for a hub name."""
        if self.model[0] in "/.~":
            return Path(self.model).expanduser()
        return None

    @property
    def name(self) -> str:
        """The model's name without this machine's paths, its LoRAs added."""
        bare = self.model if self.folder is None else self.folder.resolve().name
        return "+".join([bare, *(lora.label for lora in self.loras)])

    def resolved(self) -> Preset:
        """The preset with what these settings say otherwise."""
        said = {
            "steps": self.steps,
            "guidance": self.guidance,
            "negative_prompt": self.negative_prompt,
            "max_batch": self.max_batch,
            "dtype": self.dtype,
            "least_megapixels": self.least_megapixels,
            "most_megapixels": self.most_megapixels,
        }
        return load_presets()[self.preset].model_copy(
            update={field: value for field, value in said.items() if value is not None}
        )
