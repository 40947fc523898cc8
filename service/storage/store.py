"""Files of works in an object store: a local folder, S3, GCS or Azure by URL, through obstore."""

import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import cast

import obstore
from obstore.store import AzureStore, GCSStore, LocalStore, ObjectStore, S3Store, from_url


class FileStore:
    """Objects are immutable: a key is written once, under a name that holds what made it unique."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @classmethod
    def at(cls, url: str | None, *, folder: Path) -> "FileStore":
        """The store at `url`, or the local folder, made if needed."""
        if url is None:
            return cls(LocalStore(folder, mkdir=True))
        return cls(from_url(url))

    @property
    def can_sign(self) -> bool:
        """Whether clients can fetch from the store itself; a local folder is served by us."""
        return not isinstance(self._store, LocalStore)

    async def put(self, key: str, content: bytes, *, media_type: str) -> bytes:
        """Store one object whole; its SHA-256."""
        attributes = {"Content-Type": media_type} if self.can_sign else None
        await obstore.put_async(self._store, key, content, attributes=attributes)
        return hashlib.sha256(content).digest()

    async def put_file(self, key: str, path: Path, *, media_type: str) -> None:
        """Store a file of any size, in parts where it is large."""
        attributes = {"Content-Type": media_type} if self.can_sign else None
        await obstore.put_async(self._store, key, path, attributes=attributes)

    async def read(self, key: str) -> AsyncIterator[bytes]:
        """The object in chunks. Raises: FileNotFoundError."""
        response = await obstore.get_async(self._store, key)
        async for chunk in response.stream(min_chunk_size=256 * 1024):
            yield bytes(chunk)

    async def read_whole(self, key: str) -> bytes:
        """An object that fits into memory. Raises: FileNotFoundError."""
        return b"".join([chunk async for chunk in self.read(key)])

    async def read_part(self, key: str, *, start: int, length: int) -> bytes:
        """So many bytes of an object. Raises: FileNotFoundError."""
        return bytes(await obstore.get_range_async(self._store, key, start=start, length=length))

    async def delete(self, *keys: str) -> None:
        """Delete objects; one that is gone already is no error."""
        for key in keys:
            try:
                await obstore.delete_async(self._store, key)
            except FileNotFoundError:
                continue

    async def sign(self, key: str, *, lifetime: timedelta) -> str:
        """A URL at the store that works for `lifetime`; only where `can_sign`."""
        signing = cast(S3Store | GCSStore | AzureStore, self._store)
        return await obstore.sign_async(signing, "GET", key, lifetime)
