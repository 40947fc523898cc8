"""Which certified pictures look like this one: one index per process, up to date before every search.

The index lies in a child process, which is told what it does not know yet: a fresh one knows nothing.
"""

import asyncio
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from core.database import Sessions
from provenance.looks import Suppositions
from provenance.similar import queries
from service.children.asking import INHERITED
from service.children.lasting import ChildLostError, LastingChild, inherited
from service.children.messages import Message
from service.children.pool import ChildPool
from service.verification.errors import VerificationBusyError
from service.verification.rows import LAST, LIMIT, MATCHES, ROW, ROWS

CHILD: Final = "service.verification.searching"
PAGE: Final = 20_000  # rows read at a time when a child begins
LIMIT_SECONDS: Final = 60.0  # for all of one search; a million pictures are read in a few
IDLE_SECONDS: Final = 600.0  # beginning anew costs more than it takes to keep


@dataclass(frozen=True, slots=True)
class SimilarPicture:
    """bits: of 256, in which the pictures differ."""

    certificate_id: UUID
    bits: int


class SimilarPictures:
    """`find` from any task; searches take turns, for each has the whole index in its hands."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._pool = ChildPool(CHILD, inherited(*INHERITED), idle_seconds=IDLE_SECONDS)
        self._turn = asyncio.Lock()

    async def find(self, supposed: Suppositions, *, limit: int = 5) -> list[SimilarPicture]:
        """Everything that was committed before the call is searched; nearest first.

        Raises: VerificationBusyError: the child died or took too long.
        """
        async with self._turn:
            try:
                matches = await self._search(supposed, limit)
            except ChildLostError as error:
                raise VerificationBusyError from error
        async with self._sessions() as session:
            certificates = await queries.list_certificates(session, [position for position, _ in matches])
        return [
            SimilarPicture(certificates[position], bits)
            for position, bits in matches
            if position in certificates  # erased since
        ]

    async def close(self) -> None:
        await asyncio.to_thread(self._pool.close)

    async def _search(self, supposed: Suppositions, limit: int) -> list[tuple[int, int]]:
        """(position, bits) of the pictures most alike."""
        with ExitStack() as stack:
            child = await asyncio.to_thread(stack.enter_context, self._pool.lend(LIMIT_SECONDS))
            await self._catch_up(child)
            found = await _ask(child, Message({LIMIT: limit}, [supposed.coarse, supposed.fine]))
        return [(int(position), int(bits)) for position, bits in found[MATCHES]]

    async def _catch_up(self, child: LastingChild) -> None:
        known = (await _ask(child, Message({})))[LAST]
        while True:
            async with self._sessions() as session:
                rows = await queries.list_after(session, known, limit=PAGE)
            if rows:
                packed = b"".join(ROW.pack(*row) for row in rows)
                known = (await _ask(child, Message({ROWS: len(rows)}, [packed])))[LAST]
            if len(rows) < PAGE:
                return


async def _ask(child: LastingChild, question: Message) -> Mapping[str, Any]:
    """The head of its answer. Raises: ChildLostError."""

    def asking() -> Mapping[str, Any]:
        child.say(question)
        return child.hear().head

    return await asyncio.to_thread(asking)
