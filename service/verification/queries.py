"""Statements about certificates that only verifying needs."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from models.certificate import Certificate, CertificateChange, CertificateState, ChangeKind
from models.work import WorkFile

SIGNED: Final = (CertificateState.ISSUED, CertificateState.REVOKED)


async def list_signed(session: AsyncSession, certificate_ids: Collection[UUID]) -> Sequence[Certificate]:
    """Those of the certificates that were issued, revoked since or not."""
    statement = select(Certificate).where(Certificate.id.in_(certificate_ids), Certificate.state.in_(SIGNED))
    return (await session.scalars(statement)).all()


async def find_transfer(session: AsyncSession, certificate_id: UUID) -> datetime | None:
    """When the work last went to another owner."""
    statement = select(func.max(CertificateChange.created_at)).where(
        CertificateChange.certificate_id == certificate_id, CertificateChange.kind == ChangeKind.TRANSFER
    )
    return await session.scalar(statement)


async def find_picture(session: AsyncSession, certificate: Certificate) -> WorkFile | None:
    """The work's small picture, where the owner shows it and it has one."""
    if not certificate.shows_work or certificate.work_id is None:
        return None
    statement = select(WorkFile).where(WorkFile.work_id == certificate.work_id, WorkFile.role == "thumbnail")
    return await session.scalar(statement)
