"""Which tables and indexes the database reads for a statement."""

import contextlib
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import NoResultFound
from sqlalchemy.ext.asyncio import AsyncSession

from core.database import connect
from core.group_commit import LOOKUPS

SCANS = ("Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan")


async def scans_of(database_url: str, statement: str) -> list[dict[str, Any]]:
    """Every node that reads a table or an index, in the plan that a hot connection makes once and for all."""
    connection = await connect(database_url, **LOOKUPS)
    try:
        await connection.execute(f"PREPARE hot AS {statement}")
        nothing = ", ".join(["NULL"] * max(map(int, re.findall(r"\$(\d+)", statement))))
        (row,) = await connection.fetch(f"EXPLAIN (FORMAT JSON) EXECUTE hot ({nothing})")
    finally:
        await connection.close()
    return _scans_in(json.loads(row[0]))


async def scans_of_call(
    session: AsyncSession, call: Callable[[AsyncSession], Awaitable[object]]
) -> list[dict[str, Any]]:
    """The same of every statement that a call sends, as the session would plan it once more."""
    sent: list[tuple[str, tuple[object, ...]]] = []

    def note(_: object, __: object, statement: str, parameters: tuple[object, ...], *___: object) -> None:
        sent.append((statement, parameters))

    connection = await session.connection()
    event.listen(connection.sync_connection, "before_cursor_execute", note)
    with contextlib.suppress(NoResultFound):
        await call(session)
    event.remove(connection.sync_connection, "before_cursor_execute", note)
    plans = [await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {each}", given) for each, given in sent]
    return [node for plan in plans for node in _scans_in(plan.scalar_one())]


def _scans_in(plans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [node for node in _nodes_of(plans[0]["Plan"]) if node["Node Type"] in SCANS]


def _nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from _nodes_of(part)
