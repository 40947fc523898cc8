"""How many rewards farmers get, with the risk score and in shadow mode, and what honest helpers pay for it.

Usage: python -m benchmarks.red_team [--scale 1.0] [--honest 10000] [--seeds 1] [--only NAME …]

Attacks speak to the app of this process through its real endpoints, each in a database of its own: once with
the score, once with the score only looking on, so that what the other rules stop can be told from what it
stops. Limits of requests are off. Honest helps are weighed one after the other, in order of time.
"""

import argparse
import asyncio
import contextlib
import logging
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import structlog
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.engine import make_url

from core.database import create_engine
from core.settings import AuthSettings, LimitSettings, ReferralSettings, RiskSettings, Settings
from core.tasks import background
from models.migrations.run import migrate
from models.risk import RiskDecision
from service.app import create_app
from service.engines.blocking import BlockingEngines
from service.engines.endpoints import Endpoints
from service.wiring import Services, open_services
from tests.factories import red_team
from tests.factories.honest_helps import RENTED, Population
from tests.factories.red_team import Loot, RedTeam
from tests.factories.replays import Replay, Tally

START = datetime(2026, 11, 1, tzinfo=UTC)
PLENTY = 10_000_000


@dataclass(frozen=True)
class Attack:
    """goal: the most rewards that may get through; None: a limit that is known, and only shown."""

    mark: str
    what: str
    play: Callable[[RedTeam, int], Awaitable[Loot]]
    size: int
    goal: int | None


ATTACKS = (
    Attack("a", "200 parallel helps by one person", red_team.many_taps, 200, 0),
    Attack("b", "500 guests from one device, one owner", red_team.guests_of_one_device, 500, 3),
    Attack("b+", "the same two new accounts for 100 links", red_team.new_for_many, 100, 1),
    Attack("b++", "500 guests from one device, one in three asks", red_team.farm_on_one_device, 500, 4),
    Attack("b6", "the same at home, by IPv6: a /64 for each", red_team.farm_in_one_home, 500, 4),
    Attack("c", "500 guests, 50 devices, one network, one owner", red_team.guests_of_one_network, 500, 3),
    Attack("c+", "the same, and one in three asks", red_team.farm_on_one_network, 500, 60),
    Attack("d", "ring A-B-C-A, three rounds", red_team.ring_of_three, 3, 0),
    Attack("d+", "circle of eight, each helped by the next three", red_team.circle_of_eight, 1, 1),
    Attack("e", "20 second accounts on the owner's device", red_team.second_account, 20, 0),
    Attack("e+", "30 private windows on the owner's device", red_team.private_window, 30, 3),
    Attack("f", "replayed, foreign, altered, made-up tokens", red_team.bad_tokens, 40, 0),
    Attack("g", "1,000 guesses at codes", red_team.enumeration, 1000, 0),
    Attack("h", "200 visits of crawlers and previews", red_team.crawlers, 200, 0),
    Attack("limit", "20 accounts, 20 devices, 20 addresses, no ring", red_team.ladder, 20, None),
)


@contextlib.asynccontextmanager
async def opened(engines: Endpoints, name: str, folder: Path, *, is_shadow: bool) -> AsyncIterator[Services]:
    """Everything wired over a fresh database."""
    connection = await asyncpg.connect(engines.database_url)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    url = make_url(engines.database_url).set(database=name).render_as_string(hide_password=False)
    engine = create_engine(url, pool_size=2)
    await migrate(engine)
    await engine.dispose()
    centres = folder / "datacentres.txt"
    centres.write_text(f"{RENTED}/32\n", "utf-8")
    settings = Settings(
        data_dir=folder,
        auth=AuthSettings(secret=SecretStr("a secret of the benchmark's own, long enough")),
        limits=LimitSettings(
            per_user_minute=PLENTY, per_address_minute=PLENTY, sign_ups_per_address_hour=PLENTY
        ),
        referral=ReferralSettings(
            proof_bits=4,
            helps_per_user_minute=PLENTY,
            links_per_user_hour=PLENTY,
            views_per_address_minute=PLENTY,
            wrong_codes_per_address_hour=PLENTY,
        ),
        risk=RiskSettings(is_shadow=is_shadow, datacentres_file=centres),
    )
    async with open_services(settings, replace(engines, database_url=url)) as services:
        await services.redis.flushdb()
        async with (
            background(services.hub.run()),
            background(services.admissions.run()),
            background(services.unlocking.helps.run()),
        ):
            yield services


def app_of(services: Services) -> FastAPI:
    @contextlib.asynccontextmanager
    async def already_open(_: FastAPI) -> AsyncIterator[None]:
        yield

    app = create_app(services.settings, lifespan=already_open)
    app.state.services = services
    return app


async def attack_all(engines: Endpoints, folder: Path, chosen: list[Attack], scale: float) -> bool:
    """Print a line for each; whether all goals were met."""
    print(f"{'':6}{'attack':50}{'helps':>7}{'counted':>9}{'rewards':>9}{'goal':>6}{'in shadow':>11}")
    is_met = True
    for number, attack in enumerate(chosen):
        size = max(1, round(attack.size * scale)) if attack.size > 8 else attack.size
        loots = []
        for is_shadow in (False, True):
            name = f"attack_{number}_{is_shadow:d}"
            async with (
                opened(engines, name, folder, is_shadow=is_shadow) as services,
                RedTeam(services, app_of(services)) as team,
            ):
                loots.append(await attack.play(team, size))
        loot, shadow = loots
        goal = "-" if attack.goal is None else str(attack.goal)
        is_met &= attack.goal is None or loot.rewards <= attack.goal
        print(
            f"{attack.mark:6}{attack.what:50}{loot.tries:7}{loot.counted:9}{loot.rewards:9}{goal:>6}"
            f"{shadow.rewards:11}",
            flush=True,
        )
    return is_met


async def be_honest(engines: Endpoints, folder: Path, count: int, seed: int) -> Tally:
    async with opened(engines, f"honest_{seed}", folder, is_shadow=False) as services:
        population = Population(seed, START)
        taps = population.taps(count)
        async with services.sessions() as session:
            replay = Replay(session, services.risk, services.keys, START)
            began = time.perf_counter()
            tally = await replay.play(population.people, taps)
            seconds = time.perf_counter() - began
    denied, held = tally.share(RiskDecision.DENY), tally.share(RiskDecision.HOLD)
    print(f"\nhonest helps, seed {seed}: {tally.count}; denied {denied:.2%}, held {held:.2%}")
    print(f"{'group':14}{'helps':>7}{'denied':>8}{'held':>7}")
    sizes: Counter[str] = Counter()
    for (group, _), number in tally.groups.items():
        sizes[group] += number
    for group, number in sorted(sizes.items()):
        print(
            f"{group:14}{number:7}{tally.groups[group, RiskDecision.DENY]:8}"
            f"{tally.groups[group, RiskDecision.HOLD]:7}"
        )
    for (effect, code), number in tally.codes.most_common(12):
        print(f"  {effect.value:6}{code:22}{number}")
    print(f"{1000 * seconds / count:.1f} ms a help, with everything written")
    return tally


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--honest", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[])
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    chosen = [attack for attack in ATTACKS if not options.only or attack.mark in options.only]
    with tempfile.TemporaryDirectory() as name, BlockingEngines(Path(name)) as engines:
        is_met = asyncio.run(attack_all(engines, Path(name), chosen, options.scale))
        for seed in range(1, options.seeds + 1 if options.honest else 1):
            tally = asyncio.run(be_honest(engines, Path(name), options.honest, seed))
            is_met &= tally.share(RiskDecision.DENY) < 0.01
    if not is_met:
        sys.exit("a goal was missed")


if __name__ == "__main__":
    main()
