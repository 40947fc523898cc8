"""The hand-written statements run on a plain connection (hot path) or inside an ORM session's transaction."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol, cast

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession

NAMED: Final = re.compile(r"(?<!:):([a-z_]+)")  # `:now`, but neither `::text` nor `[1:2]`


class Statements(Protocol):
    """What both have in common."""

    async def fetch(self, statement: str, /, *arguments: Any) -> Sequence[Mapping[str, Any]]:
        """Run one statement with `$1`-style parameters inside the open transaction; its rows."""
        ...


def on(connection: asyncpg.Connection) -> Statements:
    """A plain connection; a record of its has a Mapping's methods, not its type."""
    return cast(Statements, connection)


class SessionStatements:
    """Through the session itself and never around it: only so is its transaction begun."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def fetch(self, statement: str, /, *arguments: Any) -> Sequence[Mapping[str, Any]]:
        await self._session.flush()
        connection = await self._session.connection()
        result = await connection.exec_driver_sql(statement, arguments)
        return cast(Sequence[Mapping[str, Any]], result.mappings().all()) if result.returns_rows else []


class Named:
    """A statement with `:name` parameters, so that it can be put together from parts of several modules."""

    def __init__(self, sql: str) -> None:
        self._names = list(dict.fromkeys(NAMED.findall(sql)))
        self.text: Final = NAMED.sub(lambda found: f"${self._names.index(found[1]) + 1}", sql)

    async def fetch(self, statements: Statements, values: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """Run it. values: of every parameter, by name; more are no harm."""
        return await statements.fetch(self.text, *self.arguments(values))

    def arguments(self, values: Mapping[str, Any]) -> list[Any]:
        """The values in the order of the numbers."""
        return [values[name] for name in self._names]
