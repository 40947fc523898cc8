"""Many rows of others in every table, so that a plan which reads them all is not the cheapest."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

ROWS: Final = 5_000
COLUMNS: Final = text("""
SELECT c.relname AS table_name, a.attname AS name, a.attnotnull AS is_needed,
       format_type(a.atttypid, a.atttypmod) AS type
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> 'alembic_version'
  AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
ORDER BY c.relname, a.attnum
""")
CHECKS: Final = text("""
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint
WHERE contype IN ('c', 'f') AND connamespace = 'public'::regnamespace
""")
# Of the row n. Half of what may be NULL is.
OF_TYPE: Final = {
    "uuid": "gen_random_uuid()",
    "character varying": "md5(n::text)",
    "text": "md5(n::text)",
    "bytea": "sha256(n::text::bytea)",
    "boolean": "n % 10 = 0",
    "smallint": "n % 100",
    "timestamp with time zone": "now() - n * interval '1 hour'",
    "date": "current_date - n",
    "jsonb": "'{}'",
}
STATES: Final = {  # what most rows are, and one of a hundred each is
    "batches": ("done", "quoted"),
    "certificates": ("issued", "ordered"),
    "credit_holds": ("settled", "held"),
    "data_exports": ("expired", "requested"),
    "generations": ("succeeded", "queued", "running"),
    "helps": ("rewarded", "pending", "held"),
    "inbox_events": ("handled", "waiting"),
    "letters": ("sent", "waiting"),
    "memberships": ("ended", "active"),
    "orders": ("paid", "refunded"),
    "unlock_links": ("expired", "open"),
    "webhook_deliveries": ("delivered", "waiting"),
    "webhook_endpoints": ("disabled", "enabled"),
    "work_exports": ("ready", "queued"),
}
USUAL: Final = {  # what all but one of a hundred have
    ("credit_lots", "remaining"): "0",
    ("batches", "archive_state"): "'ready'",
    ("generations", "batch_id"): "NULL",
    ("helps", "counted_at"): "now()",
    ("log_leaves", "leaf_index"): "n",
    ("orders", "subject_id"): "NULL",
    ("orders", "return_reason"): "NULL",
    ("users", "closed_at"): "NULL",
}


async def fill(session: AsyncSession) -> None:
    """Fill every table of a test's own database. Nothing in it makes sense, nor is it checked any more."""
    await session.execute(text("SET LOCAL session_replication_role = replica"))
    for statement in (await session.scalars(CHECKS)).all():
        await session.execute(text(statement))
    tables: dict[str, dict[str, str]] = {}
    for table, name, is_needed, type_ in await session.execute(COLUMNS):
        value = _value(table, name, type_, is_needed=is_needed)
        tables.setdefault(table, {})[name] = f"CAST({value} AS {type_})"
    for table, values in tables.items():
        rows = f"SELECT {', '.join(values.values())} FROM generate_series(1, {ROWS}) AS n"  # noqa: S608
        into = f"INSERT INTO {table} ({', '.join(values)}) OVERRIDING SYSTEM VALUE"
        await session.execute(text(f"{into} {rows} ON CONFLICT DO NOTHING"))


def _value(table: str, name: str, type_: str, *, is_needed: bool) -> str:
    """An SQL expression of n."""
    if name == "state" and table in STATES:
        usual, *rare = STATES[table]
        cases = " ".join(f"WHEN {number} THEN '{state}'" for number, state in enumerate(rare))
        return f"CASE n % 100 {cases} ELSE '{usual}' END"
    if name == "channel":
        return "'stripe'"
    value = "'{}'" if type_.endswith("[]") else OF_TYPE.get(type_.partition("(")[0], "n")
    if (table, name) in USUAL:
        return f"CASE WHEN n % 100 = 0 THEN {value} ELSE {USUAL[table, name]} END"
    return value if is_needed else f"CASE WHEN n % 2 = 0 THEN {value} END"
