"""A process that appends to the log and lets it grow, until it is killed; it says which leaves it committed.

`python -m tests.fakes.log_writer DATABASE_URL FOLDER` prints the id of each leaf's subject after its commit.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from core.clock import utc_now
from core.database import Sessions, create_engine, create_sessions
from models.transparency import LeafKind
from provenance.log import queries
from provenance.log.notes import Signer
from provenance.log.queries import NewLeaf
from service.storage.store import FileStore
from service.transparency.growing import LogGrower

KEY = bytes(range(32))
ORIGIN = "benchmark.invalid/log"
MOST_LEAVES = 40  # of one commit


def make_grower(sessions: Sessions, folder: Path) -> LogGrower:
    signer = Signer(ORIGIN, Ed25519PrivateKey.from_private_bytes(KEY))
    return LogGrower(sessions, FileStore.at(None, folder=folder / "files"), signer, utc_now)


async def run_writer(url: str, folder: Path) -> Process:
    """A writer that has begun to write."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.log_writer", url, str(folder), stdout=PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    return process


async def acknowledged(process: Process) -> set[UUID]:
    """What a killed writer had said; a line that was cut off does not count."""
    output, _ = await process.communicate()
    return {UUID(line) for line in output.decode().splitlines(keepends=False) if len(line) == 36}


async def write(url: str, folder: Path) -> None:
    engine = create_engine(url, pool_size=4)
    sessions = create_sessions(engine)
    grower = make_grower(sessions, folder)
    async with sessions() as session:
        await queries.find_head(session)  # connected
    print("ready", flush=True)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(_append(sessions))
        for _ in range(2):  # two that grow side by side, as in two processes
            tasks.create_task(_grow(grower))


async def _append(sessions: Sessions) -> None:
    count = 0
    while True:
        count = count % MOST_LEAVES + 1
        leaves = [
            NewLeaf(LeafKind.CERTIFICATE, subject, f"leaf of {subject}".encode())
            for subject in (uuid4() for _ in range(count))
        ]
        async with sessions.begin() as session:
            await queries.append(session, leaves, now=utc_now())
        print("\n".join(str(leaf.subject_id) for leaf in leaves), flush=True)


async def _grow(grower: LogGrower) -> None:
    while True:
        await grower.grow()


if __name__ == "__main__":
    asyncio.run(write(sys.argv[1], Path(sys.argv[2])))
