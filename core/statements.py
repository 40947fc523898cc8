"""The hand-written statements run on a plain connection (hot path) or inside an ORM session's transaction."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from sqlalchemy.ext.asyncio import AsyncSession


class Statements(Protocol):
    """What both have in common; `asyncpg.Connection` is one as it is."""

    async def fetch(self, statement: str, /, *arguments: Any) -> Sequence[Mapping[str, Any]]:
        """Run one statement with `$1`-style parameters inside the open transaction; its rows."""
        ...


class SessionStatements:
    """Through the session itself and never around it: only so is its transaction begun."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def fetch(self, statement: str, /, *arguments: Any) -> Sequence[Mapping[str, Any]]:
        await self._session.flush()
        connection = await self._session.connection()
        result = await connection.exec_driver_sql(statement, arguments)
        return cast(Sequence[Mapping[str, Any]], result.mappings().all()) if result.returns_rows else []
