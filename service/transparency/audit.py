"""Recompute the whole log from what is stored, and compare it with what was signed, seen and written down."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy import select

from core.database import Sessions
from models.transparency import LogLeaf
from provenance.log import queries
from provenance.log.checkpoints import Checkpoint, open_checkpoint
from provenance.log.errors import LogFormatError
from provenance.log.merkle import grow, leaf_hash, root_of_peaks
from provenance.log.notes import Verifier
from provenance.log.tiles import WIDTH, Edge, Tile, unpack_entries
from service.storage.store import FileStore
from service.transparency.growing import key_of
from service.transparency.tile_shelf import NotPublishedError, TileShelf

AT_ONCE: Final = 64  # bundles: 16,384 leaves
MOST_FAULTS: Final = 50


class NothingToAuditError(Exception):
    """The log has not shown a checkpoint yet."""


@dataclass(slots=True)
class AuditReport:
    """checkpoint: what was audited; signed: the note as it was shown.

    faults: what is wrong, for people; none: everything agrees.
    subjects: of the leaves, in the order of the log.
    """

    checkpoint: Checkpoint
    signed: str
    faults: list[str] = field(default_factory=list)
    subjects: list[UUID] = field(default_factory=list)

    def say(self, fault: str) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)


async def audit(sessions: Sessions, store: FileStore, verifier: Verifier, *, seen: str | None) -> AuditReport:
    """Read every bundle and tile of the published tree, and hash it all again.

    Args:
        seen: a signed checkpoint that was kept outside, as an earlier audit or a witness saw it: today's log
            must begin with it.
    Raises: NothingToAuditError; LogFormatError, ProofError: a checkpoint is not signed by the log.
    """
    async with sessions() as session:
        head = await queries.find_head(session)
    if head is None or head.checkpoint is None:
        raise NothingToAuditError("the log is empty and has signed nothing")
    report = AuditReport(open_checkpoint(head.checkpoint, verifier), head.checkpoint)
    earlier = None if seen is None else open_checkpoint(seen, verifier)
    await _Audit(sessions, store, report, earlier).run()
    return report


class _Audit:
    def __init__(
        self, sessions: Sessions, store: FileStore, report: AuditReport, earlier: Checkpoint | None
    ) -> None:
        self._sessions = sessions
        self._store = store
        self._shelf = TileShelf(sessions, store)
        self._report = report
        self._earlier = earlier
        self._edge = Edge()
        self._peaks: tuple[bytes, ...] = ()
        self._size = 0

    async def run(self) -> None:
        goal, size = self._report.checkpoint, self._report.checkpoint.size
        self._compare_with_earlier()
        for start in range(0, size, AT_ONCE * WIDTH):
            await self._read(start, min(start + AT_ONCE * WIDTH, size))
        if self._earlier is not None and self._earlier.size > size:
            self._report.say(f"a checkpoint of {self._earlier.size} leaves was seen; now there are {size}")
        if root_of_peaks(self._peaks) != goal.root:
            self._report.say(f"the entries do not hash to the signed root of {size} leaves")

    async def _read(self, start: int, end: int) -> None:
        entries = await self._read_entries(start, end)
        hashes = [leaf_hash(entry) for entry in entries]
        self._grow(hashes)
        for tile, content in self._edge.add(hashes):
            if tile.width == WIDTH or end == self._report.checkpoint.size:
                await self._compare(tile, content)
        await self._compare_rows(start, end, entries)

    def _grow(self, hashes: Sequence[bytes]) -> None:
        """Also stop where the earlier checkpoint ended, to see its root."""
        cut = len(hashes) if self._earlier is None else max(0, self._earlier.size - self._size)
        for part in (hashes[:cut], hashes[cut:]):
            self._peaks = grow(self._peaks, self._size, part)
            self._size += len(part)
            if part:
                self._compare_with_earlier()

    def _compare_with_earlier(self) -> None:
        earlier = self._earlier
        if earlier and earlier.size == self._size and earlier.root != root_of_peaks(self._peaks):
            self._report.say(f"FORK: {self._size} leaves had another root when they were last seen")

    async def _read_entries(self, start: int, end: int) -> list[bytes]:
        entries: list[bytes] = []
        for number in range(start // WIDTH, -(-end // WIDTH)):
            tile = Tile(None, number, min(WIDTH, end - number * WIDTH))
            try:
                entries += unpack_entries(await self._get(tile))
            except (NotPublishedError, LogFormatError) as error:
                self._report.say(f"{tile.path}: {error or type(error).__name__}")
        return entries

    async def _compare(self, tile: Tile, expected: bytes) -> None:
        try:
            found = await self._get(tile)
        except (NotPublishedError, LogFormatError):
            found = b""
        if found != expected:
            self._report.say(f"{tile.path} is not what the entries lead to")

    async def _compare_rows(self, start: int, end: int, entries: Sequence[bytes]) -> None:
        """The database must know the same leaves in the same places."""
        statement = (
            select(LogLeaf.subject_id, LogLeaf.entry)
            .where(LogLeaf.leaf_index >= start, LogLeaf.leaf_index < end)
            .order_by(LogLeaf.leaf_index)
        )
        async with self._sessions() as session:
            rows = (await session.execute(statement)).all()
        if [row.entry for row in rows] != entries:
            self._report.say(f"leaves {start} to {end - 1} differ between the database and the tiles")
        self._report.subjects += [row.subject_id for row in rows]

    async def _get(self, tile: Tile) -> bytes:
        """The stored tile; where the log has grown meanwhile, as much of the wider one.

        Raises: NotPublishedError, LogFormatError.
        """
        try:
            return await self._store.read_whole(key_of(tile))
        except FileNotFoundError:
            return await self._shelf.read(tile)
