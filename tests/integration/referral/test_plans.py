"""The hot statements look rows up by keys, also while the tables are young and the planner knows nothing."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from core.database import connect
from core.group_commit import LOOKUPS
from referral.looks import LOOK
from referral.meetings import READ_MEETINGS
from referral.risk.statements import AROUND
from referral.taking import TAKE
from service.wiring import Services

STATEMENTS = {"meetings": READ_MEETINGS, "around": AROUND, "take": TAKE.text, "look": LOOK}

FEW = {"ix_campaigns_running"}  # are never many


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes_of(part)


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS.keys())
async def test_no_table_is_read_whole(services: Services, statement: str) -> None:
    connection = await connect(services.endpoints.database_url, **LOOKUPS)
    try:
        await connection.execute(f"PREPARE hot AS {statement}")
        nothing = ", ".join(["NULL"] * max(map(int, re.findall(r"\$(\d+)", statement))))
        (row,) = await connection.fetch(f"EXPLAIN (FORMAT JSON) EXECUTE hot ({nothing})")
    finally:
        await connection.close()
    scans = [
        node
        for node in nodes_of(json.loads(row[0])[0]["Plan"])
        if node["Node Type"] in ("Seq Scan", "Index Scan", "Index Only Scan", "Bitmap Index Scan")
    ]
    assert scans
    read_whole = [node for node in scans if "Index Cond" not in node]
    assert {node.get("Index Name") or node["Relation Name"] for node in read_whole} <= FEW
