"""Pack the works of an ended batch into one ZIP, with a report of every row."""

import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import Final
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import Sessions
from models.batch import Batch, BatchRow
from models.generation import Generation
from models.work import Work, WorkFile
from service.batches import archives
from service.batches import queries as batches
from service.batches.names import file_name
from service.batches.report import ReportLine, write_report
from service.batches.table import MAX_ROWS
from service.identity import queries as identity
from service.storage.store import FileStore

REPORT_NAME: Final = "report.csv"
UNPACKED_ROLES: Final = frozenset({"thumbnail"})
MEDIA_TYPE: Final = "application/zip"

JobRow = Row[BatchRow, Generation | None, UUID | None]


async def build_archive(sessions: Sessions, store: FileStore) -> bool:
    """Pack the next batch that is due; False when none was.

    No transaction is open while files are copied. Dying in between leaves it due, with one attempt
    counted; the next try overwrites the same object. The same works make the same bytes.
    """
    async with sessions.begin() as session:
        batch = await archives.begin(session)
    if batch is None:
        return False
    async with sessions() as session:
        rows = await batches.list_rows(session, batch.id, limit=MAX_ROWS)
        works = {work.generation_id: work for work in await archives.list_works(session, batch.id)}
        language = await _find_language(session, batch.owner_id)
    if works:
        await _pack(sessions, store, batch, rows, works, language)
    else:
        async with sessions.begin() as session:
            await archives.give_up(session, batch.id)
    return True


async def _pack(
    sessions: Sessions,
    store: FileStore,
    batch: Batch,
    rows: Sequence[JobRow],
    works: Mapping[UUID, Work],
    language: str,
) -> None:
    key = archives.key_of(batch.id)
    ended_at = batch.finished_at or batch.created_at
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cards.zip"
        with zipfile.ZipFile(path, "w") as archive:
            report = [
                _report_line(row, await _add_files(archive, store, row[0], works.get(row[0].id), ended_at))
                for row in rows
            ]
            archive.writestr(_entry(REPORT_NAME, ended_at), write_report(report, language))
        size_bytes = path.stat().st_size
        await store.put_file(key, path, media_type=MEDIA_TYPE)
    async with sessions.begin() as session:
        is_kept = await archives.finish(session, batch.id, object_key=key, size_bytes=size_bytes)
    if not is_kept:
        await store.delete(key)


async def _add_files(
    archive: zipfile.ZipFile, store: FileStore, row: BatchRow, work: Work | None, ended_at: datetime
) -> list[str]:
    """Add the row's files, chunk by chunk; the names of those that the store still has."""
    names: list[str] = []
    for file in work.files if work else ():
        if file.role in UNPACKED_ROLES:
            continue
        name = _name(row, file, taken=names)
        chunks = store.read(file.object_key)
        try:
            first = await anext(chunks)
        except FileNotFoundError:
            continue
        with archive.open(_entry(name, ended_at), "w", force_zip64=True) as target:
            target.write(first)
            async for chunk in chunks:
                target.write(chunk)
        names.append(name)
    return names


def _name(row: BatchRow, file: WorkFile, *, taken: Sequence[str]) -> str:
    extension = PurePosixPath(file.object_key).suffix.removeprefix(".")
    name = file_name(row.position, _recipient(row), extension)
    return name if name not in taken else file_name(row.position, _recipient(row), f"{file.role}.{extension}")


def _entry(name: str, ended_at: datetime) -> zipfile.ZipInfo:
    """Pictures are stored as they are: they are compressed already."""
    entry = zipfile.ZipInfo(name, date_time=ended_at.timetuple()[:6])
    entry.external_attr = 0o644 << 16
    return entry


def _report_line(row: JobRow, names: Sequence[str]) -> ReportLine:
    sent, job, _ = row
    if job is None:
        return ReportLine(sent.line, _recipient(sent), "bad", names, sent.problems or [])
    problems = [job.problem] if job.problem else []
    return ReportLine(sent.line, _recipient(sent), job.state.value, names, problems)


def _recipient(row: BatchRow) -> str:
    return str(row.spec["recipient"]) if row.spec else ""


async def _find_language(session: AsyncSession, owner_id: UUID) -> str:
    """The owner's language, for the report."""
    user = await identity.find_user(session, owner_id)
    return "zh" if user is not None and user.locale.startswith("zh") else "en"
