"""Wire shapes of certificates and exports."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from models.certificate import CertificateState, ChangeKind, Payment
from models.export import WorkExportState
from provenance.facts import MiningChoice
from service.certificates.formats import ExportFormat
from service.http.auth import Body
from service.http.schemas import Moment, Schema, example

Size = Literal["original", "1080", "720", "480"]
HASH = "9ba9a6dd83fc54c295acc210b89e5820ca0464e48719477ccd9383118ab3922e"


class CertificateCreate(Body):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"show_work": True, "mining": "notAllowed"}]}
    )

    show_work: bool = Field(
        default=False, description="Let the certificate's public page show the title and a small picture."
    )
    mining: MiningChoice = Field(
        default=MiningChoice.NOT_ALLOWED,
        description="Whether others may train models on the work; every exported file says so.",
    )


class CertificateCheckout(Body):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"currency": "CNY"}]})

    currency: Annotated[
        str | None, Field(pattern="^[A-Z]{3}$", description="None: the one that suits the language.")
    ] = None


class LogPlaceRead(Schema):
    origin: str = Field(description="The log's name, and that of its key.")
    index: int
    leaf_hash: str


class ChangeRead(Schema):
    kind: ChangeKind
    at: Moment
    reason: str | None
    log_index: int | None = Field(description="Null for the second that the log needs.")


class DisclosureRead(Schema):
    """What opens the commitment: whoever shows it shows whose the work is. For the owner's eyes only."""

    owner: str
    title: str
    salt: str


class CertificateRead(Schema):
    model_config = example(
        {
            "id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f",
            "number": "HJ-7X2M-0C5F-G5MK",
            "state": "issued",
            "kind": "card",
            "created_at": "2026-11-24T08:00:00.000Z",
            "issued_at": "2026-11-24T08:00:01.000Z",
            "revoked_at": None,
            "erased_at": None,
            "content_sha256": HASH,
            "manifest_sha256": HASH,
            "log": {"origin": "huajian.example/log", "index": 41, "leaf_hash": HASH},
            "document": {"statement": {}, "signature": {}},
            "changes": [],
            "page_url": "/c/HJ-7X2M-0C5F-G5MK",
            "proof_url": "/v1/certificates/HJ-7X2M-0C5F-G5MK/proof",
            "title": "中秋快乐",
            "work_id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e2e",
            "paid_with": "credits",
            "pdf_url": "/certificates/0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f?expires=1796112000&signature=…",
            "disclosure": None,
        }
    )

    id: UUID
    number: str = Field(description="What is printed on it; can be used wherever the id can.")
    state: CertificateState = Field(
        description="ordered and logged last for a moment; issued is signed; what failed cost nothing."
    )
    kind: str
    created_at: Moment
    issued_at: Moment | None
    revoked_at: Moment | None
    erased_at: Moment | None = Field(description="When what linked it to a person was erased.")
    content_sha256: str | None = Field(description="Of the certified file.")
    manifest_sha256: str | None = Field(description="Of the C2PA manifest in it.")
    log: LogPlaceRead | None
    document: dict[str, Any] | None = Field(
        description="The certificate itself: a canonical statement (RFC 8785) and its Ed25519 signature."
    )
    changes: list[ChangeRead] = Field(description="Transfers and the revocation, oldest first.")
    page_url: str = Field(description="For people.")
    proof_url: str = Field(description="The `.tlog-proof`, for checking offline.")
    title: str | None = Field(description="For the owner, and where the owner shows the work.")
    work_id: UUID | None = Field(description="For the owner.")
    paid_with: Payment | None = Field(description="For the owner.")
    pdf_url: str | None = Field(description="For the owner: a signed link that expires.")
    disclosure: DisclosureRead | None = Field(description="For the owner.")


class CertificateUpdate(Body):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"show_work": False}]})

    show_work: bool


class TransferCreate(Body):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"recipient_id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f"}]},
    )

    recipient_id: UUID = Field(description="The `id` of the account that it goes to.")


class RevocationCreate(Body):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "withdrawn"}]})

    reason: Literal["withdrawn", "mistaken", "superseded"] = Field(
        description="A code: it stands in the public log for ever."
    )


class ExportCreate(Body):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"format": "jpeg", "size": "1080"}]}
    )

    format: ExportFormat
    size: Size = Field(default="original", description="The shortest side in pixels; nothing is enlarged.")
    unlabelled: bool = Field(
        default=False, description="Without the visible label; needs `agree_to`. The implicit one stays."
    )
    agree_to: Annotated[
        str | None,
        Field(max_length=16, description="The version of the terms, as the 409 problem named it."),
    ] = None


class ExportRead(Schema):
    model_config = example(
        {
            "id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e3f",
            "certificate": "HJ-7X2M-0C5F-G5MK",
            "format": "jpeg",
            "size": "original",
            "labelled": True,
            "state": "ready",
            "progress": 1.0,
            "failure": None,
            "media_type": "image/jpeg",
            "width_px": 1080,
            "height_px": 1440,
            "size_bytes": 351_022,
            "sha256": HASH,
            "manifest_sha256": HASH,
            "log_index": 42,
            "url": "/certified/0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e3f?expires=1796112000&signature=…",
            "bundle_url": "/bundles/0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e3f?expires=1796112000&signature=…",
            "created_at": "2026-11-24T08:00:00.000Z",
        }
    )

    id: UUID
    certificate: str
    format: ExportFormat
    size: Size
    labelled: bool
    state: WorkExportState
    progress: float = Field(ge=0, le=1)
    failure: str | None
    media_type: str | None
    width_px: int | None
    height_px: int | None
    size_bytes: int | None
    sha256: str | None = Field(description="Of the file; the same for ever.")
    manifest_sha256: str | None
    log_index: int | None
    url: str | None = Field(description="A signed link that expires; ask again then.")
    bundle_url: str | None = Field(
        description="A ZIP of the file, the certificate (JSON, PDF), its proofs and how to verify."
    )
    created_at: Moment


class ExportList(Schema):
    certificate: CertificateRead | None = Field(description="Null: certify the work first.")
    formats: list[ExportFormat] = Field(description="What the work can be exported as, its own first.")
    sizes: list[Size]
    items: list[ExportRead]
