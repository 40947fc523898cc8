"""The log grows: pending leaves get their places, tiles are stored, and only then a checkpoint is shown.

A leaf belongs to the log from the commit that wrote it. Dying between any two steps loses nothing: the next
round, here or in another process, goes on from what is committed. Two processes never fork it: places are
given under one lock and the head moves by compare-and-set; a tile's bytes follow from its place alone.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from core.clock import Clock
from core.database import Sessions
from models.transparency import LogHead
from provenance.log import queries
from provenance.log.checkpoints import Checkpoint, open_checkpoint
from provenance.log.errors import LogFormatError, ProofError
from provenance.log.merkle import HASH_BYTES, grow, root_of_peaks
from provenance.log.notes import Signer, Verifier
from provenance.log.tiles import WIDTH, Edge, Tile, pack_entries, partial_tiles
from service.storage.store import FileStore

AT_ONCE: Final = 4096  # leaves of one round
MOST_AHEAD: Final = 16 * AT_ONCE  # leaves with a place whose tiles are not stored yet; then places wait
UPLOADS: Final = 16
MEDIA_TYPE: Final = "application/octet-stream"
FOLDER: Final = "log/tile"
CHECKPOINT_KEY: Final = "log/checkpoint"


class LogBrokenError(Exception):
    """What is committed contradicts itself, or was written under another name; nothing more is signed."""


class LogGrower:
    """Lets the log grow; any number of them, in any processes."""

    def __init__(self, sessions: Sessions, store: FileStore, signer: Signer, clock: Clock) -> None:
        """signer: its name is the log's origin."""
        self._sessions = sessions
        self._store = store
        self._signer = signer
        self._clock = clock
        self._is_checked = False

    @property
    def verifier(self) -> Verifier:
        """The log's public key."""
        return self._signer.verifier

    async def grow(self) -> bool:
        """One bounded round; True when more is waiting. Raises: LogBrokenError."""
        if not self._is_checked:
            await self._require_newest()
            self._is_checked = True  # a database is not restored under a running process
        placed = await self.give_places()
        await self.publish()
        return placed == AT_ONCE

    async def give_places(self) -> int:
        """Give pending leaves their places and move the head, in one transaction; how many."""
        async with self._sessions.begin() as session:
            head = await self._open(session)
            if head.size - head.published_size >= MOST_AHEAD:
                return 0
            hashes = await queries.give_places(session, size=head.size, limit=AT_ONCE)
            if not hashes:
                return 0
            peaks = grow(_split(head.peaks), head.size, hashes)
            is_ours = await queries.move_head(
                session,
                old_size=head.size,
                size=head.size + len(hashes),
                root=root_of_peaks(peaks),
                peaks=b"".join(peaks),
            )
            if not is_ours:
                raise LogBrokenError("the head moved without the lock")
            return len(hashes)

    async def publish(self) -> Checkpoint | None:
        """Store what is new and show its checkpoint; None when nothing was new, or another process did."""
        async with self._sessions() as session:
            head = await queries.find_head(session)
            if head is None or (head.size == head.published_size and head.checkpoint is not None):
                return None
            self._require_own(head)
            first = head.published_size // WIDTH * WIDTH
            leaves = await queries.list_leaves(session, first, head.size)
        edge = Edge(head.published_size, head.edge)
        files = [*_bundles(first // WIDTH, [entry for _, entry in leaves])]
        files += edge.add([found for found, _ in leaves])
        if first + len(leaves) != head.size or edge.root() != head.root:
            raise LogBrokenError(f"the leaves do not lead to the root of {head.size}")
        await self._put(files)
        checkpoint = Checkpoint(self._signer.name, head.size, head.root)
        signed = self._signer.sign(checkpoint.text)
        async with self._sessions.begin() as session:
            is_ours = await queries.publish(
                session,
                old_size=head.published_size,
                size=head.size,
                root=head.root,
                edge=edge.to_bytes(),
                checkpoint=signed,
                now=self._clock(),
            )
        if not is_ours:
            return None
        await self._remember(head.size, signed)
        await self._store.delete(*_superseded(head.published_size, head.size))
        return checkpoint

    async def _remember(self, size: int, signed: str) -> None:
        """Let the store know the last checkpoint; where a later one was shown meanwhile, that one."""
        while True:
            await self._store.put(CHECKPOINT_KEY, signed.encode(), media_type="text/plain")
            async with self._sessions() as session:
                head = await queries.find_head(session)
            if head is None or head.checkpoint is None or head.published_size <= size:
                return
            size, signed = head.published_size, head.checkpoint

    async def _require_newest(self) -> None:
        """Raises: LogBrokenError: the database was restored from before what the world has seen.

        It must not grow another way from there. What a process that died has shown and not let the store
        know, the store is told now.
        """
        seen = await self.find_stored()
        async with self._sessions() as session:
            head = await queries.find_head(session)  # after the store: it is never ahead of the database
        known, shown = seen.size if seen else 0, head.published_size if head else 0
        if shown < known:
            raise LogBrokenError(f"{known} leaves were shown, more than the database has: recover them")
        if head is not None and head.checkpoint is not None and shown > known:
            await self._remember(shown, head.checkpoint)

    async def find_stored(self) -> Checkpoint | None:
        """The last checkpoint that was shown, as the store remembers it. Raises: LogBrokenError."""
        try:
            content = await self._store.read_whole(CHECKPOINT_KEY)
            return open_checkpoint(content.decode(), self.verifier)
        except FileNotFoundError:
            return None
        except (LogFormatError, ProofError, UnicodeDecodeError) as error:
            raise LogBrokenError(f"the stored checkpoint is none of {self._signer.name}: {error}") from error

    async def _put(self, files: Iterable[tuple[Tile, bytes]]) -> None:
        turns = asyncio.Semaphore(UPLOADS)

        async def put(tile: Tile, content: bytes) -> None:
            async with turns:
                await self._store.put(key_of(tile), content, media_type=MEDIA_TYPE)

        async with asyncio.TaskGroup() as tasks:
            for tile, content in files:
                tasks.create_task(put(tile, content))

    async def _open(self, session: AsyncSession) -> LogHead:
        head = await queries.open_head(session, self._signer.name)
        self._require_own(head)
        return head

    def _require_own(self, head: LogHead) -> None:
        if head.origin != self._signer.name:
            raise LogBrokenError(f"this log is {head.origin}; it cannot go on as {self._signer.name}")


def key_of(tile: Tile) -> str:
    """Where a tile lies in the object store."""
    return f"{FOLDER}/{tile.path}"


def _bundles(first: int, entries: list[bytes]) -> Iterable[tuple[Tile, bytes]]:
    for number, at in enumerate(range(0, len(entries), WIDTH), start=first):
        bundle = entries[at : at + WIDTH]
        yield Tile(None, number, len(bundle)), pack_entries(bundle)


def _superseded(old: int, new: int) -> list[str]:
    """Partial tiles that wider ones have replaced; whoever still asks for them gets a part of those."""
    kept = {tile.path for tile in partial_tiles(new)}
    return [key_of(tile) for tile in partial_tiles(old) if tile.path not in kept]


def _split(peaks: bytes) -> list[bytes]:
    return [peaks[at : at + HASH_BYTES] for at in range(0, len(peaks), HASH_BYTES)]
