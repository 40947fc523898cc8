"""Reads what links show over a connection of its own: no transaction, nothing asked before each read."""

import asyncio
from collections.abc import Sequence
from typing import Final

import asyncpg
import structlog

from core.database import DatabaseAwayError, connect
from core.group_commit import LOOKUPS, LOST_CONNECTION
from core.statements import on
from referral.looks import ShownLink, find_links
from referral.programme import Programme

log = structlog.get_logger()

READ_SECONDS: Final = 5.0  # a host that swallows packets is as good as none


class LookReader:
    """One per process, used by one task at a time."""

    def __init__(self, database_url: str, programme: Programme) -> None:
        self._database_url = database_url
        self._programme = programme
        self._connection: asyncpg.Connection | None = None

    async def read(self, code_hashes: Sequence[bytes]) -> dict[bytes, ShownLink]:
        """The links that are there. A read that lost its connection is tried once more on a fresh one.

        Raises: DatabaseAwayError.
        """
        if self._connection is not None:
            try:
                return await self._read(self._connection, code_hashes)
            except LOST_CONNECTION as error:
                log.warning("look.reconnect", error=repr(error))
                self.close()
        self._connection = await connect(self._database_url, **LOOKUPS)
        try:
            return await self._read(self._connection, code_hashes)
        except LOST_CONNECTION as error:
            self.close()
            raise DatabaseAwayError(repr(error)) from error

    async def _read(
        self, connection: asyncpg.Connection, code_hashes: Sequence[bytes]
    ) -> dict[bytes, ShownLink]:
        # A single read is a transaction of its own: no BEGIN, no ROLLBACK.
        async with asyncio.timeout(READ_SECONDS):  # a TimeoutError is an OSError, and so a lost connection
            return await find_links(on(connection), self._programme, code_hashes)

    def close(self) -> None:
        """Give the connection up; the next read makes another."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None
