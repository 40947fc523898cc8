"""After the database was restored from an older copy: bring back the leaves that the world has seen since.

The store has every entry that was published. They get the places that they had; so does what was still
pending in the copy and was published later. Only then may the log grow again.
"""

import json
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import Sessions
from models.certificate import Certificate, CertificateChange, CertificateState, ChangeKind
from models.transparency import LeafKind, LogHead, LogLeaf
from provenance.log import queries
from provenance.log.checkpoints import Checkpoint
from provenance.log.merkle import grow, leaf_hash, root_of_peaks
from provenance.log.notes import Signer
from provenance.log.tiles import WIDTH, Edge, Tile, unpack_entries
from service.storage.store import FileStore
from service.transparency.growing import LogBrokenError, LogGrower, key_of

NOBODY: Final = UUID(int=0)  # the namespace of subjects that the restored database does not know


async def recover(
    sessions: Sessions, store: FileStore, grower: LogGrower, signer: Signer, *, now: datetime
) -> int:
    """Bring back what was published after the copy was made; how many leaves.

    Raises: LogBrokenError: what is stored does not hash to what was signed, or contradicts the database.
    """
    seen = await grower.find_stored()
    async with sessions.begin() as session:
        head = await queries.open_head(session, signer.name)
        if seen is None or seen.size <= head.published_size:
            return 0
        entries = await _read(store, seen.size)
        hashes = [leaf_hash(entry) for entry in entries]
        peaks = grow((), 0, hashes)
        if len(entries) != seen.size or root_of_peaks(peaks) != seen.root:
            raise LogBrokenError("the stored entries do not hash to the checkpoint that was shown")
        await _bring_back(session, entries, hashes)
        _move(head, seen, hashes, b"".join(peaks))
        head.checkpoint, head.published_at = signer.sign(seen.text), now
        return seen.size


async def _read(store: FileStore, size: int) -> list[bytes]:
    entries: list[bytes] = []
    for number in range(-(-size // WIDTH)):
        tile = Tile(None, number, min(WIDTH, size - number * WIDTH))
        entries += unpack_entries(await store.read_whole(key_of(tile)))
    return entries


async def _bring_back(session: AsyncSession, entries: list[bytes], hashes: list[bytes]) -> None:
    rows = await session.execute(select(LogLeaf.leaf_index, LogLeaf.leaf_hash).where(LogLeaf.leaf_index >= 0))
    known = {row.leaf_index: row.leaf_hash for row in rows}
    if any(index >= len(hashes) or hashes[index] != found for index, found in known.items()):
        raise LogBrokenError("the database has leaves in places where others were shown")
    for index, (entry, found) in enumerate(zip(entries, hashes, strict=True)):
        if index in known:
            continue
        placed = await session.scalar(
            update(LogLeaf)
            .where(LogLeaf.leaf_hash == found, LogLeaf.leaf_index.is_(None))
            .values(leaf_index=index)
            .returning(LogLeaf.id)
        )
        if placed is None:
            leaf = await _leaf(session, index, entry, found)
            session.add(leaf)
            if leaf.kind is LeafKind.REVOCATION:
                await _revoke_again(session, leaf)


async def _leaf(session: AsyncSession, index: int, entry: bytes, found: bytes) -> LogLeaf:
    said: dict[str, Any] = json.loads(entry)
    number = str(said["certificate"])
    subject = await session.scalar(select(Certificate.id).where(Certificate.number == number))
    return LogLeaf(
        kind=LeafKind(said["type"]),
        subject_id=subject or uuid5(NOBODY, number),
        entry=entry,
        leaf_hash=found,
        leaf_index=index,
        created_at=datetime.fromisoformat(said["at"]),
    )


async def _revoke_again(session: AsyncSession, leaf: LogLeaf) -> None:
    """What the world has seen revoked does not stand again because a copy is older.

    A transfer cannot be brought back: its leaf does not say to whom. The invariants name it.
    """
    await session.flush()
    statement = select(Certificate).where(
        Certificate.id == leaf.subject_id, Certificate.state == CertificateState.ISSUED
    )
    certificate = await session.scalar(statement.with_for_update())
    if certificate is None:
        return
    session.add(
        CertificateChange(
            certificate_id=certificate.id,
            idempotency_key=f"recovered:{leaf.id}",
            kind=ChangeKind.REVOCATION,
            reason=str(json.loads(leaf.entry)["reason"]),
            leaf_id=leaf.id,
            created_at=leaf.created_at,
        )
    )
    certificate.state, certificate.revoked_at = CertificateState.REVOKED, leaf.created_at


def _move(head: LogHead, seen: Checkpoint, hashes: list[bytes], peaks: bytes) -> None:
    edge = Edge()
    for _ in edge.add(hashes):
        pass  # the tiles are there
    head.size = head.published_size = seen.size
    head.root = head.published_root = seen.root
    head.peaks, head.edge = peaks, edge.to_bytes()
