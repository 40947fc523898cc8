"""How fast `POST /v1/generations` is, beside a constant answer and the plain ORM way.

Three servers of the same app run one at a time on one embedded Postgres (fsync on), each under the same load
from wrk, in turn and several times; what counts are the medians of the ratios of each turn, because a machine
that others use, too, changes from one turn to the next.
Usage: python -m benchmarks.admission [--seconds 8] [--rounds 3] [--users 200] [--connections 64]
"""

import argparse
import asyncio
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError

from sqlalchemy import text

from benchmarks.admission_setup import make_tokens, make_users
from billing.invariants import find_breaches
from core.database import create_engine, create_sessions
from models.migrations.run import migrate
from service.engines.blocking import BlockingEngines
from service.engines.endpoints import Endpoints
from service.invariants import JOB_INVARIANTS

MODES = ("constant", "group", "orm")
PORT = 8099
LOAD = """
local tokens = { %s }
local body = [[%s]]
local counter, thread_number = 0, 0
function setup(thread) thread_number = thread_number + 1; thread:set("id", thread_number) end
function request()
  counter = counter + 1
  return wrk.format("POST", "/v1/generations", {
    ["Content-Type"] = "application/json",
    ["Authorization"] = "Bearer " .. tokens[counter %% #tokens + 1],
    ["Idempotency-Key"] = "%s-" .. id .. "-" .. counter,
    ["Accept-Language"] = "zh-CN",
  }, body)
end
function response(status, headers, body) if status ~= 202 then wrk.thread:stop(); print(status, body) end end
"""
BODY = (
    '{"kind":"card","spec":{"occasion":"mid_autumn","recipient":"林晚晴","sender":"知夏",'
    '"message":"月色如水，愿你心安。","language":"zh","style":"ink","format":"png","seed":7}}'
)


@dataclass(frozen=True)
class Figures:
    rate: float  # requests/s
    p50_ms: float
    p99_ms: float
    cpu_us: float  # of the server process, per request


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--users", type=int, default=200)
    parser.add_argument("--connections", type=int, default=64)
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("This benchmark loads the servers with wrk: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder, BlockingEngines(Path(folder)) as endpoints:
        tokens = asyncio.run(prepare(endpoints, options.users))
        measured: dict[str, list[Figures]] = {mode: [] for mode in MODES}
        for turn in range(options.rounds):
            for mode in MODES:
                figures = measure(mode, endpoints, Path(folder), tokens, options, f"{mode}{turn}")
                measured[mode].append(figures)
                print(f"  {mode:9} {figures.rate:8.0f}/s  p99 {figures.p99_ms:6.1f} ms", flush=True)
        report(measured)
        asyncio.run(check(endpoints))


async def prepare(endpoints: Endpoints, users: int) -> list[str]:
    engine = create_engine(endpoints.database_url, pool_size=2)
    await migrate(engine)
    ids = await make_users(create_sessions(engine), users)
    await engine.dispose()
    return make_tokens(ids)


async def check(endpoints: Endpoints) -> None:
    """The books of everything that was admitted; the ORM twin skips the fingerprint, not the money."""
    engine = create_engine(endpoints.database_url, pool_size=2)
    async with create_sessions(engine)() as session:
        jobs = await session.scalar(text("SELECT count(*) FROM generations"))
        fsync = await session.scalar(text("SHOW fsync"))
        breaches = await find_breaches(session, JOB_INVARIANTS)
    await engine.dispose()
    print(f"{jobs:,} jobs admitted, fsync {fsync}, invariants broken: {len(breaches)}")


def measure(
    mode: str, endpoints: Endpoints, folder: Path, tokens: list[str], options: argparse.Namespace, key: str
) -> Figures:
    """Start one server, warm it, load it, stop it."""
    command = [sys.executable, "-m", "benchmarks.admission_server", mode, str(PORT)]
    command += [endpoints.database_url, endpoints.redis_url, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            _await_ready()
            load = folder / "load.lua"
            load.write_text(LOAD % (",".join(f'"{token}"' for token in tokens), BODY, f"warm-{key}"))
            _load(load, 2, options.connections)
            load.write_text(LOAD % (",".join(f'"{token}"' for token in tokens), BODY, key))
            before = _cpu_seconds(server.pid)
            printed = _load(load, options.seconds, options.connections)
            return _read(printed, _cpu_seconds(server.pid) - before)
        finally:
            server.terminate()


def _await_ready() -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health/ready", timeout=1)
        except (URLError, OSError):
            time.sleep(0.1)
        else:
            return
    sys.exit("the server did not start")


def _load(script: Path, seconds: int, connections: int) -> str:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--latency", "-s", str(script)]
    return subprocess.run(
        [*command, f"http://127.0.0.1:{PORT}"], check=True, capture_output=True, text=True
    ).stdout


def _read(printed: str, cpu_seconds: float) -> Figures:
    if "Non-2xx" in printed:
        sys.exit(f"not every request was admitted:\n{printed}")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", printed)
    count = re.search(r"(\d+) requests in", printed)
    if not rate or not count:
        sys.exit(f"wrk printed something else:\n{printed}")
    return Figures(
        float(rate[1]), _latency(printed, "50%"), _latency(printed, "99%"), cpu_seconds / int(count[1]) * 1e6
    )


def _latency(printed: str, percentile: str) -> float:
    found = re.search(rf"{percentile}\s+([\d.]+)(us|ms|s)", printed)
    if not found:
        sys.exit(f"wrk printed no {percentile}")
    return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000}[found[2]]


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def report(measured: dict[str, list[Figures]]) -> None:
    print(f"{'answer':10} {'r/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'CPU µs':>8}")
    medians = {}
    for mode, rounds in measured.items():
        medians[mode] = Figures(
            *(statistics.median(column) for column in zip(*map(_columns, rounds), strict=True))
        )
        rate, p50, p99, cpu = _columns(medians[mode])
        print(f"{mode:10} {rate:8.0f} {p50:8.1f} {p99:8.1f} {cpu:8.0f}")
    constant, group, orm = (measured[mode] for mode in MODES)
    by_constant = _ratio([(ours.rate, theirs.rate) for ours, theirs in zip(group, constant, strict=True)])
    by_orm = _ratio([(ours.rate, theirs.rate) for ours, theirs in zip(group, orm, strict=True)])
    p99 = _ratio([(ours.p99_ms, theirs.p99_ms) for ours, theirs in zip(group, constant, strict=True)])
    print(
        f"group commit / constant answer: {by_constant:.2f} (target >= 0.70); "
        f"group commit / ORM: {by_orm:.1f} (target >= 5); "
        f"p99 group / constant: {p99:.1f} (target <= 4)"
    )


def _ratio(turns: list[tuple[float, float]]) -> float:
    return statistics.median(ours / theirs for ours, theirs in turns)


def _columns(figures: Figures) -> tuple[float, float, float, float]:
    return figures.rate, figures.p50_ms, figures.p99_ms, figures.cpu_us


if __name__ == "__main__":
    main()
