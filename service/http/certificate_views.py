"""Certificates and exports as they are shown: to everybody, and with more to their owner."""

import json
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from models.certificate import Certificate, CertificateChange, CertificateState
from models.export import WorkExport
from provenance.certificates import write_document
from service.certificates import queries
from service.certificates.formats import ExportFormat
from service.http.certificate_schemas import (
    CertificateRead,
    ChangeRead,
    DisclosureRead,
    ExportRead,
    LogPlaceRead,
)
from service.wiring import Services

PDF_AREA: Final = "certificates"  # of signed links
FILE_AREA: Final = "certified"
BUNDLE_AREA: Final = "bundles"


async def read_certificate(
    services: Services, session: AsyncSession, certificate: Certificate, viewer_id: UUID | None
) -> CertificateRead:
    """`certificate` with its leaf. viewer_id: who looks; its owner sees all."""
    is_owner = viewer_id is not None and certificate.owner_id == viewer_id
    changes = await queries.list_changes(session, certificate.id)
    return CertificateRead(
        id=certificate.id,
        number=certificate.number,
        state=certificate.state,
        kind=certificate.kind,
        created_at=certificate.created_at,
        issued_at=certificate.issued_at,
        revoked_at=certificate.revoked_at,
        erased_at=certificate.erased_at,
        content_sha256=_hex(certificate.content_sha256),
        manifest_sha256=_hex(certificate.manifest_sha256),
        log=_place(certificate),
        document=_document(certificate),
        changes=[_change(change) for change in changes],
        page_url=f"/c/{certificate.number}",
        proof_url=f"/v1/certificates/{certificate.number}/proof",
        title=certificate.title if is_owner or certificate.shows_work else None,
        work_id=certificate.work_id if is_owner else None,
        paid_with=certificate.paid_with if is_owner else None,
        pdf_url=_pdf_url(services, certificate) if is_owner else None,
        disclosure=_disclosure(certificate, changes) if is_owner else None,
    )


def read_export(services: Services, export: WorkExport) -> ExportRead:
    """`export` with its certificate and leaf."""
    now, is_made = services.clock(), export.object_key is not None
    return ExportRead(
        id=export.id,
        certificate=export.certificate.number,
        format=ExportFormat(export.format),
        size=export.size,
        labelled=export.is_labelled,
        state=export.state,
        progress=export.progress_percent / 100,
        failure=export.failure,
        media_type=export.media_type,
        width_px=export.width_px,
        height_px=export.height_px,
        size_bytes=export.size_bytes,
        sha256=_hex(export.sha256),
        manifest_sha256=_hex(export.manifest_sha256),
        log_index=export.leaf.leaf_index if export.leaf is not None else None,
        url=services.links.sign(FILE_AREA, export.id, now=now) if is_made else None,
        bundle_url=services.links.sign(BUNDLE_AREA, export.id, now=now) if is_made else None,
        created_at=export.created_at,
    )


def _place(certificate: Certificate) -> LogPlaceRead | None:
    document, leaf = _document(certificate), certificate.leaf
    if document is None or leaf is None or leaf.leaf_index is None:
        return None
    return LogPlaceRead(
        origin=document["statement"]["log"]["origin"], index=leaf.leaf_index, leaf_hash=leaf.leaf_hash.hex()
    )


def _document(certificate: Certificate) -> dict[str, dict[str, dict[str, str]]] | None:
    if certificate.statement is None or certificate.signature is None or certificate.key_id is None:
        return None
    found: dict[str, dict[str, dict[str, str]]] = json.loads(
        write_document(certificate.statement, certificate.signature, certificate.key_id)
    )
    return found


def _change(change: CertificateChange) -> ChangeRead:
    return ChangeRead(
        kind=change.kind, at=change.created_at, reason=change.reason, log_index=change.leaf.leaf_index
    )


def _pdf_url(services: Services, certificate: Certificate) -> str | None:
    if certificate.state is not CertificateState.ISSUED:
        return None
    return services.links.sign(PDF_AREA, certificate.id, now=services.clock())


def _disclosure(certificate: Certificate, changes: Sequence[CertificateChange]) -> DisclosureRead | None:
    """The salt of whoever owns it now: a transfer has one of its own."""
    salts = [change.salt for change in changes if change.salt is not None]
    salt = salts[-1] if salts else certificate.salt
    if salt is None or certificate.owner_id is None:
        return None
    return DisclosureRead(owner=str(certificate.owner_id), title=certificate.title or "", salt=salt.hex())


def _hex(digest: bytes | None) -> str | None:
    return None if digest is None else digest.hex()
