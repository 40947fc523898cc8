"""Erase what a closed account made: jobs stopped, prompts forgotten, works, photos, posters deleted."""

import contextlib
from datetime import datetime
from uuid import UUID

from core.database import Sessions
from service.batches import archives
from service.batches import queries as batches
from service.flows.cancel_batch import cancel_batch
from service.flows.cancel_generation import cancel_generation
from service.flows.unlink_certificates import unlink_certificates, withdraw_certificates
from service.identity import queries as identity
from service.jobs import queries as jobs
from service.jobs.errors import NotCancellableError
from service.photos import queries as photos
from service.posters.queries import list_links_of
from service.posters.subjects import keys_of
from service.storage.store import FileStore
from service.works import queries as works


async def erase_account(sessions: Sessions, store: FileStore, user_id: UUID, *, now: datetime) -> bool:
    """Bring the erasure forward; False while a job still runs: come again.

    Several short transactions, because files lie outside the database: the rows that name them are
    emptied only after the files are gone, so a crash in between only means doing it again.
    """
    async with sessions() as session:
        unended = await batches.list_open(session, user_id)
    for batch in unended:
        with contextlib.suppress(NotCancellableError):  # it ended by itself meanwhile
            async with sessions.begin() as session:
                await cancel_batch(session, batch.id, owner_id=user_id, now=now)
    async with sessions() as session:
        unfinished = await jobs.list_unfinished(session, user_id)
    for job in unfinished:
        try:
            async with sessions.begin() as session:
                await cancel_generation(session, job.id, owner_id=user_id, now=now)
        except NotCancellableError:
            continue  # it ended by itself meanwhile
    async with sessions() as session:
        if await jobs.list_unfinished(session, user_id):
            return False
        keys = [
            *await works.list_object_keys(session, user_id),
            *await photos.list_object_keys(session, user_id),
            *(key for link_id in await list_links_of(session, user_id) for key in keys_of(link_id)),
        ]
    async with sessions.begin() as session:
        keys += await archives.withdraw(session, user_id)
    keys += await withdraw_certificates(sessions, user_id, now=now)
    await store.delete(*keys)
    async with sessions.begin() as session:
        await unlink_certificates(session, user_id)
        await photos.erase(session, user_id)
        await batches.erase(session, user_id)
        await works.erase(session, user_id)
        await jobs.erase_specs(session, user_id)
        await identity.mark_erased(session, user_id)
    return True
