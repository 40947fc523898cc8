"""Look through a stranger's file: the half of verifying that parses hostile bytes.

It belongs into a process that may starve, spin or crash as it likes.
"""

import hashlib
from typing import Final

from provenance.containers.carried import FoundLabel
from provenance.containers.errors import ContainerError
from provenance.containers.reading import read_labels
from provenance.credentials.facts import CredentialFacts, CredentialState, CredentialTrust
from provenance.credentials.reading import read_credentials
from provenance.examination import Examination
from provenance.fingerprints import suppose
from provenance.kinds import tell_kind
from provenance.looking import UnseenError, look
from provenance.looks import Suppositions

MOST_LABELS: Final = 16  # that are reported


class UnknownKindError(ValueError):
    """Not a kind of file that can be checked."""


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
