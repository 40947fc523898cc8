"""What a stranger's file says of itself: its kind, hash, labels, manifest and looks. Judges nothing.

`provenance.examining` finds it; it travels as JSON (`to_json`, `from_json`).
"""

import base64
import json
from dataclasses import dataclass, field
from typing import Any, Final, Self

from pydantic import ConfigDict, TypeAdapter

from provenance.containers.carried import FoundLabel
from provenance.credentials.facts import CredentialFacts, CredentialState
from provenance.looks import Suppositions


@dataclass(frozen=True, slots=True)
class Examination:
    """One file. sha256: of all its bytes.

    container_fault: why its structure could not be read; then there is nothing else of it.
    looks: of pictures; None for other kinds, and for a picture that could not be decoded or is too large.
    """

    media_type: str
    size_bytes: int
    sha256: bytes
    labels: tuple[FoundLabel, ...] = ()
    credentials: CredentialFacts = field(default_factory=lambda: CredentialFacts(CredentialState.NONE))
    container_fault: str | None = None
    looks: Suppositions | None = None

    def to_json(self) -> str:
        """Everything, for another process."""
        plain = _PLAIN.dump_python(
            (
                self.media_type,
                self.size_bytes,
                self.sha256,
                self.labels,
                self.credentials,
                self.container_fault,
            ),
            mode="json",
        )
        looks = self.looks and [_packed(self.looks.coarse), _packed(self.looks.fine)]
        return json.dumps({"plain": plain, "looks": looks})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Raises: ValueError: it is not what `to_json` wrote."""
        try:
            found: dict[str, Any] = json.loads(text)
            looks = found["looks"]
            return cls(
                *_PLAIN.validate_python(found["plain"]),
                looks=looks and Suppositions(base64.b64decode(looks[0]), base64.b64decode(looks[1])),
            )
        except (KeyError, TypeError) as error:
            raise ValueError("not an examination") from error


_PLAIN: Final = TypeAdapter(
    tuple[str, int, bytes, tuple[FoundLabel, ...], CredentialFacts, str | None],
    config=ConfigDict(ser_json_bytes="base64", val_json_bytes="base64"),
)


def _packed(bits: bytes) -> str:
    return base64.b64encode(bits).decode()
