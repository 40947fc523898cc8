"""Where sealed files lie before a row says so."""

from core.database import Sessions
from service.certificates import exports
from service.storage.store import FileStore


async def discard(sessions: Sessions, store: FileStore, key: str) -> None:
    """Delete what was made too late, unless the other maker's file is this one."""
    async with sessions() as session:
        if await exports.is_kept(session, key):
            return
    await store.delete(key)
