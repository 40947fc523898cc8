"""How fast unlock links are shown and helped, and whether a famous one slows the others down.

1. Taps, each by another person on one of many links, beside constant answers of the same app, in turns.
2. The page and the API's view of a link, with few and with many readers at once.
3. The same pages of ordinary links, alone and while one link is looked at and helped by everybody.
4. People racing for the last seats of a budget: never exceeded, and every answer true.
One server process, one embedded Postgres with fsync on; loaded by wrk.
Usage: python -m benchmarks.unlock_links [--helps 12000] [--views 10] [--rounds 3] [--seconds 4]
           [--clients 64 256]
"""

import argparse
import asyncio
import json
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.error import URLError
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks.admission_setup import make_tokens
from benchmarks.unlock_server import settings_for
from billing.invariants import find_breaches
from core.clock import utc_now
from core.errors import DomainError
from core.ids import new_id
from core.tasks import background
from models.campaign import Audience, CampaignState
from models.credit import CreditAccount
from models.migrations.run import migrate
from models.user import Channel, Contact, Device, Role, User
from referral.campaigns import CampaignWish, draft_once
from referral.codes import code_of
from referral.terms import Terms
from service.engines.blocking import BlockingEngines
from service.engines.endpoints import Endpoints
from service.flows.help_unlock import help_unlock
from service.invariants import JOB_INVARIANTS
from service.wiring import Services, open_services
from tests.factories.credits import make_user
from tests.factories.taps import make_open_link, make_request

PORT = 8098
PAGES = 50
FEW_CLIENTS = 64
MANY_CLIENTS = 256  # more add nothing: batches are full enough
WARM_UP = 300  # taps before the measured ones: statements are prepared once for each connection
AGENT = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/26.0 Mobile/15E148 Safari/604.1"
)
# Every tap once, in order, each after so many looks at its link. A tap that comes again is answered with 200,
# so using them all up is noticed; with `once` the load ends there.
TAPS = """
local taps, looks, once = {}, %(looks)d, %(once)s
for line in io.lines(%(file)s) do
  local code, token, body = line:match("^(%%S+) (%%S+) (.+)$")
  for _ = 1, looks do taps[#taps + 1] = wrk.format("GET", "/v1/unlock-links/" .. code) end
  taps[#taps + 1] = wrk.format("POST", "/v1/unlock-links/" .. code .. "/helps", {
    ["Content-Type"] = "application/json",
    ["Authorization"] = "Bearer " .. token,
    ["User-Agent"] = "%(agent)s",
  }, body)
end
local counter, answered, wrong = 0, 0, 0
function request() counter = counter %% #taps + 1; return taps[counter] end
function response(status, headers, body)
  answered = answered + 1
  if once and answered >= #taps then os.exit(0) end -- wrk itself only ends after a time
  if status ~= 201 and not (looks > 0 and status == 200) then
    wrong = wrong + 1
    if wrong < 4 then print("wrong", status, body) end
  end
end
"""
LOOKS = """
local paths = { %(paths)s }
local counter = 0
function request() counter = counter + 1; return wrk.format("GET", paths[counter %% #paths + 1]) end
function done(summary, latency)
  print(string.format("p95 %%.3f", latency:percentile(95) / 1000))
end
"""


@dataclass(frozen=True)
class Tap:
    """One request to send: whose, for which link, with what."""

    code: str
    helper_id: UUID
    body: str


@dataclass(frozen=True)
class Load:
    """cpu_ms: of the serving process, for each request; the machine's other work does not count."""

    rate: float
    cpu_ms: float

    def __str__(self) -> str:
        return f"{self.rate:.0f}/s at {self.cpu_ms:.2f} ms CPU"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--helps", type=int, default=12_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--views", type=int, default=10, help="looks for each help of the famous link")
    parser.add_argument("--racers", type=int, default=1000)
    parser.add_argument(
        "--clients", type=int, nargs="+", default=[FEW_CLIENTS, MANY_CLIENTS], help="at once, of taps"
    )
    options = parser.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("This benchmark loads the servers with wrk: apt-get install wrk")
    with tempfile.TemporaryDirectory() as folder, BlockingEngines(Path(folder)) as endpoints:
        bench = Bench(endpoints, Path(folder), options)
        asyncio.run(bench.prepare())
        for clients in options.clients:
            bench.compare_taps(clients)
        bench.measure_pages()
        bench.compare_with_fame()
        asyncio.run(bench.race())


class Bench:
    """One database, and the figures that it is asked for."""

    def __init__(self, endpoints: Endpoints, folder: Path, options: argparse.Namespace) -> None:
        self.endpoints = endpoints
        self.folder = folder
        self.options = options
        self.codes: list[str] = []

    async def prepare(self) -> None:
        async with self.services() as services:
            await migrate(services.engine)
            async with services.sessions.begin() as session:
                links = [await make_open_link(services, session) for _ in range(PAGES)]
        self.codes = [code_of(services.keys, link.id) for link in links]

    def services(self) -> Any:  # noqa: ANN401 - an async context manager of Services
        return open_services(settings_for(self.folder), self.endpoints)

    def compare_taps(self, clients: int) -> None:
        """Each tap by another proven person; five helps a link, whose goal is out of reach."""
        print(f"taps by different people, five for each link, {clients} at once")
        ratios, signed_in_ratios = [], []
        for turn in range(self.options.rounds):
            taps = asyncio.run(self.make_taps(self.options.helps, helps_per_link=5))
            with self.server("constant") as server:
                constant = self.tap_all(taps, server, clients=clients)
            with self.server("signed-in") as server:
                signed_in = self.tap_all(taps, server, clients=clients)
            warming = asyncio.run(self.make_taps(WARM_UP, helps_per_link=5))
            with self.server("helps") as server:
                self.tap_all(warming, server, clients=clients, may_run_out=True)
                ours = self.tap_all(taps, server, clients=clients)
            ratios.append(ours.rate / constant.rate)
            signed_in_ratios.append(ours.rate / signed_in.rate)
            print(
                f"  turn {turn + 1}: constant {constant}; to the signed in {signed_in}; helps {ours}",
                flush=True,
            )
        print(f"helps / constant answer: {statistics.median(ratios):.2f} (target >= 0.50)")
        print(f"helps / constant answer to the signed in: {statistics.median(signed_in_ratios):.2f}")

    def measure_pages(self) -> None:
        with self.server("helps") as server:
            for prefix in ("/u/", "/v1/unlock-links/"):
                for connections in (1, 8):
                    p95, load = self.look(prefix, connections, server)
                    print(f"GET {prefix}…, {connections} at once: p95 {p95:.1f} ms, {load} (p95 <= 30 ms)")

    def compare_with_fame(self) -> None:
        """Ordinary links' pages, alone and beside a link that everybody helps at that moment."""
        taps = asyncio.run(self.make_taps(self.options.helps, helps_per_link=self.options.helps))
        spread = asyncio.run(self.make_taps(self.options.helps, helps_per_link=5))
        warming = asyncio.run(self.make_taps(WARM_UP, helps_per_link=5))
        views = self.options.views
        with self.server("helps") as server:
            self.tap_all(warming, server, may_run_out=True)
            alone, _ = self.look("/v1/unlock-links/", 2, server)
            beside_many, many_rate = self.beside(spread, server)
            beside_one, one_rate = self.beside(taps, server)
        print(f"{len(taps):,} helps and {len(taps) * views:,} looks")
        print(f"pages of ordinary links, p95: alone {alone:.1f} ms")
        print(f"  beside {many_rate:.0f} requests/s on many links {beside_many:.1f} ms")
        print(f"  beside {one_rate:.0f} requests/s on one famous link {beside_one:.1f} ms")
        print(f"requests on one link / on many links: {one_rate / many_rate:.2f}")

    def beside(self, taps: Sequence[Tap], server: int) -> tuple[float, float]:
        """(p95 of pages, requests a second) of both at once, until every tap was sent."""
        script = self.write_taps(taps, looks=self.options.views, once=True)
        command = _wrk(script, clients=FEW_CLIENTS, seconds=3600)
        begun = time.perf_counter()
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tapping:
            p95, _ = self.look("/v1/unlock-links/", 2, server)
            printed, _ = tapping.communicate()
        if "wrong" in printed:
            sys.exit(f"not every request was answered well:\n{printed}")
        return p95, len(taps) * (1 + self.options.views) / (time.perf_counter() - begun)

    async def make_taps(self, count: int, *, helps_per_link: int) -> list[Tap]:
        terms = Terms(goal=1_000_000, seats=1_000_000)
        async with self.services() as services, services.sessions.begin() as session:
            helpers = await _make_helpers(services, session, count)
            taps = []
            for start in range(0, count, helps_per_link):
                link = await make_open_link(services, session, terms=terms)
                for helper_id in helpers[start : start + helps_per_link]:
                    request = await make_request(services, session, link.id, helper_id)
                    body = json.dumps({"page_token": request.page_token, "proof": request.proof})
                    taps.append(Tap(request.code, helper_id, body))
        return taps

    def write_taps(self, taps: Sequence[Tap], *, looks: int = 0, once: bool = False) -> Path:
        tokens = make_tokens([tap.helper_id for tap in taps])
        lines = [f"{tap.code} {token} {tap.body}" for tap, token in zip(taps, tokens, strict=True)]
        file, script = self.folder / "taps.txt", self.folder / "taps.lua"
        file.write_text("\n".join(lines))
        told = {"file": json.dumps(str(file)), "agent": AGENT, "looks": looks, "once": json.dumps(once)}
        script.write_text(TAPS % told)
        return script

    def tap_all(
        self, taps: Sequence[Tap], server: int, *, clients: int = FEW_CLIENTS, may_run_out: bool = False
    ) -> Load:
        """As many taps as come through; each is sent once, unless they may run out."""
        script = self.write_taps(taps)
        command = _wrk(script, clients=clients, seconds=self.options.seconds)
        before = _cpu_seconds(server)
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        if may_run_out:
            printed = printed.replace("wrong", "").replace("Non-2xx", "")
        return _load_of(printed, _cpu_seconds(server) - before)

    def look(self, prefix: str, connections: int, server: int) -> tuple[float, Load]:
        """(p95 in ms, load) of looking at ordinary links."""
        script = self.folder / f"look{connections}.lua"
        script.write_text(LOOKS % {"paths": ",".join(f'"{prefix}{code}"' for code in self.codes)})
        command = _wrk(script, clients=connections, seconds=self.options.seconds)
        before = _cpu_seconds(server)
        printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found = re.search(r"p95 ([\d.]+)", printed)
        if not found:
            sys.exit(f"wrk printed something else:\n{printed}")
        return float(found[1]), _load_of(printed, _cpu_seconds(server) - before)

    @contextmanager
    def server(self, mode: str) -> Iterator[int]:
        """The process that serves, by its number."""
        command = [sys.executable, "-m", "benchmarks.unlock_server", mode, str(PORT)]
        command += [self.endpoints.database_url, self.endpoints.redis_url, str(self.folder)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                _await_ready()
                yield process.pid
            finally:
                process.terminate()

    async def race(self) -> None:
        """Each racer would be the one who brings a link its reward; the campaign can pay a tenth of them."""
        racers, room = self.options.racers, self.options.racers // 10
        async with self.services() as services, background(services.unlocking.helps.run()):
            campaign_id = await _make_campaign(services, room)
            async with services.sessions.begin() as session:
                helpers = await _make_helpers(services, session, racers)
                requests = []
                for helper_id in helpers:
                    link = await make_open_link(
                        services, session, terms=Terms(goal=1), campaign_id=campaign_id
                    )
                    requests.append(await make_request(services, session, link.id, helper_id))

            async def tap(index: int) -> str:
                try:
                    outcome = await help_unlock(
                        services.unlocking.desk, services.unlocking.helps, requests[index]
                    )
                except DomainError as error:
                    return error.code
                await services.unlocking.tallier.count(outcome.link_id)
                return outcome.state.value

            answers = Counter(await asyncio.gather(*(tap(index) for index in range(racers))))
            async with services.sessions() as session:
                paid = await session.scalar(
                    text("SELECT used_credits FROM campaigns WHERE id = :id"), {"id": campaign_id}
                )
                breaches = await find_breaches(session, JOB_INVARIANTS)
        print(f"{racers} people race for {room} rewards: {dict(answers)}, paid or promised {paid}")
        print(f"invariants broken: {len(breaches)}")


async def _make_helpers(services: Services, session: AsyncSession, count: int) -> list[UUID]:
    """People with an account, a verified address and a device, who have been here for a while."""
    ids = [new_id() for _ in range(count)]
    since = utc_now() - timedelta(days=90)
    who = [{"id": id_, "role": Role.USER, "locale": "zh", "created_at": since} for id_ in ids]
    await session.execute(insert(User), who)
    accounts = [{"user_id": id_, "tier": "free", "billing_timezone": "UTC"} for id_ in ids]
    zeros = {"debt_credits": 0, "in_flight": 0, "rejected_count": 0}
    await session.execute(insert(CreditAccount), [account | zeros for account in accounts])
    digest = services.keys.digest
    devices = [
        {"id": new_id(), "user_id": id_, "device_hash": digest("device", id_.hex), "created_at": since}
        for id_ in ids
    ]
    await session.execute(insert(Device), devices)
    contacts = [
        {
            "id": new_id(),
            "user_id": id_,
            "channel": Channel.EMAIL,
            "address": f"{id_.hex}@example.org",
            "canonical_address": f"{id_.hex}@example.org",
            "verified_at": since,
            "code_attempts": 0,
        }
        for id_ in ids
    ]
    await session.execute(insert(Contact), contacts)
    return ids


async def _make_campaign(services: Services, budget_credits: int) -> UUID:
    now = services.clock()
    wish = CampaignWish(
        name="race",
        starts_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=1),
        audience=Audience.EVERYONE,
        channels=None,
        terms_a=Terms(goal=1),
        terms_b=None,
        share_b_percent=0,
        budget_credits=budget_credits,
    )
    async with services.sessions.begin() as session:
        operator_id = await make_user(session)
        campaign, _ = await draft_once(session, wish, operator_id=operator_id, key="race", now=now)
        campaign.state = CampaignState.RUNNING
    return campaign.id


def _rate(printed: str) -> float:
    found = re.search(r"Requests/sec:\s+([\d.]+)", printed)
    if not found or "wrong" in printed or "Non-2xx" in printed:
        sys.exit(f"not every request was answered well:\n{printed}")
    return float(found[1])


def _load_of(printed: str, cpu_seconds: float) -> Load:
    count = re.search(r"(\d+) requests in", printed)
    return Load(_rate(printed), cpu_seconds * 1000 / max(1, int(count[1]) if count else 0))


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def _wrk(script: Path, *, clients: int, seconds: int) -> list[str]:
    return ["wrk", "-t1", f"-c{clients}", f"-d{seconds}", "-s", str(script), f"http://127.0.0.1:{PORT}"]


def _await_ready() -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health/ready", timeout=1)
        except (URLError, OSError):
            time.sleep(0.1)
        else:
            return
    sys.exit("the server did not start")


if __name__ == "__main__":
    main()
