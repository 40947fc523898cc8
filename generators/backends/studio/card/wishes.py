"""What a card asks of an image model: a prompt written from occasion, style and palette."""

import functools
import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints

from generators.backends.studio.card.occasions import load_occasions
from generators.backends.studio.card.page import HEIGHT_PX, WIDTH_PX
from generators.specs import CardSpec, ImageSpec, Occasion

_Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


class _Table(BaseModel):
    """See backgrounds.toml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: str
    occasions: Mapping[Occasion, _Words]
    palettes: Mapping[str, _Words]


def background_spec(spec: CardSpec) -> ImageSpec:
    """The picture behind a card. Nothing of what the sender wrote goes to the model."""
    table = _table()
    palette = load_occasions()[spec.occasion].palettes[spec.style]
    prompt = table.words.format(subject=table.occasions[spec.occasion], colours=table.palettes[palette])
    return ImageSpec(prompt=prompt, width_px=WIDTH_PX, height_px=HEIGHT_PX, style=spec.style)


@functools.cache
def _table() -> _Table:
    path = resources.files("generators.backends.studio.card") / "backgrounds.toml"
    return _Table.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
