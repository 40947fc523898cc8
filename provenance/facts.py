"""What is known of a work when its file is sealed: all that a label or a manifest may say, and no more."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

_RULES: Final = "studio"  # the backend that is rules and never a model


class MiningChoice(StrEnum):
    """Whether others may train models on a work or mine it, as its creator chose.

    Source: CAWG training and data mining assertion 1.1, the values of `use`.
    """

    ALLOWED = "allowed"
    NOT_ALLOWED = "notAllowed"
    CONSTRAINED = "constrained"  # only by agreement with the creator


@dataclass(frozen=True, slots=True)
class MadeBy:
    """What made the work, or a part of it ("background", "words"); role is None for the whole."""

    backend: str
    model: str
    version: str
    is_model: bool
    role: str | None = None


@dataclass(frozen=True, slots=True)
class SealFacts:
    """One work, as its files may describe it.

    produce_id: the work's own number, the same in every file of it, fixed before anything is written.
    producer_code: the operator's registered code; None says that there is none.
    source_type: the full URI of an IPTC digital source type, as `provenance.labels` chooses it.
    language: "zh" or "en".
    made_at: aware, when the work was made; never when the file was.
    made_by: the whole first, then its parts.
    """

    produce_id: str
    producer_code: str | None
    source_type: str
    language: str
    title: str
    made_at: datetime
    made_by: tuple[MadeBy, ...]
    mining: MiningChoice = MiningChoice.NOT_ALLOWED

    @property
    def is_model(self) -> bool:
        """Whether a trained model had a part in it."""
        return any(maker.is_model for maker in self.made_by)


def makers_of(provenance: Mapping[str, Any]) -> tuple[MadeBy, ...]:
    """The whole and its parts, as a work's own record names them (`models.work.Work.provenance`).

    The record says once whether a model ran at all; where one did, it was whatever is not our own studio.
    """
    parts: Mapping[str | None, Mapping[str, Any]] = provenance.get("parts") or {}
    named = {None: provenance, **parts}
    return tuple(
        MadeBy(
            backend=str(described["backend"]),
            model=str(described["model"]),
            version=str(described["revision"]),
            is_model=bool(provenance["ai"]) and described["backend"] != _RULES,
            role=role,
        )
        for role, described in named.items()
    )
