"""A statement that takes itself back: seen on a table of the session."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from core.database import connect
from core.provisional import UNDONE, Provisional
from service.wiring import Services

ADD = Provisional(
    "add_pots",
    """
WITH added AS (
  INSERT INTO pg_temp.pots (id, filled) SELECT id, :filled FROM unnest(:ids::int[]) AS t(id) RETURNING id
)
SELECT ARRAY(SELECT id FROM added) AS ids, (SELECT count(*) FROM added) = :most AS stands
""",
)


@pytest.fixture
async def connection(services: Services) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(services.endpoints.database_url)
    await connection.execute("CREATE TEMP TABLE pots (id int PRIMARY KEY CHECK (id < 100), filled text)")
    yield connection
    await connection.close()


async def pots(connection: asyncpg.Connection) -> list[int]:
    return [row["id"] for row in await connection.fetch("SELECT id FROM pots ORDER BY id")]


def read_all(folder: Path) -> str:
    return "".join(file.read_text("utf-8") for file in folder.iterdir())


async def test_what_stands_is_committed_when_it_returns(connection: asyncpg.Connection) -> None:
    row = await ADD.fetch_one(connection, {"ids": [1, 2], "filled": "tea", "most": 2, "unused": None})
    assert (row["ids"], row["stands"]) == ([1, 2], True)
    assert not connection.is_in_transaction()
    assert await pots(connection) == [1, 2]


async def test_what_does_not_is_undone_and_still_told(connection: asyncpg.Connection) -> None:
    for _ in range(2):  # the function is made by the first
        row = await ADD.fetch_one(connection, {"ids": [1, 2, 3], "filled": "tea", "most": 2})
        assert (row["ids"], row["stands"]) == ([1, 2, 3], False)
        assert await pots(connection) == []
    assert (await ADD.fetch_one(connection, {"ids": [1, 2], "filled": "tea", "most": 2}))["stands"]


async def test_unknown_is_not_standing(connection: asyncpg.Connection) -> None:
    row = await ADD.fetch_one(connection, {"ids": [1], "filled": "tea", "most": None})
    assert row["stands"] is None
    assert await pots(connection) == []


async def test_every_other_error_is_raised(connection: asyncpg.Connection) -> None:
    with pytest.raises(asyncpg.CheckViolationError):
        await ADD.fetch_one(connection, {"ids": [1, 100], "filled": "tea", "most": 2})
    assert await pots(connection) == []
    assert not connection.is_in_transaction()


async def test_each_connection_has_its_own(services: Services, connection: asyncpg.Connection) -> None:
    await ADD.fetch_one(connection, {"ids": [1], "filled": "tea", "most": 1})
    other = await connect(services.endpoints.database_url)
    try:
        await other.execute("CREATE TEMP TABLE pots (id int PRIMARY KEY, filled text)")
        assert (await ADD.fetch_one(other, {"ids": [7], "filled": "ink", "most": 1}))["stands"]
        assert await pots(other) == [7]
    finally:
        await other.close()
    assert await pots(connection) == [1]


async def test_the_log_does_not_hear_of_it(services: Services, connection: asyncpg.Connection) -> None:
    """A lost race is nothing that an operator has to look at."""
    await ADD.fetch_one(connection, {"ids": [1], "filled": "tea", "most": 9})
    with pytest.raises(asyncpg.CheckViolationError):  # shows that it is the right log
        await ADD.fetch_one(connection, {"ids": [100], "filled": "tea", "most": 1})
    data, logs = [await connection.fetchval(f"SHOW {name}_directory") for name in ("data", "log")]
    written = await asyncio.to_thread(read_all, Path(data, logs))
    assert "pots_id_check" in written
    assert UNDONE not in written
