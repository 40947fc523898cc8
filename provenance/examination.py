"""What a stranger's file says of itself: its kind, hash, labels, manifest and looks. Judges nothing.

This is the half of verifying that parses hostile bytes. It belongs into a process that may starve, spin or
crash as it likes; what it found travels as JSON (`to_json`, `from_json`).
"""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
from pydantic import ConfigDict, TypeAdapter

from provenance.containers.errors import ContainerError
from provenance.containers.reading import FoundLabel, read_labels
from provenance.credentials.reading import CredentialFacts, CredentialState, CredentialTrust, read_credentials
from provenance.fingerprints import Suppositions, suppose
from provenance.kinds import tell_kind
from provenance.looking import UnseenError, look

MOST_LABELS: Final = 16  # that are reported


class UnknownKindError(ValueError):
    """Not a kind of file that can be checked."""


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
                looks=looks and Suppositions(_unpacked(looks[0]), _unpacked(looks[1]).reshape(-1, 4)),
            )
        except (KeyError, TypeError) as error:
            raise ValueError("not an examination") from error


_PLAIN: Final = TypeAdapter(
    tuple[str, int, bytes, tuple[FoundLabel, ...], CredentialFacts, str | None],
    config=ConfigDict(ser_json_bytes="base64", val_json_bytes="base64"),
)


def examine(content: bytes, trust: CredentialTrust) -> Examination:
    """Blocks; the size of the file must be bounded already.

    Raises: UnknownKindError: nothing was parsed.
    """
    media_type = tell_kind(content)
    if media_type is None:
        raise UnknownKindError("not a kind of file that can be checked")
    fault = None
    labels: list[FoundLabel] = []
    credentials = CredentialFacts(CredentialState.NONE)
    try:
        labels = read_labels(content, media_type)
        credentials = read_credentials(content, media_type, trust)
    except ContainerError as error:
        fault = str(error)
    return Examination(
        media_type=media_type,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).digest(),
        labels=tuple(labels[:MOST_LABELS]),
        credentials=credentials,
        container_fault=fault,
        looks=_looks(content, media_type) if fault is None else None,
    )


def _looks(content: bytes, media_type: str) -> Suppositions | None:
    try:
        pixels = look(content, media_type)
    except UnseenError:
        return None
    return suppose(pixels)


def _packed(words: np.ndarray[Any, np.dtype[np.uint64]]) -> str:
    return base64.b64encode(words.astype(">u8").tobytes()).decode()


def _unpacked(text: str) -> np.ndarray[Any, np.dtype[np.uint64]]:
    return np.frombuffer(base64.b64decode(text), ">u8").astype(np.uint64)
