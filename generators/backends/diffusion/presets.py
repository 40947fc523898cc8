"""What a family of models wants to be asked, as data: see presets.toml."""

import functools
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from importlib import resources
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter


class Dtype(StrEnum):
    FLOAT32 = "float32"
    FLOAT16 = "float16"
    BFLOAT16 = "bfloat16"


class Preset(BaseModel):
    """Defaults of one family; settings may say otherwise.

    pipelines: names of the pipeline classes it fits.
    guidance_parameter: what the pipeline calls it. negative_prompt: None gives it none.
    size_multiple: both sides are generated in multiples of so many px.
    least_megapixels, most_megapixels: what the family was trained on. Sizes outside are generated at the
        nearest size inside and resized: smaller ones break apart, larger ones repeat themselves.
    reads_chinese: English style words are added to Chinese prompts when it does not.
    arguments: more of the pipeline's own arguments.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    pipelines: Annotated[tuple[str, ...], Field(min_length=1)]
    steps: Annotated[int, Field(ge=1, le=200)]
    guidance: Annotated[float, Field(ge=0, le=30)]
    guidance_parameter: Literal["guidance_scale", "true_cfg_scale"] = "guidance_scale"
    negative_prompt: str | None = None
    max_sequence_length: Annotated[int, Field(ge=16, le=4096)] | None = None
    size_multiple: Annotated[int, Field(ge=8, le=64)] = 16
    least_megapixels: Annotated[float, Field(gt=0)]
    most_megapixels: Annotated[float, Field(gt=0)]
    dtype: Dtype = Dtype.BFLOAT16
    max_batch: Annotated[int, Field(ge=1, le=64)] = 4
    reads_chinese: bool = False
    arguments: Mapping[str, bool | int | float | str] = Field(default_factory=dict)
    source: Annotated[str, StringConstraints(pattern=r"^https://")]


@functools.cache
def load_presets() -> Mapping[str, Preset]:
    """Every packaged preset by name."""
    path = resources.files("generators.backends.diffusion") / "presets.toml"
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return TypeAdapter(dict[str, Preset]).validate_python(tables)
