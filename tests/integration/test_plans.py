"""What runs for every request, job or second finds its rows by an index, however much others have.

What runs once an hour or for an operator may read whole tables: invariants, reports, the daily sweeps.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from billing import queries as credits
from billing.memberships import queries as memberships
from billing.orders import queries as orders
from core.clock import utc_now
from models.generation import Generation
from models.webhook import WebhookEndpoint
from provenance.log import queries as log
from referral import caps, counting, helps, links
from service.batches import archives
from service.batches import queries as batches
from service.certificates import exports
from service.certificates import queries as certificates
from service.identity import queries as identity
from service.inbox import queries as inbox
from service.jobs import claims
from service.jobs import queries as jobs
from service.letters import queries as letters
from service.outbox import queries as outbox
from service.photos import queries as photos
from service.wiring import Services
from service.works import exports as copies
from service.works import queries as works
from tests.factories.crowds import fill
from tests.factories.plans import scans_of_call

Statement = tuple[Callable[[AsyncSession], Awaitable[Any]], set[str]]  # and what it may read

NOW: Final = utc_now()
SOON: Final = timedelta(minutes=1)
ID: Final = UUID(int=1)
PLANS: Final = """
SELECT sum(generic_plans), sum(custom_plans) FROM pg_prepared_statements WHERE parameter_types <> '{}'
"""
PAGE: Final[dict[str, Any]] = {"before_id": UUID(int=2**128 - 1), "limit": 20}

# Indexes of what is waiting, which is taken in their order, are read as a whole.
STATEMENTS: Final[dict[str, Statement]] = {
    "claim": (
        lambda s: claims.claim_batch(s, worker_id=ID, max_batches={"card": 4, "lyrics": 1}, lease=SOON),
        {"ix_generations_queue", "ix_generations_batches", "pk_generations"},
    ),
    "heartbeat": (
        lambda s: claims.extend_leases(s, worker_id=ID, job_ids=[ID], lease=SOON),
        {"pk_generations"},
    ),
    "cancelled": (lambda s: claims.find_cancelled(s, worker_id=ID, job_ids=[ID]), {"pk_generations"}),
    "lost leases": (lambda s: jobs.find_expired(s, limit=50), {"ix_generations_leases"}),
    "waits too long": (lambda s: jobs.find_waiting(s, since=NOW, limit=50), {"ix_generations_queue"}),
    "has waited": (lambda s: jobs.has_waited(s, NOW), {"all of ix_generations_queue"}),
    "place in line": (
        lambda s: jobs.count_ahead(s, Generation(id=ID, fair_time=NOW)),
        {"ix_generations_queue"},
    ),
    "jobs": (lambda s: jobs.list_jobs(s, ID, **PAGE), {"ix_generations_owner_id"}),
    "works": (lambda s: works.list_works(s, ID, **PAGE), {"ix_works_owner_id"}),
    "copies": (lambda s: copies.list_requested(s, limit=1), {"all of uq_data_exports_open"}),
    "live rows": (lambda s: batches.measure_live_rows(s, ID), {"ix_generations_live_rows"}),
    "quotes": (lambda s: batches.count_quotes(s, ID, NOW), {"ix_batches_owner_id"}),
    "archives": (archives.begin, {"all of ix_batches_archives"}),
    "expired photos": (lambda s: photos.list_expired(s, now=NOW, limit=50), {"ix_photos_expires_at"}),
    "erasures": (lambda s: identity.list_to_erase(s, limit=50), {"all of ix_users_to_erase"}),
    "lots": (lambda s: credits.list_live_lots(s, ID, NOW), {"ix_credit_lots_live"}),
    "held": (lambda s: credits.sum_held(s, ID), {"ix_credit_holds_open"}),
    "expired lots": (lambda s: credits.find_due_lots(s, NOW, limit=50), {"ix_credit_lots_expiring"}),
    "history": (
        lambda s: credits.list_entries(s, ID, before_id=2**62, limit=20),
        {"ix_credit_entries_user_id", "pk_credit_lots", "pk_credit_holds"},
    ),
    "orders": (lambda s: orders.list_orders(s, ID, **PAGE), {"ix_orders_owner_id"}),
    "open orders": (lambda s: orders.count_open(s, ID, NOW), {"ix_orders_owner_id"}),
    "owed back": (orders.count_owed_back, {"all of ix_orders_to_return"}),
    "membership": (lambda s: memberships.find_live(s, ID), {"uq_memberships_live"}),
    "due": (lambda s: memberships.list_due(s, now=NOW, limit=50), {"ix_memberships_due"}),
    "lapsed": (lambda s: memberships.list_lapsed(s, now=NOW, limit=50), {"ix_credit_accounts_tier_until"}),
    "notices": (
        lambda s: memberships.list_due_notices(s, notice=SOON, now=NOW, limit=50),
        {"ix_memberships_paid_until"},
    ),
    "certificates": (lambda s: certificates.list_due(s, now=NOW, limit=20), {"ix_certificates_due"}),
    "certified works": (
        lambda s: certificates.list_of_works(s, [ID, UUID(int=2)]),
        {"uq_certificates_work_id"},
    ),
    "refunded": (
        lambda s: certificates.list_refunded(s, limit=20),
        {"all of ix_orders_lost_works", "ix_order_disputes_order_id", "uq_certificates_order_id"},
    ),
    "file": (
        lambda s: certificates.find_by_file(s, b"", b""),
        {"ix_work_exports_sha256", "ix_work_exports_manifest_sha256"},
    ),
    "certified file": (
        lambda s: certificates.get_original(s, ID),
        {"pk_certificates", "uq_work_exports_certificate_id_format_size_is_labelled"},
    ),
    "certified exports": (lambda s: exports.list_due(s, now=NOW, limit=20), {"ix_work_exports_due"}),
    "leaves": (
        lambda s: log.give_places(s, size=20_000, limit=50),
        {"all of ix_log_leaves_pending", "pk_log_leaves"},
    ),
    "inbox": (lambda s: inbox.claim(s, NOW), {"ix_inbox_events_waiting", "pk_inbox_events"}),
    "inbox gauge": (inbox.count_open, {"ix_inbox_events_state"}),
    "old letters": (
        lambda s: letters.purge(s, before=NOW - timedelta(days=9), limit=5),
        {"ix_letters_created_at", "pk_letters"},
    ),
    "heard": (lambda s: outbox.is_heard(s, ID), {"uq_webhook_endpoints_owner_id_idempotency_key"}),
    "webhooks": (
        lambda s: outbox.plan(s, WebhookEndpoint(id=ID), now=NOW),
        {"ix_webhook_deliveries_waiting"},
    ),
    "old webhooks": (
        lambda s: outbox.purge(s, before=NOW - timedelta(days=9), limit=5),
        {"ix_webhook_deliveries_created_at", "pk_webhook_deliveries"},
    ),
    "links": (lambda s: links.list_links(s, ID, **PAGE), {"ix_unlock_links_owner_id"}),
    "links this month": (lambda s: caps.count_links(s, ID, NOW), {"ix_unlock_links_owner_id"}),
    "helps that wait": (lambda s: links.count_waiting(s, ID), {"ix_helps_waiting"}),
    "helps to count": (lambda s: counting.list_uncounted_links(s, limit=50), {"all of ix_helps_uncounted"}),
    "proven": (lambda s: helps.qualify(s, ID, now=NOW), {"ix_helps_pending"}),
    "proven helpers": (
        lambda s: helps.list_proven(s, since=NOW - timedelta(days=999), limit=50),
        {"all of ix_helps_pending", "ix_contacts_user_id", "ix_works_owner_id"},
    ),
    "devices": (
        lambda s: helps.forget_devices(s, before=NOW - timedelta(days=9), limit=5),
        {"ix_helps_devices", "pk_helps"},
    ),
}


# Of a table of which nothing is known much is taken for due, and more is read: until its first ANALYZE.
SWEEPS: Final = {"due", "expired lots", "lapsed", "proven helpers"}


async def test_each_finds_its_rows_by_its_own_index(services: Services) -> None:
    async with services.sessions.begin() as session:
        await fill(session)
    unknown = {name: each for name, each in STATEMENTS.items() if name not in SWEEPS}
    assert await read_otherwise(services, unknown) == {}
    async with services.sessions.begin() as session:
        await session.execute(text("ANALYZE"))
    assert await read_otherwise(services, STATEMENTS) == {}


async def read_otherwise(services: Services, statements: Mapping[str, Statement]) -> dict[str, list[str]]:
    """What is read instead, by those that do not find their rows as they should."""
    found: dict[str, list[str]] = {}
    for name, (call, indexes) in statements.items():
        async with services.sessions() as session:
            used = {_read_by(node) for node in await scans_of_call(session, call)}
        if used != indexes:
            found[name] = sorted(used)
    return found


async def test_no_plan_outlives_its_table(services: Services) -> None:
    async with services.sessions() as session:
        for _ in range(8):
            await jobs.find_expired(session, limit=50)
        plans = (await session.execute(text(PLANS))).one()
    assert tuple(plans) == (0, 8)


def _read_by(node: dict[str, Any]) -> str:
    """An index that is asked for some rows, or what is read from end to end."""
    name: str = node.get("Index Name") or node["Relation Name"]
    return name if "Index Cond" in node else f"all of {name}"
