"""Reading and erasing works."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from models.data_export import DataExport, ExportState
from models.work import Work, WorkFile
from service.works.errors import WorkNotFoundError


async def get_work(session: AsyncSession, work_id: UUID, *, owner_id: UUID) -> Work:
    """The owner's work with its files. Raises: WorkNotFoundError, also for somebody else's."""
    statement = (
        select(Work)
        .where(Work.id == work_id, Work.owner_id == owner_id, Work.erased_at.is_(None))
        .options(selectinload(Work.files))
    )
    work = await session.scalar(statement)
    if work is None:
        raise WorkNotFoundError("There is no such work.")
    return work


async def list_works(
    session: AsyncSession, owner_id: UUID, *, before_id: UUID | None, limit: int, kind: str | None = None
) -> Sequence[Work]:
    """The owner's works with their files, newest first."""
    statement = (
        select(Work)
        .where(Work.owner_id == owner_id, Work.erased_at.is_(None))
        .options(selectinload(Work.files))
        .order_by(Work.id.desc())
        .limit(limit)
    )
    if before_id is not None:
        statement = statement.where(Work.id < before_id)
    if kind is not None:
        statement = statement.where(Work.kind == kind)
    return (await session.scalars(statement)).all()


async def find_file(session: AsyncSession, file_id: UUID) -> WorkFile | None:
    """A file by its id; whoever holds a signed link may have it."""
    return await session.get(WorkFile, file_id)


async def list_object_keys(session: AsyncSession, owner_id: UUID) -> Sequence[str]:
    """Every stored object that belongs to the owner."""
    of_works = (
        select(WorkFile.object_key).join(Work, Work.id == WorkFile.work_id).where(Work.owner_id == owner_id)
    )
    of_exports = select(DataExport.object_key).where(
        DataExport.user_id == owner_id, DataExport.object_key.is_not(None)
    )
    return [*await session.scalars(of_works), *filter(None, await session.scalars(of_exports))]


async def erase(session: AsyncSession, owner_id: UUID) -> None:
    """Empty the owner's works, whose files are gone already."""
    owned = select(Work.id).where(Work.owner_id == owner_id)
    await session.execute(delete(WorkFile).where(WorkFile.work_id.in_(owned)))
    await session.execute(
        update(Work)
        .where(Work.owner_id == owner_id)
        .values(title="", text=None, details={}, erased_at=func.now())
    )
    await session.execute(
        update(DataExport)
        .where(DataExport.user_id == owner_id)
        .values(object_key=None, state=ExportState.EXPIRED, finished_at=func.now())
    )
