"""What a picture that asks for help is about, before it is drawn: texts only, cheap to send."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from provenance.labels import source_type, visible_label

REVISION: Final = 2  # raise it when the same subject would be drawn differently
MEDIA_TYPE: Final = "image/jpeg"
LANGUAGES: Final = ("zh", "en")
_WORDS: Final[Mapping[str, Mapping[str, str]]] = tomllib.loads(
    Path(__file__).with_name("words.toml").read_text("utf-8")
)


class Shape(StrEnum):
    POSTER = "poster"  # 1080 x 1440, to be saved and sent
    PREVIEW = "og"  # 1200 x 630, for what shows previews of links


@dataclass(frozen=True, slots=True)
class Subject:
    """One picture of one link; the same subject is always the same picture.

    asker_name: screened, or None. url: what the code leads to. is_model: whether a model made the work.
    producer_code: see `ProvenanceSettings`.
    """

    link_id: UUID
    shape: Shape
    language: str
    asker_name: str | None
    url: str
    work_id: UUID | None = None
    is_model: bool = False
    producer_code: str | None = None

    @property
    def key(self) -> str:
        """Where it is kept."""
        return key_of(self.link_id, self.shape, self.language)

    def words(self) -> dict[str, str]:
        """Every word on the picture."""
        said = {name: words[self.language] for name, words in _WORDS.items()}
        unnamed = said.pop("asker_unnamed")
        asker = said["asker"].format(name=self.asker_name) if self.asker_name else unnamed
        return {**said, "asker": asker, "label": visible_label(self.language, is_model=self.is_model)}

    def to_line(self) -> bytes:
        """What the drawing process reads first; `read_line` there."""
        facts = {
            **asdict(self),
            "link_id": str(self.link_id),
            "work_id": self.work_id and str(self.work_id),
            "words": self.words(),
            "source_type": source_type(is_model=self.is_model),
        }
        return json.dumps(facts).encode() + b"\n"


def read_line(line: bytes) -> dict[str, Any]:
    """The facts of `Subject.to_line`."""
    facts: dict[str, Any] = json.loads(line)
    return facts


def key_of(link_id: UUID, shape: Shape, language: str, *, revision: int = REVISION) -> str:
    return f"unlock-links/{link_id}/{shape.value}-{language}-{revision}.jpg"


def keys_of(link_id: UUID) -> list[str]:
    """Every picture that a link may have left in the store, those of earlier releases too."""
    return [
        key_of(link_id, shape, language, revision=revision)
        for revision in range(1, REVISION + 1)
        for shape in Shape
        for language in LANGUAGES
    ]
