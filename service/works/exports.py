"""A user's copy of their data: asked for here, built by the keeper, fetched by a signed link."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from core.ids import new_id
from models.data_export import DataExport, ExportState
from service.works.errors import ExportNotFoundError


async def request_export(session: AsyncSession, user_id: UUID) -> DataExport:
    """The user's open request, made if there is none. The caller has locked the user."""
    statement = (
        insert(DataExport)
        .values(id=new_id(), user_id=user_id, state=ExportState.REQUESTED)
        .on_conflict_do_update(
            index_elements=[DataExport.user_id],
            index_where=DataExport.state == ExportState.REQUESTED,
            set_={"state": ExportState.REQUESTED},  # as it is: so that the row is returned
        )
        .returning(DataExport)
    )
    return (await session.scalars(statement)).one()


async def get_export(session: AsyncSession, export_id: UUID, *, user_id: UUID) -> DataExport:
    """Raises: ExportNotFoundError, also for somebody else's."""
    statement = select(DataExport).where(DataExport.id == export_id, DataExport.user_id == user_id)
    export = await session.scalar(statement)
    if export is None:
        raise ExportNotFoundError("There is no such export.")
    return export


async def find_ready(session: AsyncSession, export_id: UUID) -> DataExport | None:
    """A built copy, for whoever holds a signed link to it."""
    statement = select(DataExport).where(DataExport.id == export_id, DataExport.state == ExportState.READY)
    return await session.scalar(statement)


async def list_requested(session: AsyncSession, *, limit: int) -> Sequence[DataExport]:
    """Requests to build, oldest first."""
    statement = (
        select(DataExport)
        .where(DataExport.state == ExportState.REQUESTED)
        .order_by(DataExport.created_at)
        .limit(limit)
    )
    return (await session.scalars(statement)).all()


async def list_expired(session: AsyncSession, *, now: datetime, limit: int) -> Sequence[DataExport]:
    """Built copies whose time is over."""
    statement = (
        select(DataExport)
        .where(DataExport.state == ExportState.READY, DataExport.expires_at <= now)
        .limit(limit)
    )
    return (await session.scalars(statement)).all()


async def finish_export(
    session: AsyncSession, export_id: UUID, *, object_key: str, now: datetime, expires_at: datetime
) -> bool:
    """Mark a request as built; False when it is no longer open."""
    statement = (
        update(DataExport)
        .where(DataExport.id == export_id, DataExport.state == ExportState.REQUESTED)
        .values(state=ExportState.READY, object_key=object_key, finished_at=now, expires_at=expires_at)
        .returning(DataExport.id)
    )
    return await session.scalar(statement) is not None


async def expire_export(session: AsyncSession, export_id: UUID) -> None:
    """Forget a copy whose object is gone."""
    await session.execute(
        update(DataExport)
        .where(DataExport.id == export_id)
        .values(state=ExportState.EXPIRED, object_key=None)
    )


async def withdraw(session: AsyncSession, user_id: UUID) -> None:
    """Let no copy of somebody who leaves be built or served any more; its object goes with their works.

    One that is being built now finds out when it wants to finish, and deletes its object itself.
    """
    await session.execute(
        update(DataExport)
        .where(
            DataExport.user_id == user_id,
            DataExport.state.in_((ExportState.REQUESTED, ExportState.READY)),
        )
        .values(state=ExportState.EXPIRED)
    )
