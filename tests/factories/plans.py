"""The plan that a hot connection makes of a statement, once and for all."""

import json
import re
from collections.abc import Iterator
from typing import Any

from core.database import connect
from core.group_commit import LOOKUPS

SCANS = ("Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan")


async def scans_of(database_url: str, statement: str) -> list[dict[str, Any]]:
    """Every node of its plan that reads a table or an index."""
    connection = await connect(database_url, **LOOKUPS)
    try:
        await connection.execute(f"PREPARE hot AS {statement}")
        nothing = ", ".join(["NULL"] * max(map(int, re.findall(r"\$(\d+)", statement))))
        (row,) = await connection.fetch(f"EXPLAIN (FORMAT JSON) EXECUTE hot ({nothing})")
    finally:
        await connection.close()
    return [node for node in _nodes_of(json.loads(row[0])[0]["Plan"]) if node["Node Type"] in SCANS]


def _nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from _nodes_of(part)
