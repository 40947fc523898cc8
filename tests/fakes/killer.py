"""Kills whoever uses a database at its n-th statement, commits included: what it began is rolled back."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

import asyncpg
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine


class Killed(BaseException):
    """Not an Exception: nobody who is killed can clean up."""


@contextmanager
def killing(engine: AsyncEngine, *, at_statement: int) -> Iterator[None]:
    left = at_statement

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed

    def count_commit(_: object) -> None:
        count()

    event.listen(engine.sync_engine, "before_cursor_execute", count)
    event.listen(engine.sync_engine, "commit", count_commit)
    try:
        yield
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", count)
        event.remove(engine.sync_engine, "commit", count_commit)


class DoomedConnection:
    """A plain connection on which its user is killed at the n-th statement."""

    def __init__(self, connection: asyncpg.Connection, *, at_statement: int) -> None:
        self._connection = connection
        self._at_statement = at_statement
        self.count = 0

    async def fetch(self, statement: str, /, *arguments: Any) -> Sequence[Mapping[str, Any]]:
        self._live_on()
        return cast(Sequence[Mapping[str, Any]], await self._connection.fetch(statement, *arguments))

    async def execute(self, statement: str, /) -> str:
        self._live_on()
        return await self._connection.execute(statement)

    async def prepare(self, statement: str, /) -> Any:  # noqa: ANN401 - asyncpg's own prepared statement
        self._live_on()
        return await self._connection.prepare(statement)

    def _live_on(self) -> None:
        self.count += 1
        if self.count == self._at_statement:
            raise Killed
