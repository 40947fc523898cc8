"""Every statement about exports of certified works."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from models.certificate import Certificate
from models.export import UnlabelledAgreement, WorkExport, WorkExportState
from models.work import Work
from service.works.errors import ExportNotFoundError

LEASE = timedelta(seconds=120)  # for one attempt to make it
RETRY = timedelta(seconds=5)  # times the attempts so far, after one that failed


async def ask(session: AsyncSession, values: Mapping[str, Any], *, now: datetime) -> WorkExport:
    """The export of (certificate, format, size, label), queued when there is none or it failed."""
    again = {"state": WorkExportState.QUEUED, "failure": None, "attempts": 0, "next_attempt_at": now}
    await session.execute(
        insert(WorkExport)
        .values(**values)
        .on_conflict_do_update(
            constraint="uq_work_exports_certificate_id_format_size_is_labelled",
            set_=again,
            where=WorkExport.state == WorkExportState.FAILED,
        )
    )
    statement = select(WorkExport).where(
        *(
            getattr(WorkExport, name) == values[name]
            for name in ("certificate_id", "format", "size", "is_labelled")
        )
    )
    return (await session.scalars(statement)).one()


async def get(session: AsyncSession, export_id: UUID) -> WorkExport:
    """With its certificate and leaves. Raises: ExportNotFoundError."""
    statement = select(WorkExport).where(WorkExport.id == export_id)
    found = await session.scalar(
        statement.options(
            selectinload(WorkExport.leaf),
            selectinload(WorkExport.certificate).selectinload(Certificate.leaf),
        ).execution_options(populate_existing=True)
    )
    if found is None:
        raise ExportNotFoundError("There is no such export.")
    return found


async def get_own(session: AsyncSession, export_id: UUID, owner_id: UUID) -> WorkExport:
    """Raises: ExportNotFoundError, also for somebody else's, and for one that others agreed to."""
    found = await get(session, export_id)
    allowed = await session.scalar(select(WorkExport.id).where(WorkExport.id == export_id, _is_for(owner_id)))
    if found.certificate.owner_id != owner_id or allowed is None:
        raise ExportNotFoundError("There is no such export of yours.")
    return found


async def list_exports(
    session: AsyncSession, certificate_id: UUID, *, owner_id: UUID
) -> Sequence[WorkExport]:
    """Oldest first: the certified original, then what was asked for. owner_id: of the certificate."""
    statement = select(WorkExport).where(WorkExport.certificate_id == certificate_id, _is_for(owner_id))
    loaded = statement.order_by(WorkExport.id).options(
        selectinload(WorkExport.leaf), selectinload(WorkExport.certificate)
    )
    return (await session.scalars(loaded)).all()


def _is_for(owner_id: UUID) -> ColumnElement[bool]:
    """Without the visible label a file is only for whoever agreed to the terms: the owner of the work.

    A certificate that was given away has another owner, who agreed to nothing.
    """
    own_work = exists().where(
        Certificate.id == WorkExport.certificate_id,
        Work.id == Certificate.work_id,
        Work.owner_id == owner_id,
    )
    return or_(WorkExport.is_labelled, own_work)


async def claim(session: AsyncSession, export_id: UUID, *, now: datetime) -> bool:
    """Begin one attempt; False when somebody else is at it, or it was made."""
    statement = (
        update(WorkExport)
        .where(
            WorkExport.id == export_id,
            WorkExport.state == WorkExportState.QUEUED,
            WorkExport.next_attempt_at <= now,
        )
        .values(attempts=WorkExport.attempts + 1, next_attempt_at=now + LEASE, progress_percent=5)
        .returning(WorkExport.id)
    )
    return await session.scalar(statement) is not None


async def list_due(session: AsyncSession, *, now: datetime, limit: int) -> Sequence[UUID]:
    """Exports that wait to be made, or whose maker went silent."""
    statement = (
        select(WorkExport.id)
        .where(WorkExport.state == WorkExportState.QUEUED, WorkExport.next_attempt_at <= now)
        .order_by(WorkExport.next_attempt_at)
        .limit(limit)
    )
    return (await session.scalars(statement)).all()


async def note_progress(session: AsyncSession, export_id: UUID, percent: int) -> None:
    await session.execute(
        update(WorkExport)
        .where(WorkExport.id == export_id, WorkExport.state == WorkExportState.QUEUED)
        .values(progress_percent=percent)
    )


async def finish(session: AsyncSession, export_id: UUID, values: Mapping[str, Any]) -> bool:
    """Mark it as made; False when somebody else did: the caller rolls back."""
    statement = (
        update(WorkExport)
        .where(WorkExport.id == export_id, WorkExport.state == WorkExportState.QUEUED)
        .values(state=WorkExportState.READY, progress_percent=100, **values)
        .returning(WorkExport.id)
    )
    return await session.scalar(statement) is not None


async def retry_later(session: AsyncSession, export_id: UUID, *, now: datetime, attempts: int) -> None:
    await session.execute(
        update(WorkExport)
        .where(WorkExport.id == export_id, WorkExport.state == WorkExportState.QUEUED)
        .values(next_attempt_at=now + RETRY * attempts, progress_percent=0)
    )


async def fail(session: AsyncSession, export_id: UUID, reason: str) -> None:
    await session.execute(
        update(WorkExport)
        .where(WorkExport.id == export_id, WorkExport.state == WorkExportState.QUEUED)
        .values(state=WorkExportState.FAILED, failure=reason, progress_percent=0)
    )


async def withdraw(session: AsyncSession, certificate_ids: Sequence[UUID], reason: str) -> None:
    """End what nobody has finished: whoever is at it finds that out when it is to be marked as made."""
    await session.execute(
        update(WorkExport)
        .where(WorkExport.certificate_id.in_(certificate_ids), WorkExport.state == WorkExportState.QUEUED)
        .values(state=WorkExportState.FAILED, failure=reason, progress_percent=0)
    )


async def list_object_keys(session: AsyncSession, certificate_ids: Sequence[UUID]) -> Sequence[str]:
    statement = select(WorkExport.object_key).where(
        WorkExport.certificate_id.in_(certificate_ids), WorkExport.object_key.is_not(None)
    )
    return [key for key in await session.scalars(statement) if key is not None]


async def is_kept(session: AsyncSession, object_key: str) -> bool:
    """Whether an export lies there. Words are the same bytes, and so the same file, whoever makes them."""
    statement = select(WorkExport.id).where(WorkExport.object_key == object_key)
    return await session.scalar(statement) is not None


async def agree_once(session: AsyncSession, values: Mapping[str, Any]) -> None:
    """Write an agreement into the log of those; the same key writes nothing twice."""
    await session.execute(
        insert(UnlabelledAgreement)
        .values(**values)
        .on_conflict_do_nothing(
            index_elements=[UnlabelledAgreement.user_id, UnlabelledAgreement.idempotency_key]
        )
    )


async def has_agreed(session: AsyncSession, export_id: UUID, user_id: UUID) -> bool:
    statement = select(UnlabelledAgreement.id).where(
        UnlabelledAgreement.export_id == export_id, UnlabelledAgreement.user_id == user_id
    )
    return await session.scalar(statement.limit(1)) is not None


async def purge_agreements(session: AsyncSession, *, before: datetime) -> int:
    """Forget agreements whose time is over; how many."""
    statement = (
        delete(UnlabelledAgreement)
        .where(UnlabelledAgreement.keep_until < before)
        .returning(UnlabelledAgreement.id)
    )
    return len((await session.scalars(statement)).all())
