"""The hot statements look rows up by keys, also while the tables are young and the planner knows nothing."""

import pytest

from referral.helps import FIND_CONFLICT
from referral.looks import LOOK
from referral.meetings import READ_MEETINGS
from referral.risk.statements import AROUND, PEOPLE
from referral.taking import TAKE
from service.wiring import Services
from tests.factories.plans import scans_of

STATEMENTS = {
    "meetings": READ_MEETINGS,
    "around": AROUND,
    "take": TAKE.text,
    "look": LOOK,
    "conflict": FIND_CONFLICT,
    "people": PEOPLE,
}

FEW = {"ix_campaigns_running"}  # are never many


@pytest.mark.parametrize("statement", STATEMENTS.values(), ids=STATEMENTS.keys())
async def test_no_table_is_read_whole(services: Services, statement: str) -> None:
    scans = await scans_of(services.endpoints.database_url, statement)
    assert scans
    read_whole = [node for node in scans if "Index Cond" not in node]
    assert {node.get("Index Name") or node["Relation Name"] for node in read_whole} <= FEW
