"""Wire shapes of a verification."""

from typing import Final

from pydantic import Field

from models.certificate import CertificateState
from provenance.credentials.facts import CredentialState
from provenance.verification.report import Answer, Outcome
from service.http.schemas import Moment, Schema, example

_HASH: Final = "9ba9a6dd83fc54c295acc210b89e5820ca0464e48719477ccd9383118ab3922e"


class VerifiedFileRead(Schema):
    name: str | None = Field(description="In the bundle, when one was sent.")
    media_type: str = Field(description="By its first bytes, whatever was announced.")
    size_bytes: int
    sha256: str


class CheckRead(Schema):
    step: int = Field(ge=1, le=10, description="As numbered in docs/provenance.md.")
    name: str
    outcome: Outcome = Field(
        description="passed; failed: something speaks against it; unknown: nobody we know says so; absent: "
        "there is nothing to check; skipped: we could not."
    )
    outcome_text: str
    code: str = Field(description="Stable; what exactly was found.")
    text: str


class NotCheckedRead(Schema):
    code: str
    text: str


class FoundLabelRead(Schema):
    """The implicit label in the file (GB 45438-2025). Anybody can write one."""

    producer: str
    produce_id: str
    place: str


class FoundCredentialsRead(Schema):
    """The C2PA manifest in the file."""

    state: CredentialState
    signer: str | None
    organisation: str | None
    generator: str | None
    signed_at: Moment | None
    has_known_time: bool = Field(description="Whether an authority that we know attests the time.")
    actions: list[str]
    source_types: list[str]


class FoundCertificateRead(Schema):
    number: str
    issuer: str
    issued_at: Moment
    development: bool
    state: CertificateState | None = Field(description="Null for one that is not ours to look up.")
    page_url: str | None


class SimilarRead(Schema):
    number: str
    page_url: str
    kind: str
    issued_at: Moment | None
    difference_bits: int = Field(ge=0, le=256, description="Of 256; 0 looks the same, over 40 is not shown.")


class VerificationRead(Schema):
    model_config = example(
        {
            "answer": "altered",
            "title": "Altered",
            "summary": "The file, or what came with it, is not as it was signed.",
            "file": {"name": None, "media_type": "image/jpeg", "size_bytes": 351_022, "sha256": _HASH},
            "checks": [
                {
                    "step": 3,
                    "name": "C2PA signature",
                    "outcome": "failed",
                    "outcome_text": "failed",
                    "code": "manifest_altered",
                    "text": "The file is not as it was when the manifest was signed (…dataHash.mismatch).",
                }
            ],
            "not_checked": [{"code": "truth", "text": "Whether what it shows or says is true."}],
            "label": {
                "producer": "001191440300708461136T1XGW3",
                "produce_id": "0199c3f2b7a0",
                "place": "xmp",
            },
            "credentials": {
                "state": "altered",
                "signer": "Huajian",
                "organisation": "Huajian",
                "generator": "Huajian 0.1.0",
                "signed_at": None,
                "has_known_time": False,
                "actions": ["c2pa.created"],
                "source_types": ["http://cv.iptc.org/newscodes/digitalsourcetype/algorithmicMedia"],
            },
            "certificate": None,
            "similar": [
                {
                    "number": "HJ-7X2M-0C5F-G5MK",
                    "page_url": "/c/HJ-7X2M-0C5F-G5MK",
                    "kind": "card",
                    "issued_at": "2026-11-24T08:00:01.000Z",
                    "difference_bits": 2,
                }
            ],
        }
    )

    answer: Answer = Field(
        description="intact: every byte is as somebody we know signed it; signer_unknown: nothing speaks "
        "against it, nobody we know vouches for it; altered; nothing_found: it says nothing of itself."
    )
    title: str
    summary: str
    file: VerifiedFileRead
    checks: list[CheckRead]
    not_checked: list[NotCheckedRead] = Field(description="What no verification can tell.")
    label: FoundLabelRead | None
    credentials: FoundCredentialsRead | None
    certificate: FoundCertificateRead | None
    similar: list[SimilarRead] = Field(
        description="Certified pictures that look like this one, nearest first: a hint, never a proof."
    )
