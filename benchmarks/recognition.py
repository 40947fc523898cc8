"""A month's revenue over a million paid lots: one SQL pass, with the memory of both sides.

Fills a private Postgres with lots of 10 credits, each with three spendings of the month; a tenth of the lots
expired, a tenth is spent whole. Then one `recognise_day`, timed beside a plain scan of the same journal.
Usage: python -m benchmarks.recognition [--lots 1000000]
"""

import argparse
import asyncio
import resource
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import psutil
from sqlalchemy import text

from billing.ledger import recognition, recognition_queries
from billing.ledger.invariants import LEDGER_INVARIANTS
from core.database import Sessions, create_engine, create_sessions
from models.migrations.run import migrate
from service.engines.blocking import BlockingEngines

MONTH_END = datetime(2026, 11, 30, tzinfo=UTC)
LOTS_PER_USER = 10  # whose entries the journal scatters

# Straight into the tables: selling a million packs one by one would take an hour and measure something else.
FILL = """
INSERT INTO users (id, role, locale) SELECT gen_random_uuid(), 'user', 'zh' FROM generate_series(1, {users});
INSERT INTO credit_accounts (user_id, tier, billing_timezone, debt_credits, in_flight, rejected_count)
SELECT id, 'free', 'UTC', 0, 0, 0 FROM users;
CREATE TEMP TABLE numbered AS SELECT user_id, row_number() OVER () - 1 AS number FROM credit_accounts;
CREATE TEMP TABLE lots AS
SELECT gen_random_uuid() AS id, n.user_id, s AS number, 900 + s % 200 AS price,
       CASE s % 10 WHEN 0 THEN 'whole' WHEN 1 THEN 'expired' ELSE 'some' END AS fate
FROM generate_series(1, {lots}) s JOIN numbered n ON n.number = s % {users};
INSERT INTO credit_lots (id, user_id, source, source_key, quantity, remaining, priority, effective_at,
                         expires_at, unit_price_minor, currency)
SELECT id, user_id, 'pack', 'benchmark:' || number, 10,
       CASE fate WHEN 'some' THEN 7 ELSE 0 END, 30, '2026-11-01', '2026-12-15', (price + 9) / 10, 'CNY'
FROM lots;
INSERT INTO paid_lots (lot_id, currency, quantity, price_minor, deferred_minor, created_at)
SELECT id, 'CNY', 10, price, price, '2026-11-01' FROM lots;
CREATE TEMP TABLE spendings AS
SELECT gen_random_uuid() AS id, l.id AS lot_id, l.user_id,
       CASE WHEN l.fate = 'whole' AND part = 3 THEN 8 ELSE 1 END AS credits,
       timestamptz '2026-11-02' + part * interval '8 days' AS at
FROM lots l, generate_series(1, 3) part;
INSERT INTO credit_holds (id, user_id, purpose, amount_credits, state, closed_at, created_at)
SELECT id, user_id, 'generation', credits, 'settled', at, at FROM spendings;
INSERT INTO credit_entries (user_id, lot_id, kind, quantity, created_at)
SELECT user_id, id, 'grant', 10, '2026-11-01' FROM lots;
INSERT INTO credit_entries (user_id, lot_id, hold_id, kind, quantity, created_at)
SELECT user_id, lot_id, id, 'hold', -credits, at FROM spendings ORDER BY at;
INSERT INTO credit_entries (user_id, lot_id, kind, quantity, created_at)
SELECT user_id, id, 'expire', -7, '2026-11-29' FROM lots WHERE fate = 'expired';
INSERT INTO ledger_accounts (code, currency, subject) VALUES ('1110', 'CNY', ''), ('2010', 'CNY', '');
INSERT INTO ledger_transactions (id, business_key, kind, memo, occurred_at, posted_on)
VALUES (gen_random_uuid(), 'benchmark:sales', 'pack_sold', '', '2026-11-01', '2026-11-01');
INSERT INTO ledger_entries (transaction_id, account_id, currency, amount_minor)
SELECT t.id, a.id, 'CNY', (SELECT sum(price) FROM lots) * CASE a.code WHEN '1110' THEN 1 ELSE -1 END
FROM ledger_transactions t, ledger_accounts a;
"""
SCAN = "SELECT sum(abs(s.rest)) FROM (SELECT sum(quantity) AS rest FROM credit_entries GROUP BY lot_id) s"


async def fill(database_url: str, lots: int) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(FILL.format(lots=lots, users=max(lots // LOTS_PER_USER, 1)))
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


async def scan_seconds(sessions: Sessions) -> float:
    """Adding up the journal lot by lot, which any recognition has to do at least."""
    started = time.perf_counter()
    async with sessions() as session:
        await session.execute(text(SCAN))
    return time.perf_counter() - started


async def measure(database_url: str, lots: int) -> None:
    engine = create_engine(database_url, pool_size=2)
    await migrate(engine)
    await fill(database_url, lots)
    sessions = create_sessions(engine)
    await scan_seconds(sessions)
    scan = await scan_seconds(sessions)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak = asyncio.create_task(_peak_postgres_mb())
    started = time.perf_counter()
    async with sessions.begin() as session:
        await recognition_queries.wait_for_turn(session)
        done = await recognition.recognise_day(session, MONTH_END.date(), now=MONTH_END + timedelta(days=1))
    seconds = time.perf_counter() - started
    peak.cancel()
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(
        f"{done.released_lots} of {lots} lots in {seconds:.1f} s, {lots / seconds:,.0f} lots/s, "
        f"{seconds / scan:.1f} times adding up the journal lot by lot ({scan:.1f} s)"
    )
    print(f"memory: this process grew by {grown_mb:.0f} MB; largest Postgres process {PEAK_MB[0]:.0f} MB")
    await _again(sessions)
    await _prove(sessions)
    await engine.dispose()


async def _again(sessions: Sessions) -> None:
    """The next day, on which nothing happened: what the pass costs every night."""
    started = time.perf_counter()
    async with sessions.begin() as session:
        await recognition_queries.wait_for_turn(session)
        done = await recognition.recognise_day(
            session, MONTH_END.date() + timedelta(days=1), now=MONTH_END + timedelta(days=2)
        )
    print(f"a day without news: {done.released_lots} lots in {time.perf_counter() - started:.1f} s")


async def _prove(sessions: Sessions) -> None:
    for name, query in LEDGER_INVARIANTS.items():
        started = time.perf_counter()
        async with sessions() as session:
            rows = await session.scalar(text(f"SELECT count(*) FROM ({query}) b"))  # noqa: S608 - our own text
        print(f"{name}: {rows} breaches in {time.perf_counter() - started:.1f} s")


PEAK_MB = [0.0]


async def _peak_postgres_mb() -> None:
    """Private memory of the largest server process: shared buffers are everybody's."""
    while True:
        for process in psutil.process_iter(["name"]):
            if process.info["name"] == "postgres":
                PEAK_MB[0] = max(PEAK_MB[0], _private_mb(process))
        await asyncio.sleep(0.2)


def _private_mb(process: psutil.Process) -> float:
    try:
        memory = process.memory_info()
    except psutil.NoSuchProcess:
        return 0.0
    return float(memory.rss - memory.shared) / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lots", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, BlockingEngines(Path(folder)) as endpoints:
        asyncio.run(measure(endpoints.database_url, options.lots))


if __name__ == "__main__":
    main()
