"""From a spec to the words a model reads: the user's own, in the words of the style they chose."""

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources

import regex
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from generators.specs import ImageSpec, Style


class _Words(BaseModel):
    """A style in both languages; "{prompt}" is where the user's words go."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    zh: str = Field(pattern=r"\{prompt\}")
    en: str = Field(pattern=r"\{prompt\}")


def write_prompt(spec: ImageSpec, *, reads_chinese: bool) -> str:
    """The prompt of a spec. Chinese prompts get Chinese style words from a model that reads them."""
    if spec.style is None:
        return spec.prompt
    words = _styles()[spec.style]
    is_chinese = reads_chinese and regex.search(r"\p{Han}", spec.prompt) is not None
    return (words.zh if is_chinese else words.en).replace("{prompt}", spec.prompt)


@functools.cache
def _styles() -> Mapping[Style, _Words]:
    path = resources.files("generators.backends.diffusion") / "styles.toml"
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return TypeAdapter(dict[Style, _Words]).validate_python(tables)
