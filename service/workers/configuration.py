"""The operator's file of backends: which models there are, and who is served by which, in what order.

[backends.painter]                # any name
engine = "diffusers"              # or "transformers", "openai"; the rest is the engine's own settings
model = "/models/sdxl"
preset = "sdxl"

[routes]                          # the first that is there serves; "studio" only where it is named
image = ["painter"]
card = ["painter", "studio"]      # who paints the background
words = ["studio"]                # who writes a card's message when the sender gave none
lyrics = ["studio"]

[tiers.gold]                      # other routes for some tiers; what is not named is as above
image = ["flux", "painter"]
"""

import tomllib
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from generators.backends.diffusion.settings import DiffusionSettings
from generators.backends.language.settings import OpenAiSettings, TransformersSettings

STUDIO: Final = "studio"
MAX_BYTES: Final = 256 * 1024

EngineSettings = Annotated[
    DiffusionSettings | TransformersSettings | OpenAiSettings, Field(discriminator="engine")
]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Names = Annotated[tuple[Name, ...], Field(min_length=1, max_length=8)]
PAINTERS: Final = (DiffusionSettings,)
WRITERS: Final = (TransformersSettings, OpenAiSettings)
ENGINES_OF: Final = {"image": PAINTERS, "card": PAINTERS, "lyrics": WRITERS, "words": WRITERS}


class BackendsFileError(ValueError):
    """The file cannot be used; says where and why."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TierRoutes(_Part):
    """None: as for everybody."""

    image: Names | None = None
    card: Names | None = None
    lyrics: Names | None = None
    words: Names | None = None


class RouteNames(_Part):
    """Names of backends, the first choice first."""

    image: Names = (STUDIO,)
    card: Names = (STUDIO,)
    lyrics: Names = (STUDIO,)
    words: Names = (STUDIO,)

    def changed_by(self, tier: TierRoutes) -> "RouteNames":
        """The routes of a tier."""
        return self.model_copy(update=tier.model_dump(exclude_none=True))


class BackendsFile(_Part):
    backends: dict[Name, EngineSettings] = {}
    routes: RouteNames = RouteNames()
    tiers: dict[str, TierRoutes] = {}

    @model_validator(mode="after")
    def _names_what_there_is(self) -> Self:
        if STUDIO in self.backends:
            raise ValueError("the name studio is taken by the built-in backend")
        tables = {"routes": self.routes, **{f"tiers.{tier}": routes for tier, routes in self.tiers.items()}}
        for place, routes in tables.items():
            for kind, engines in ENGINES_OF.items():
                for name in getattr(routes, kind) or ():
                    self._require(name, engines, f"{place}.{kind}")
        return self

    def _require(self, name: str, engines: tuple[type[BaseModel], ...], place: str) -> None:
        if name == STUDIO:
            return
        if name not in self.backends:
            raise ValueError(f"{place}: there is no backend named {name}")
        if not isinstance(self.backends[name], engines):
            wrong = f"{place}: {name} is a {self.backends[name].engine} backend, which makes other things"
            raise ValueError(wrong)  # noqa: TRY004 - pydantic collects ValueErrors

    def used(self) -> set[str]:
        """The backends that some route names; the others are not loaded."""
        tables = (self.routes, *self.tiers.values())
        return {name for table in tables for kind in ENGINES_OF for name in getattr(table, kind) or ()}


def read_backends_file(path: Path | None) -> BackendsFile:
    """None: the studio makes everything.

    Raises: BackendsFileError: it cannot be read, or breaks a rule; the process must not start.
    """
    if path is None:
        return BackendsFile()
    try:
        return BackendsFile.model_validate(tomllib.loads(_read_bounded(path)))
    except OSError as error:
        raise BackendsFileError(f"{path}: {error.strerror or error}") from error
    except ValidationError as error:  # its own text would show what was entered, keys included
        found = "; ".join(
            f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}"
            for one in error.errors(include_url=False, include_input=False)
        )
        raise BackendsFileError(f"{path}: {found}") from None
    except ValueError as error:  # of TOML or UTF-8
        raise BackendsFileError(f"{path}: {error}") from error


def _read_bounded(path: Path) -> str:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES} bytes")
    return content.decode()
