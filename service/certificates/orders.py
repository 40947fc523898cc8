"""What the process that makes files is asked for, and what it brings: plain data, cheap to send."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from provenance.facts import SealFacts
from service.certificates.formats import ORIGINAL, ExportFormat

# What is asked for: the head of a message has one of these under `ASKED`.
ASKED: Final = "asked"
FILE: Final = "file"
FINGERPRINT: Final = "fingerprint"
PAINTING: Final = "painting"
PAPER: Final = "paper"
SIGNATURE: Final = "signature"  # asked by the child, of us

# How it is refused: the head of an answer has one of these under `REFUSED`, and `REASON` beside it.
REFUSED: Final = "refused"
REASON: Final = "reason"
CANNOT_BE_MADE: Final = "cannot_be_made"
NOT_SIGNED: Final = "not_signed"
EXHAUSTED: Final = "exhausted"
BROKEN: Final = "broken"


@dataclass(frozen=True, slots=True)
class FileOrder:
    """A file to make of another and to seal.

    media_type, width_px, height_px: of the file that it is made of. wanted: None for nothing but the sealing.
    note: what stands small at the foot of a document.
    """

    media_type: str
    facts: SealFacts
    wanted: ExportFormat | None = None
    size: str = ORIGINAL
    note: str = ""
    width_px: int | None = None
    height_px: int | None = None


@dataclass(frozen=True, slots=True)
class MadeFile:
    """The bytes that leave. sha256: of all of them. width_px, height_px: None for what has no size.

    manifest_sha256: of the C2PA manifest store in it; None where there is none.
    """

    content: bytes
    media_type: str
    sha256: bytes
    manifest_sha256: bytes | None
    width_px: int | None
    height_px: int | None


@dataclass(frozen=True, slots=True)
class SignerFacts:
    """What is known of who signs; the key is not. Source: `provenance.credentials.signers.ClaimSigner`."""

    chain_pem: str
    time_authority_url: str | None


@dataclass(frozen=True, slots=True)
class PaperFacts:
    """Everything that is printed, but for the work's still picture, which travels beside it.

    title: empty once it was erased. text: the words of a work without a picture.
    """

    number: str
    issuer: str
    is_development: bool
    issued_at: datetime
    kind: str
    title: str
    text: str | None
    made_by: str
    is_model: bool
    origin: str
    index: int
    content_sha256: str
    commitment: str
    url: str
