"""What reading credentials is told, and what it tells of a manifest."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CredentialState(StrEnum):
    INTACT = "intact"  # nothing was changed, and the signer is one we trust
    UNKNOWN_SIGNER = "unknown_signer"  # nothing was changed; who signed is not known to us
    ALTERED = "altered"  # the file or its manifest is not as it was signed
    NONE = "none"  # no manifest


@dataclass(frozen=True, slots=True)
class CredentialTrust:
    """anchors_pem: roots whose signers are known to us; empty: none are."""

    anchors_pem: bytes = b""


@dataclass(frozen=True, slots=True)
class CredentialFacts:
    """What the active manifest says; empty where there is none.

    generator: name and version of the software that made the claim.
    actions: of the whole history, oldest first: "c2pa.created".
    source_types: full IPTC URIs that the actions name.
    signer: the common name, and the organisation, of the certificate.
    signed_at: as a time-stamp says; None without one. has_known_time: an authority that we trust made it;
        else it is as good as the signer's own word.
    codes: the validator's status codes of what failed, for developers.
    manifest_sha256: of the manifest store as it stands in the file; what a certificate remembers.
    produce_id: from our own assertion.
    """

    state: CredentialState
    generator: str | None = None
    title: str | None = None
    actions: tuple[str, ...] = ()
    source_types: tuple[str, ...] = ()
    ingredients: tuple[str, ...] = ()
    signer: str | None = None
    organisation: str | None = None
    signed_at: datetime | None = None
    has_known_time: bool = False
    produce_id: str | None = None
    manifest_sha256: bytes | None = None
    codes: tuple[str, ...] = ()
