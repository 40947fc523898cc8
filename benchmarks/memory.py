"""How much memory the processes take at their peak while they work.

Starts the web process (without a worker) and a worker with one renderer, has them make cards, lyrics and
images, and reads each process's high-water mark from /proc. Resident pages that two processes share, such as
the code of libraries, count in both; the proportional size at the end counts them once.
Usage: python -m benchmarks.memory [--works 60]
"""

import argparse
import asyncio
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from uuid import UUID, uuid4

import httpx

from billing import lots
from core.clock import utc_now
from core.database import create_engine, create_sessions
from models.credit import LotSource
from service.engines.blocking import BlockingEngines
from service.http.admission import EXAMPLES

TARGETS_MB = {"web": 250, "worker and renderer": 400}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--works", type=int, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, BlockingEngines(Path(folder)) as endpoints:
        port = _free_port()
        environment = {**os.environ, "HUAJIAN_DATA_DIR": folder, "HUAJIAN_LIMITS__PER_USER_MINUTE": "100000"}
        web = _start("serve", "--no-worker", "--port", str(port), environment=environment)
        worker = _start("worker", environment=environment)
        try:
            seconds = asyncio.run(
                make_works(f"http://127.0.0.1:{port}", endpoints.database_url, options.works)
            )
            families = {"web": [web.pid], "worker and renderer": _family(worker.pid)}
            sizes = {name: (_peaks_mb(pids), _proportional_mb(pids)) for name, pids in families.items()}
        finally:
            for process in (web, worker):
                process.send_signal(signal.SIGTERM)
                process.wait()
    print(f"{options.works} works in {seconds:.1f} s with one renderer")
    for name, (peaks, proportional) in sizes.items():
        parts = " + ".join(f"{peak:.0f}" for peak in peaks)
        print(
            f"{name}: peak {parts} = {sum(peaks):.0f} MB resident (target <= {TARGETS_MB[name]} MB), "
            f"{proportional:.0f} MB proportional at the end"
        )


async def make_works(url: str, database_url: str, count: int) -> float:
    """Ask for so many works of every kind and wait for them; how long that took."""
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        await _until_ready(client)
        body = (await client.post("/v1/auth/guest", json={"device_id": uuid4().hex})).json()
        headers = {"authorization": f"Bearer {body['access_token']}"}
        engine = create_engine(database_url, pool_size=2)
        async with create_sessions(engine).begin() as session:
            await lots.grant(
                session,
                user_id=UUID(body["user"]["id"]),
                source=LotSource.GOODWILL,
                source_key="benchmark",
                quantity=count,
                now=utc_now(),
                expires_at=None,
            )
        await engine.dispose()
        started = time.perf_counter()
        for number in range(count):
            await _make(client, headers, list(EXAMPLES.values())[number % len(EXAMPLES)])
        return time.perf_counter() - started


async def _make(client: httpx.AsyncClient, headers: dict[str, str], body: object) -> None:
    answer = await client.post(
        "/v1/generations", json=body, headers={**headers, "idempotency-key": str(uuid4())}
    )
    answer.raise_for_status()
    async with client.stream("GET", f"{answer.headers['location']}/events", headers=headers) as events:
        async for line in events.aiter_lines():
            if '"succeeded"' in line:
                return
    sys.exit("a work was not made")


async def _until_ready(client: httpx.AsyncClient) -> None:
    for _ in range(300):
        try:
            if (await client.get("/health/ready")).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        await asyncio.sleep(0.2)
    sys.exit("the service did not start")


def _start(*arguments: str, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    command = [str(Path(sys.executable).with_name("huajian")), *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _family(pid: int) -> list[int]:
    threads = Path(f"/proc/{pid}/task").glob("*/children")
    return [pid, *(int(child) for thread in threads for child in thread.read_text().split())]


def _peaks_mb(pids: list[int]) -> list[float]:
    """High-water marks of resident memory."""
    return [_read_mb(Path(f"/proc/{pid}/status"), "VmHWM:") for pid in pids]


def _proportional_mb(pids: list[int]) -> float:
    return sum(_read_mb(Path(f"/proc/{pid}/smaps_rollup"), "Pss:") for pid in pids)


def _read_mb(file: Path, name: str) -> float:
    (line,) = (line for line in file.read_text().splitlines() if line.startswith(name))
    return int(line.split()[1]) / 1024


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    main()
