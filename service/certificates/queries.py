"""Every statement about certificates."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from models.certificate import Certificate, CertificateChange, CertificateState
from models.export import WorkExport
from models.fingerprint import PictureFingerprint
from models.order import DisputeState, Order, OrderDispute, OrderState
from models.transparency import LogLeaf
from models.work import WorkFile
from provenance.certificates import NUMBER
from provenance.looks import COARSE_BITS, Fingerprint
from service.certificates.errors import CertificateNotFoundError

LEASE = timedelta(seconds=60)  # for one attempt to make it
OPEN = (CertificateState.ORDERED, CertificateState.LOGGED)
SIGNED = (CertificateState.ISSUED, CertificateState.REVOKED)


async def insert_once(session: AsyncSession, values: Mapping[str, Any]) -> Certificate | None:
    """A new certificate; None when the work has one, or the key was used."""
    statement = insert(Certificate).values(**values).on_conflict_do_nothing().returning(Certificate)
    return await session.scalar(statement)


async def find_by_key(session: AsyncSession, owner_id: UUID, key: str) -> Certificate | None:
    statement = select(Certificate).where(
        Certificate.owner_id == owner_id, Certificate.idempotency_key == key
    )
    return await session.scalar(statement.options(selectinload(Certificate.leaf)))


async def find_of_work(session: AsyncSession, work_id: UUID) -> Certificate | None:
    """The work's certificate; one that failed does not count."""
    statement = select(Certificate).where(
        Certificate.work_id == work_id, Certificate.state != CertificateState.FAILED
    )
    return await session.scalar(statement.options(selectinload(Certificate.leaf)))


async def find_by_order(session: AsyncSession, order_id: UUID) -> Certificate | None:
    return await session.scalar(select(Certificate).where(Certificate.order_id == order_id))


async def list_refunded(session: AsyncSession, *, limit: int) -> Sequence[Certificate]:
    """Certificates that stand, or are still to be made, and whose money went back to its buyer; locked.

    Their orders are locked too: whoever applies what became of the money holds that lock.
    """
    is_lost = exists().where(OrderDispute.order_id == Order.id, OrderDispute.state == DisputeState.LOST)
    statement = (
        select(Certificate)
        .join(Order, Order.id == Certificate.order_id)
        .where(
            Order.state.in_((OrderState.REFUNDED, OrderState.DISPUTED)),
            Order.subject_id.is_not(None),
            or_(Order.state == OrderState.REFUNDED, is_lost),
            Certificate.state.in_((CertificateState.ORDERED, CertificateState.ISSUED)),
        )
        .order_by(Certificate.id)
        .limit(limit)
        .with_for_update(of=(Certificate, Order), skip_locked=True)
    )
    return (await session.scalars(statement)).all()


async def list_of_works(session: AsyncSession, work_ids: Sequence[UUID]) -> dict[UUID, Certificate]:
    """Certificates by work."""
    statement = select(Certificate).where(
        Certificate.work_id.in_(work_ids), Certificate.state != CertificateState.FAILED
    )
    found = await session.scalars(statement)
    return {one.work_id: one for one in found if one.work_id is not None}


async def get(session: AsyncSession, certificate_id: UUID) -> Certificate:
    """With its leaf. Raises: CertificateNotFoundError."""
    statement = select(Certificate).where(Certificate.id == certificate_id)
    found = await session.scalar(
        statement.options(selectinload(Certificate.leaf)).execution_options(populate_existing=True)
    )
    if found is None:
        raise CertificateNotFoundError("There is no such certificate.")
    return found


async def get_public(session: AsyncSession, reference: str) -> Certificate:
    """A certificate by what is printed on it, or by its id, with its leaf; failed ones are nobody's.

    Raises: CertificateNotFoundError.
    """
    named = reference.strip().upper()
    if NUMBER.fullmatch(named):
        condition = Certificate.number == named
    else:
        try:
            condition = Certificate.id == UUID(reference)
        except ValueError:
            raise CertificateNotFoundError("There is no such certificate.") from None
    statement = select(Certificate).where(condition, Certificate.state != CertificateState.FAILED)
    found = await session.scalar(statement.options(selectinload(Certificate.leaf)))
    if found is None:
        raise CertificateNotFoundError("There is no such certificate.")
    return found


async def get_own(session: AsyncSession, reference: str, owner_id: UUID) -> Certificate:
    """Raises: CertificateNotFoundError, also for somebody else's."""
    found = await get_public(session, reference)
    if found.owner_id != owner_id:
        raise CertificateNotFoundError("There is no such certificate of yours.")
    return found


async def get_owned_or_given(
    session: AsyncSession, reference: str, owner_id: UUID, key: str | None
) -> Certificate:
    """The owner's certificate, or one that was transferred under this very key: a retry finds it still.

    Raises: CertificateNotFoundError.
    """
    found = await get_public(session, reference)
    if found.owner_id == owner_id or (key and await find_change(session, found.id, key) is not None):
        return found
    raise CertificateNotFoundError("There is no such certificate of yours.")


async def find_by_file(
    session: AsyncSession, sha256: bytes, manifest_sha256: bytes | None
) -> tuple[Certificate, WorkExport] | None:
    """The certificate that this file belongs to; if there is none, that of the file with this manifest.

    Else whoever turns one byte that the manifest does not cover would leave a revocation behind.
    """
    by_manifest = [] if manifest_sha256 is None else [WorkExport.manifest_sha256 == manifest_sha256]
    for is_it in (WorkExport.sha256 == sha256, *by_manifest):
        statement = (
            select(WorkExport)
            .where(is_it)
            .options(
                selectinload(WorkExport.certificate).selectinload(Certificate.leaf),
                selectinload(WorkExport.leaf),
            )
            .limit(1)
        )
        found = await session.scalar(statement)
        if found is not None:
            return found.certificate, found
    return None


async def get_original(session: AsyncSession, certificate_id: UUID) -> WorkExport:
    """The certified file itself: the export that shares the certificate's leaf."""
    statement = (
        select(WorkExport)
        .join(Certificate, Certificate.leaf_id == WorkExport.leaf_id)
        .where(Certificate.id == certificate_id, WorkExport.certificate_id == certificate_id)
    )
    return (await session.scalars(statement)).one()


async def find_fingerprint(session: AsyncSession, certificate_id: UUID) -> Fingerprint | None:
    """What the certified picture looks like; None for words."""
    statement = select(PictureFingerprint).where(PictureFingerprint.certificate_id == certificate_id)
    found = await session.scalar(statement)
    return None if found is None else Fingerprint(found.coarse % (1 << COARSE_BITS), found.fine)


async def find_picture_key(session: AsyncSession, certificate: Certificate) -> str | None:
    """Where the work's still picture lies: its poster, or the work itself where that is one."""
    statement = (
        select(WorkFile.object_key)
        .where(
            WorkFile.work_id == certificate.work_id,
            WorkFile.role.in_(("poster", "preview")),
            WorkFile.media_type.like("image/%"),
        )
        .order_by(WorkFile.role)  # "poster" comes first
        .limit(1)
    )
    return await session.scalar(statement)


async def lock(session: AsyncSession, certificate_id: UUID) -> Certificate:
    """Raises: CertificateNotFoundError."""
    statement = select(Certificate).where(Certificate.id == certificate_id).with_for_update()
    found = await session.scalar(statement.execution_options(populate_existing=True))
    if found is None:
        raise CertificateNotFoundError("There is no such certificate.")
    return found


async def claim(session: AsyncSession, certificate_id: UUID, *, now: datetime) -> Certificate | None:
    """One attempt at making what was ordered; None when somebody else is at it, or it has moved on."""
    statement = (
        update(Certificate)
        .where(
            Certificate.id == certificate_id,
            Certificate.state == CertificateState.ORDERED,
            Certificate.next_attempt_at <= now,
        )
        .values(attempts=Certificate.attempts + 1, next_attempt_at=now + LEASE)
        .returning(Certificate)
        .execution_options(populate_existing=True)
    )
    return await session.scalar(statement)


async def list_due(session: AsyncSession, *, now: datetime, limit: int) -> Sequence[UUID]:
    """Certificates that wait to be made or signed."""
    statement = (
        select(Certificate.id)
        .where(
            Certificate.state.in_(OPEN),
            Certificate.next_attempt_at <= now,
            Certificate.erased_at.is_(None),  # what was logged and then erased is nobody's to sign
        )
        .order_by(Certificate.next_attempt_at)
        .limit(limit)
    )
    return (await session.scalars(statement)).all()


async def list_changes(session: AsyncSession, certificate_id: UUID) -> Sequence[CertificateChange]:
    """What happened to it, oldest first, each with its leaf."""
    statement = (
        select(CertificateChange)
        .where(CertificateChange.certificate_id == certificate_id)
        .order_by(CertificateChange.id)
        .options(selectinload(CertificateChange.leaf))
    )
    return (await session.scalars(statement)).all()


async def find_change(session: AsyncSession, certificate_id: UUID, key: str) -> CertificateChange | None:
    statement = select(CertificateChange).where(
        CertificateChange.certificate_id == certificate_id, CertificateChange.idempotency_key == key
    )
    return await session.scalar(statement)


async def find_leaf_index(session: AsyncSession, leaf_id: int) -> int | None:
    return await session.scalar(select(LogLeaf.leaf_index).where(LogLeaf.id == leaf_id))


async def list_owned(session: AsyncSession, owner_id: UUID) -> Sequence[Certificate]:
    return (await session.scalars(select(Certificate).where(Certificate.owner_id == owner_id))).all()


async def forget_salts(session: AsyncSession, *certificate_ids: UUID) -> None:
    """Those of the owners that transfers named; the present one's is the certificate's too."""
    await session.execute(
        update(CertificateChange)
        .where(CertificateChange.certificate_id.in_(certificate_ids))
        .values(salt=None)
    )


async def erase(session: AsyncSession, certificate_ids: Sequence[UUID]) -> None:
    """Unlink certificates from their owner: what was signed and logged stays, and names nobody.

    Their exports are forgotten; the objects must be gone already.
    """
    await session.execute(delete(WorkExport).where(WorkExport.certificate_id.in_(certificate_ids)))
    await forget_salts(session, *certificate_ids)
    await session.execute(
        update(Certificate)
        .where(Certificate.id.in_(certificate_ids))
        .values(
            owner_id=None,
            work_id=None,
            title=None,
            salt=None,
            shows_work=False,
            erased_at=func.now(),
        )
    )
