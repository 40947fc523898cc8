"""An admission costs the same however much its owner has made, and whatever the planner knows."""

import pytest
from sqlalchemy import text

from billing.batches import LOCK_ACCOUNTS, READ_LOTS, WRITE
from service.jobs.group_commit import FIND_EARLIER
from service.photos.admitting import USE_PHOTOS
from service.wiring import Services
from tests.factories.credits import make_user
from tests.factories.plans import scans_of

INDEXES = {
    "lock": (LOCK_ACCOUNTS, {"pk_credit_accounts"}),
    "lots": (READ_LOTS, {"ix_credit_lots_live"}),
    "earlier": (FIND_EARLIER, {"uq_generations_owner_id_idempotency_key"}),
    "photos": (USE_PHOTOS, {"ix_photos_owner_id"}),
    "write": (WRITE, {"pk_credit_accounts", "pk_credit_lots"}),
}
# All of them are spent but the last.
GROW_LOTS = text("""
INSERT INTO credit_lots (id, user_id, source, source_key, quantity, remaining, priority, effective_at,
                         expires_at, unit_price_minor)
SELECT gen_random_uuid(), :user_id, 'goodwill', 'grown:' || n, 1, (n = 3000)::int, 20, now(),
       now() + '1 day', 0
FROM generate_series(1, 3000) AS n
""")
GROW_JOBS = text("""
INSERT INTO generations (id, owner_id, idempotency_key, request_hash, kind, spec, tier, batch_key,
                         price_credits, state, fair_time, attempts, created_at)
SELECT gen_random_uuid(), :user_id, 'grown:' || n, '\\x00', 'card', '{}', 'free', 'card', 1, 'queued', now(),
       0, now()
FROM generate_series(1, 3000) AS n
""")


@pytest.mark.parametrize(("statement", "indexes"), INDEXES.values(), ids=INDEXES.keys())
@pytest.mark.parametrize("is_grown", [False, True], ids=["young", "grown"])
async def test_every_row_is_found_by_its_own_index(
    services: Services, statement: str, indexes: set[str], is_grown: bool
) -> None:
    if is_grown:
        async with services.sessions.begin() as session:
            user_id = await make_user(session)
            for grow in (GROW_LOTS, GROW_JOBS):
                await session.execute(grow, {"user_id": user_id})
    scans = await scans_of(services.endpoints.database_url, statement)
    assert {node.get("Index Name") for node in scans} == indexes
    assert all("Index Cond" in node for node in scans)
