"""Build a user's copy of their data: JSON for what we know, files for what they made, in one ZIP."""

import json
import tempfile
import zipfile
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from billing import queries as credits
from billing.memberships import queries as memberships
from billing.orders import queries as orders
from core.database import Sessions
from models.base import Base
from models.data_export import DataExport
from models.photo import Photo
from models.work import Work
from referral import helps, links
from service.batches import queries as batches
from service.batches.table import MAX_ROWS
from service.certificates import exports as certified
from service.certificates import queries as certificates
from service.flows.keep_photo import MOST_PHOTOS
from service.identity import queries as identity
from service.jobs import queries as jobs
from service.letters import queries as letters
from service.outbox import deliveries, endpoints
from service.photos import queries as photos
from service.storage.store import FileStore
from service.works import exports
from service.works import queries as works

log = structlog.get_logger()

LIFETIME: Final = timedelta(days=7)
SECRET_COLUMNS: Final = frozenset(
    {
        "code_attempts",
        "code_hash",
        "code_purpose",
        "device_key",
        "object_key",
        "page_nonce",
        "previous_secret",
        "request_hash",
        "secret",
    }
)


async def build_export(sessions: Sessions, store: FileStore, export: DataExport, *, now: datetime) -> bool:
    """Build, store, then mark as ready; False when the request was withdrawn meanwhile.

    No transaction is open while files are copied. Dying in between leaves the request open, and the
    next try overwrites the same object.
    """
    key = f"exports/{export.user_id}/{export.id}.zip"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "huajian.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            async with sessions() as session:
                archive.writestr("account.json", _to_json(await describe_account(session, export.user_id)))
            async for work in _iterate_works(sessions, export.user_id):
                await _add_work(archive, store, work)
            async with sessions() as session:
                kept = await photos.list_photos(
                    session, export.user_id, before_id=None, limit=MOST_PHOTOS, now=now
                )
            for photo in kept:
                await _add_photo(archive, store, photo)
        await store.put_file(key, path, media_type="application/zip")
    async with sessions.begin() as session:
        ready = await exports.finish_export(
            session, export.id, object_key=key, now=now, expires_at=now + LIFETIME
        )
    if not ready:
        await store.delete(key)
    return ready


async def describe_account(session: AsyncSession, user_id: UUID) -> dict[str, Any]:
    """Everything that we know of a user, as plain values."""
    entries = await credits.list_entries(session, user_id, before_id=None, limit=100_000)
    return {
        "user": _columns(await identity.find_user(session, user_id)),
        "contacts": [_columns(contact) for contact in await identity.list_contacts(session, user_id)],
        "credit_account": _columns(await credits.find_account(session, user_id)),
        "credit_history": [
            {**_columns(entry), "source": lot.source.value, "purpose": hold.purpose if hold else None}
            for entry, lot, hold in entries
        ],
        "generations": [
            _columns(job) for job in await jobs.list_jobs(session, user_id, before_id=None, limit=100_000)
        ],
        "batches": await _describe_batches(session, user_id),
        "orders": [
            _columns(order)
            for order in await orders.list_orders(session, user_id, before_id=None, limit=100_000)
        ],
        "memberships": await _describe_memberships(session, user_id),
        "certificates": await _describe_certificates(session, user_id),
        "unlock_links": [
            _columns(link) for link in await links.list_links(session, user_id, before_id=None, limit=100_000)
        ],
        "helps_given": await _describe_helps(session, user_id),
        "letters": [_columns(letter) for letter in await letters.list_letters(session, user_id)],
        "webhook_endpoints": await _describe_endpoints(session, user_id),
    }


async def _describe_batches(session: AsyncSession, user_id: UUID) -> list[dict[str, Any]]:
    described = []
    for batch in await batches.list_batches(session, user_id, before_id=None, limit=100_000):
        rows = await batches.list_rows(session, batch.id, limit=MAX_ROWS)
        described.append({**_columns(batch), "rows": [_columns(row) for row, _, _ in rows]})
    return described


async def _describe_memberships(session: AsyncSession, user_id: UUID) -> list[dict[str, Any]]:
    return [
        {
            **_columns(membership),
            "periods": [_columns(one) for one in await memberships.list_periods(session, membership.id)],
        }
        for membership in await memberships.list_memberships(session, user_id)
    ]


async def _describe_helps(session: AsyncSession, user_id: UUID) -> list[dict[str, Any]]:
    """Without the people at the other end: whom it was for, and who decided."""
    described = [_columns(given) for given in await helps.list_given(session, user_id)]
    return [
        {name: value for name, value in help_.items() if name not in ("owner_id", "decided_by")}
        for help_ in described
    ]


async def _describe_certificates(session: AsyncSession, user_id: UUID) -> list[dict[str, Any]]:
    """With the salt that opens the commitment in the log, and every file that was exported."""
    return [
        {
            **_readable(certificate),
            "exports": [
                _readable(one)
                for one in await certified.list_exports(session, certificate.id, owner_id=user_id)
            ],
        }
        for certificate in await certificates.list_owned(session, user_id)
    ]


async def _describe_endpoints(session: AsyncSession, user_id: UUID) -> list[dict[str, Any]]:
    return [
        {**_columns(endpoint), "deliveries": await deliveries.list_all(session, endpoint.id)}
        for endpoint in await endpoints.list_endpoints(session, user_id)
    ]


async def _iterate_works(sessions: Sessions, user_id: UUID) -> AsyncIterator[Work]:
    before_id: UUID | None = None
    while True:
        async with sessions() as session:
            page = await works.list_works(session, user_id, before_id=before_id, limit=100)
        for work in page:
            yield work
        if not page:
            return
        before_id = page[-1].id


async def _add_work(archive: zipfile.ZipFile, store: FileStore, work: Work) -> None:
    folder = f"works/{work.created_at:%Y-%m-%d}-{work.id}"
    archive.writestr(f"{folder}/work.json", _to_json(_columns(work)))
    for file in work.files:
        name = f"{folder}/{file.role}{Path(file.object_key).suffix}"
        chunks = store.read(file.object_key)
        try:
            first = await anext(chunks, b"")
        except FileNotFoundError:  # lost: whoever waits for their copy behind this one would wait for ever
            log.error("export.file_missing", object_key=file.object_key)
            continue
        with archive.open(name, "w", force_zip64=True) as target:
            target.write(first)
            async for chunk in chunks:
                target.write(chunk)


async def _add_photo(archive: zipfile.ZipFile, store: FileStore, photo: Photo) -> None:
    """The photo and what we know of it; one that its owner deletes meanwhile is left out."""
    name = f"photos/{photo.created_at:%Y-%m-%d}-{photo.id}"
    try:
        content = await store.read_whole(photo.object_key)
    except FileNotFoundError:
        return
    archive.writestr(f"{name}.json", _to_json(_columns(photo)))
    archive.writestr(f"{name}.jpg", content, zipfile.ZIP_STORED)


def _columns(row: Base | None) -> dict[str, Any]:
    if row is None:
        return {}
    columns = row.__mapper__.column_attrs.keys()
    return {name: getattr(row, name) for name in columns if name not in SECRET_COLUMNS}


def _readable(row: Base) -> dict[str, Any]:
    """Hashes and keys in hex, as they are written everywhere else."""
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in _columns(row).items()}


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)
