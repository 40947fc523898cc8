"""Which certified pictures look like this one: one index per process, up to date before every search."""

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from core.database import Sessions
from provenance.fingerprints import Suppositions
from provenance.similar import queries
from provenance.similar.index import FingerprintIndex

PAGE: Final = 20_000  # rows read at a time when a process begins


@dataclass(frozen=True, slots=True)
class SimilarPicture:
    """bits: of 256, in which the pictures differ."""

    certificate_id: UUID
    bits: int


class SimilarPictures:
    """`find` from any task; searches take turns, for each has the whole index in its hands."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._index = FingerprintIndex()
        self._turn = asyncio.Lock()

    async def find(self, supposed: Suppositions, *, limit: int = 5) -> list[SimilarPicture]:
        """Everything that was committed before the call is searched; nearest first."""
        async with self._turn:
            await self._catch_up()
            matches = await asyncio.to_thread(self._index.search, supposed, limit=limit)
        async with self._sessions() as session:
            certificates = await queries.list_certificates(session, [match.position for match in matches])
        return [
            SimilarPicture(certificates[match.position], match.bits)
            for match in matches
            if match.position in certificates  # erased since
        ]

    async def _catch_up(self) -> None:
        while True:
            async with self._sessions() as session:
                rows = await queries.list_after(session, self._index.last_position, limit=PAGE)
            await asyncio.to_thread(self._index.extend, rows)
            if len(rows) < PAGE:
                return
