"""The font catalogue: what is pinned, where it comes from, and which voice is set in which fonts."""

import functools
import tomllib
from importlib import resources
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, Field

CATALOGUE_FILE: Final = "catalogue.toml"


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NpmSource(_Entry):
    """One file of one pinned npm package; `integrity` is the package's own sha512, base64."""

    package: str
    version: str
    file: str
    integrity: str = Field(pattern="^sha512-")


class DebianSource(_Entry):
    """One font file of a Debian package; `sha256` pins the file, whatever the package's version."""

    package: str
    file: str
    sha256: str = Field(pattern="^[0-9a-f]{64}$")
    index: int = 0  # the face's place in a collection (.ttc)


class FontEntry(_Entry):
    """A font that set-up fetches."""

    id: str
    family: str
    role: str
    licence: str
    npm: NpmSource
    debian: DebianSource | None = None


class BundledEntry(_Entry):
    """A font inside an installed wheel."""

    id: str
    family: str
    role: str
    licence: str
    package: str
    file: str
    weight: int

    def path(self) -> Path:
        return Path(str(resources.files(self.package) / self.file))


class Converter(_Entry):
    package: str
    version: str
    integrity: str


class VoiceEntry(_Entry):
    """Ids of fonts for Han text and for Latin text; see the comments in catalogue.toml."""

    han: tuple[str, ...]
    latin: tuple[str, ...]
    latin_first: bool = False
    whole: bool = False


class Fallback(_Entry):
    fonts: tuple[str, ...]
    emoji: str


class Catalogue(_Entry):
    converter: Converter
    font: tuple[FontEntry, ...]
    bundled: tuple[BundledEntry, ...]
    voices: dict[str, VoiceEntry]
    fallback: Fallback


@functools.cache
def load_catalogue() -> Catalogue:
    """Read the packaged catalogue once."""
    text = resources.files("generators.fonts").joinpath(CATALOGUE_FILE).read_text(encoding="utf-8")
    return Catalogue.model_validate(tomllib.loads(text))
