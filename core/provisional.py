"""Statements that undo themselves: a conditional write in one round trip, without an open transaction.

A batch writes on condition, and what it has written must go again when somebody else was faster. BEGIN and
COMMIT around it are two more trips for every batch, and an error raised by the statement would be in the
database's log each time. PL/pgSQL does it quietly: what an exception block has caught is undone, while its
variables keep what they were told (PostgreSQL's documentation of PL/pgSQL, Trapping Errors).
"""

from collections.abc import Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary

import asyncpg

from core.statements import Named

UNDONE: Final = "HJ001"  # an SQLSTATE that is nobody else's
# Of the session: its text is in the code, like that of every other statement, and in no migration.
FUNCTION: Final = """
CREATE FUNCTION pg_temp.{name}({types}) RETURNS SETOF record LANGUAGE plpgsql AS $body$
DECLARE found record;
BEGIN
  {statement} INTO STRICT found;
  IF found.stands IS NOT TRUE THEN
    RAISE SQLSTATE '{undone}';
  END IF;
  RETURN NEXT found;
EXCEPTION WHEN SQLSTATE '{undone}' THEN
  RETURN NEXT found;
END $body$
"""


class Provisional(Named):
    """A statement whose only row has a column `stands`: where it is not true, nothing was written.

    In autocommit: when `fetch_one` returns and it stands, it is committed.
    """

    def __init__(self, name: str, sql: str) -> None:
        """name: of the function that it is the body of."""
        super().__init__(sql)
        self._name = name
        self._calls: WeakKeyDictionary[asyncpg.Connection, str] = WeakKeyDictionary()

    async def fetch_one(self, connection: asyncpg.Connection, values: Mapping[str, Any]) -> asyncpg.Record:
        """Run it outside of any transaction; its row. values: of every parameter, by name."""
        call = self._calls.get(connection) or await self._define(connection)
        (row,) = await connection.fetch(call, *self.arguments(values))
        return row

    async def _define(self, connection: asyncpg.Connection) -> str:
        """Make the function, once for each connection. The database says of which types everything is."""
        prepared = await connection.prepare(self.text)
        types = [parameter.name for parameter in prepared.get_parameters()]
        columns = [f"{column.name} {column.type.name}" for column in prepared.get_attributes()]
        function = FUNCTION.format(
            name=self._name, types=", ".join(types), statement=self.text, undone=UNDONE
        )
        await connection.execute(function)
        places = ", ".join(f"${number}" for number in range(1, len(types) + 1))
        call = f"SELECT * FROM pg_temp.{self._name}({places}) AS t({', '.join(columns)})"  # noqa: S608 - our own
        self._calls[connection] = call
        return call
