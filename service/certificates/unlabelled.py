"""The work once more, without its visible label; the implicit one and the manifest stay.

Only what can be made again exactly: lyrics, and pictures that our own painter made without a model.
Source: Measures for labelling AI-generated content, article 9.
"""

import hashlib
import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Final

from generators.backends.studio.revisions import IMAGE_REVISION
from generators.specs import Kind
from models.work import Work
from provenance.labels import visible_label
from service.certificates.errors import CannotBeMadeError
from service.certificates.formats import ExportFormat

KEPT: Final = timedelta(days=366)  # the law asks for six months at least
_TEXTS: Final = tomllib.loads(Path(__file__).with_name("unlabelled.toml").read_text("utf-8"))
TERMS_VERSION: Final[str] = _TEXTS["version"]
TERMS: Final[dict[str, str]] = _TEXTS["terms"]


def terms_sha256(language: str) -> bytes:
    """Of exactly what was shown."""
    return hashlib.sha256(TERMS[language].encode()).digest()


def can_be_made(work: Work, wanted: ExportFormat) -> bool:
    """Whether the work can be made again without its label."""
    if work.kind == Kind.LYRICS:
        return wanted is ExportFormat.TEXT
    made_by = work.provenance
    return (
        work.kind == Kind.IMAGE
        and (made_by["backend"], made_by["revision"]) == ("studio", IMAGE_REVISION)
        and not made_by["ai"]
    )


def words_without_label(work: Work, text: str) -> str:
    """Raises: CannotBeMadeError: the label is not where we put it."""
    label = visible_label(work.language or "zh", is_model=bool(work.provenance["ai"]))
    bare, found, rest = text.rstrip().rpartition(label)
    if not found or rest:
        raise CannotBeMadeError("label_not_found")
    return f"{bare.rstrip()}\n"
