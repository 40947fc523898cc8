"""What can happen to a certificate after it was issued: another owner, or its end. Each is a new leaf."""

import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from core.ids import new_id
from models.certificate import Certificate, CertificateChange, CertificateState, ChangeKind
from models.transparency import LeafKind
from provenance import leaves
from provenance.log import queries as log_queries
from provenance.log.queries import NewLeaf
from service.certificates import queries
from service.certificates.errors import (
    CertificateNotFoundError,
    CertificateOverError,
    NotIssuedError,
    NotTransferableError,
)
from service.identity import queries as identity
from service.jobs.errors import IdempotencyKeyReusedError

REFUNDED = "refunded"  # the reason when the money went back


async def transfer(
    session: AsyncSession,
    certificate_id: UUID,
    *,
    owner_id: UUID,
    recipient_id: UUID,
    key: str,
    now: datetime,
) -> Certificate:
    """Make another account the owner; its exports go along, the work itself stays where it is.

    The same key transfers once. owner_id: who gives it; meanwhile it may be somebody else's.
    Raises: CertificateNotFoundError, NotTransferableError, CertificateOverError, NotIssuedError,
        IdempotencyKeyReusedError.
    """
    certificate = await queries.lock(session, certificate_id)
    if await _is_replay(session, certificate, ChangeKind.TRANSFER, key):
        if certificate.owner_id == owner_id:  # whoever has it did not give it away under this key
            raise IdempotencyKeyReusedError("This key was used for an earlier transfer.")
        return certificate
    _require_owner(certificate, owner_id)
    _require_issued(certificate)
    recipient = await identity.find_user(session, recipient_id)
    if recipient is None or recipient.closed_at is not None or recipient_id == certificate.owner_id:
        raise NotTransferableError("There is no such other account.")
    salt = secrets.token_bytes(leaves.SALT_BYTES)
    commitment = leaves.commit(salt, str(recipient_id), certificate.title or "")
    entry = leaves.transfer_entry(number=certificate.number, commitment=commitment, at=now)
    await queries.forget_salts(session, certificate.id)  # nobody is to find out who had it before
    await _add(session, certificate, ChangeKind.TRANSFER, entry, key, now, salt=salt)
    certificate.salt = salt
    certificate.owner_id = recipient_id
    certificate.idempotency_key = f"transfer:{new_id()}"  # the key was the former owner's
    return certificate


async def revoke(
    session: AsyncSession,
    certificate_id: UUID,
    *,
    reason: str,
    key: str,
    now: datetime,
    owner_id: UUID | None = None,
) -> Certificate:
    """Take a certificate back, for ever. reason: a code, which the log shows to everybody.

    owner_id: who takes it back; None: we do, whosever it is.
    Raises: CertificateNotFoundError: it is somebody else's meanwhile. CertificateOverError: revoked before,
        under another key. NotIssuedError.
    """
    certificate = await queries.lock(session, certificate_id)
    if await _is_replay(session, certificate, ChangeKind.REVOCATION, key):
        return certificate
    if owner_id is not None:
        _require_owner(certificate, owner_id)
    _require_issued(certificate)
    entry = leaves.revocation_entry(number=certificate.number, reason=reason, at=now)
    await _add(session, certificate, ChangeKind.REVOCATION, entry, key, now, reason=reason)
    certificate.state = CertificateState.REVOKED
    certificate.revoked_at = now
    return certificate


async def _is_replay(session: AsyncSession, certificate: Certificate, kind: ChangeKind, key: str) -> bool:
    change = await queries.find_change(session, certificate.id, key)
    if change is not None and change.kind is not kind:
        raise IdempotencyKeyReusedError("This key was used for another change.")
    return change is not None


def _require_owner(certificate: Certificate, owner_id: UUID) -> None:
    """Asked of the locked row: it may have been given away since somebody last looked."""
    if certificate.owner_id != owner_id:
        raise CertificateNotFoundError("There is no such certificate of yours.")


def _require_issued(certificate: Certificate) -> None:
    if certificate.state is CertificateState.REVOKED:
        raise CertificateOverError("This certificate was revoked.")
    if certificate.state is not CertificateState.ISSUED:
        raise NotIssuedError("This certificate is being made.")


async def _add(
    session: AsyncSession,
    certificate: Certificate,
    kind: ChangeKind,
    entry: bytes,
    key: str,
    now: datetime,
    *,
    salt: bytes | None = None,
    reason: str | None = None,
) -> None:
    leaf_kind = LeafKind.TRANSFER if kind is ChangeKind.TRANSFER else LeafKind.REVOCATION
    (leaf_id,) = await log_queries.append(session, [NewLeaf(leaf_kind, certificate.id, entry)], now=now)
    session.add(
        CertificateChange(
            certificate_id=certificate.id,
            idempotency_key=key,
            kind=kind,
            reason=reason,
            salt=salt,
            leaf_id=leaf_id,
            created_at=now,
        )
    )
    await session.flush()
