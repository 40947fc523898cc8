"""The hourly proofs see what is wrong between a batch, its hold and its jobs."""

import httpx
import pytest
from sqlalchemy import text

from billing.invariants import find_breaches
from service.invariants import JOB_INVARIANTS
from service.wiring import Services
from tests.factories.batches import quote, rows
from tests.factories.people import Person

DEARER = "UPDATE generations SET price_credits = 2 WHERE id = (SELECT id FROM generations LIMIT 1)"
LOST = """
UPDATE generations SET state = 'failed', finished_at = now() WHERE id = (SELECT id FROM generations LIMIT 1)
"""


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("batch_hold_is_its_unfinished_jobs", DEARER),
        ("batch_hold_is_its_unfinished_jobs", LOST),
        ("batch_hold_is_its_unfinished_jobs", "UPDATE credit_holds SET spent_credits = 1"),
        ("hold_is_what_did_not_come_back", "UPDATE credit_holds SET returned_credits = 1"),
        ("batch_runs_while_its_hold_is_open", "UPDATE batches SET state = 'done', finished_at = now()"),
        ("batch_runs_while_its_hold_is_open", "UPDATE batches SET state = 'quoted', started_at = NULL"),
        ("live_job_has_open_hold", "UPDATE credit_holds SET state = 'settled', closed_at = now()"),
        ("in_flight_is_counted", "UPDATE credit_accounts SET in_flight = 2"),
    ],
)
async def test_each_breach_is_found(
    client: httpx.AsyncClient, services: Services, firm: Person, name: str, damage: str
) -> None:
    assert (await quote(client, firm, rows("林晚晴", "陆知远"), start=True)).status_code == 201
    async with services.sessions.begin() as session:
        assert await find_breaches(session, JOB_INVARIANTS) == []
        await session.execute(text(damage))
        assert name in [breach.invariant for breach in await find_breaches(session, JOB_INVARIANTS)]
        await session.rollback()
