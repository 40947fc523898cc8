"""Leaves a second, with everything: committed, placed, tiles stored, checkpoint signed and shown.

Usage: python -m benchmarks.transparency_log [--leaves 60000] [--batch 50] [--writers 4] [--kills 100]

Writers commit batches of leaves; the log grows beside them, as the keeper lets it, but in their process: all
of it shares this machine with Postgres. Then everything is audited. With --kills, a child that appends and
publishes is killed that often with SIGKILL at random moments: no leaf that it acknowledged may be missing.
"""

import argparse
import asyncio
import random
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID, uuid4

from core.clock import utc_now
from core.database import Sessions, create_engine, create_sessions
from models.migrations.run import migrate
from models.transparency import LeafKind
from provenance.log import queries
from provenance.log.queries import NewLeaf
from service.engines.blocking import BlockingEngines
from service.storage.store import FileStore
from service.transparency.audit import audit
from service.transparency.growing import LogGrower
from tests.fakes.log_writer import acknowledged, make_grower, run_writer

ENTRY_CHARS = 420  # about what a certificate's leaf has


async def write(sessions: Sessions, count: int, batch: int, waits: list[float], done: asyncio.Event) -> None:
    """Commit leaves in batches; every tenth batch is watched until a checkpoint covers it."""
    for number in range(count // batch):
        leaves = [
            NewLeaf(LeafKind.CERTIFICATE, uuid4(), uuid4().hex.encode().ljust(ENTRY_CHARS, b"."))
            for _ in range(batch)
        ]
        async with sessions.begin() as session:
            ids = await queries.append(session, leaves, now=utc_now())
        if number % 10 == 0:
            waits.append(await wait_for(sessions, ids[-1]))
    done.set()


async def wait_for(sessions: Sessions, leaf_id: int) -> float:
    """Seconds until the leaf is in a published tree."""
    began = time.perf_counter()
    while True:
        async with sessions() as session:
            leaf, head = await queries.find_leaf(session, leaf_id), await queries.find_head(session)
        if leaf and head and leaf.leaf_index is not None and leaf.leaf_index < head.published_size:
            return time.perf_counter() - began
        await asyncio.sleep(0.02)


async def grow(grower: LogGrower, done: list[asyncio.Event]) -> None:
    while not all(one.is_set() for one in done):
        if not await grower.grow():
            await asyncio.sleep(0.2)
    while await grower.grow():
        continue


async def measure(url: str, folder: Path, args: argparse.Namespace) -> None:
    engine = create_engine(url, pool_size=args.writers + 4)
    await migrate(engine)
    sessions = create_sessions(engine)
    grower = make_grower(sessions, folder)
    waits: list[float] = []
    done = [asyncio.Event() for _ in range(args.writers)]
    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for event in done:
            tasks.create_task(write(sessions, args.leaves // args.writers, args.batch, waits, event))
        tasks.create_task(grow(grower, done))
    seconds = time.perf_counter() - began
    waits.sort()
    print(f"{args.leaves:,} leaves in {seconds:.1f} s: {args.leaves / seconds:,.0f} leaves/s, all published")
    print(f"commit to checkpoint: p50 {statistics.median(waits):.2f} s, worst {waits[-1]:.2f} s")
    began = time.perf_counter()
    report = await audit(sessions, FileStore.at(None, folder=folder / "files"), grower.verifier, seen=None)
    print(f"audit of {report.checkpoint.size:,} leaves: {time.perf_counter() - began:.1f} s")
    for line in report.faults:
        print("FAULT", line)
    await engine.dispose()
    if report.faults:
        sys.exit(1)


async def kill(url: str, folder: Path, times: int) -> None:
    """Kill a writer that often; then everything that it had acknowledged must be in the log, once."""
    engine = create_engine(url, pool_size=4)
    await migrate(engine)
    known: set[UUID] = set()
    rng = random.Random(1)
    for number in range(times):
        process = await run_writer(url, folder)
        await asyncio.sleep(rng.uniform(0.0, 0.4))
        process.send_signal(signal.SIGKILL)
        known |= await acknowledged(process)
        if number % 10 == 9:
            print(f"killed {number + 1} times, {len(known):,} leaves acknowledged")
    sessions = create_sessions(engine)
    grower = make_grower(sessions, folder)
    while await grower.grow():
        continue
    store = FileStore.at(None, folder=folder / "files")
    report = await audit(sessions, store, grower.verifier, seen=None)
    missing = known - set(report.subjects)
    print(f"after {times} kills: {report.checkpoint.size:,} leaves, {len(missing)} acknowledged ones missing")
    print(f"audit: {'; '.join(report.faults) or 'no fault'}")
    await engine.dispose()
    if missing or report.faults:
        sys.exit(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--leaves", type=int, default=60_000)
    parser.add_argument("--batch", type=int, default=50)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument("--kills", type=int, default=0)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, BlockingEngines(Path(folder)) as endpoints:
        if args.kills:
            asyncio.run(kill(endpoints.database_url, Path(folder), args.kills))
        else:
            asyncio.run(measure(endpoints.database_url, Path(folder), args))


if __name__ == "__main__":
    main()
