"""A file store whose first new file comes late: another maker is faster meanwhile."""

from collections.abc import AsyncIterator, Awaitable, Callable

from service.storage.store import FileStore


class LateStore(FileStore):
    """`meanwhile` happens once, when the first file is stored and nothing says so yet."""

    def __init__(self, store: FileStore, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self._real = store
        self._meanwhile: Callable[[], Awaitable[None]] | None = meanwhile
        self.stored: list[str] = []

    async def put(self, key: str, content: bytes, *, media_type: str) -> bytes:
        digest = await self._real.put(key, content, media_type=media_type)
        self.stored.append(key)
        happens, self._meanwhile = self._meanwhile, None
        if happens is not None:
            await happens()
        return digest

    def read(self, key: str) -> AsyncIterator[bytes]:
        return self._real.read(key)

    async def delete(self, *keys: str) -> None:
        await self._real.delete(*keys)
