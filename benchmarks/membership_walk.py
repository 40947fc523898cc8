"""Random lives of members over the gateway and the rehearsal, proved whenever they come to rest.

Usage: python -m benchmarks.membership_walk [--operations 2000] [--seed 1]

Subscribing, upgrading, downgrading, renewing, failing cards, refunds, disputes, months in advance; events
come shuffled and twice. At each rest every invariant holds, no event is left over, and our books of the
bank's balance are that balance.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random
from uuid import uuid4

import asyncpg
import structlog
from sqlalchemy.engine import make_url

from billing.stripe_gateway import StripeGateway
from core.database import create_engine, create_sessions
from models.migrations.run import migrate
from service.engines.blocking import BlockingEngines
from service.rehearsal.objects import Objects
from service.rehearsal.server import rehearse
from tests.factories.club_walk import STEPS, ClubWalk
from tests.factories.members import Club
from tests.fakes.clock import MovableClock
from tests.fakes.stripe_server.keys import API_KEY, WEBHOOK_SECRET, settings_for
from tests.fakes.stripe_server.stock import stocked_shelf
from tests.integration.memberships.conftest import require_order

STEPS_A_WALK = 60  # then other people in an empty database, so that a proof stays quick
STEPS_A_REST = 8
TEMPLATE = "walk_template"


async def walk(database_url: str, stock: str, steps: int, seed: int) -> Counter[str]:
    """Walk in an empty database; how often each step was done. Raises: SystemExit: a promise was broken."""
    name = f"walk_{uuid4().hex}"
    await _execute(database_url, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    engine = create_engine(_at(database_url, name), pool_size=4)
    clock = MovableClock()
    objects = Objects(lambda: int(clock().timestamp()))
    objects.restore(stock)
    done: list[str] = []
    with rehearse(objects, key=API_KEY, webhook_secret=WEBHOOK_SECRET) as rehearsal:
        gateway = StripeGateway(settings_for(rehearsal.url))
        walking = ClubWalk(Club(create_sessions(engine), gateway, rehearsal, clock), Random(seed))
        await walking.begin()
        try:
            for number in range(1, steps + 1):
                done.append(await walking.step(walking.random.randrange(STEPS)))
                if number % STEPS_A_REST == 0 or number == steps:
                    await walking.come_to_rest()
                    await require_order(walking.club)
        except AssertionError as error:
            sys.exit(f"seed {seed} broke a promise after {done}: {error}")
        await gateway.close()
    await engine.dispose()
    await _execute(database_url, f"DROP DATABASE {name} WITH (FORCE)")
    return walking.steps


async def prepare(database_url: str) -> str:
    """A migrated database to copy from, and a rehearsal's shelf with our catalogue."""
    await _execute(database_url, f"CREATE DATABASE {TEMPLATE}")
    engine = create_engine(_at(database_url, TEMPLATE), pool_size=2)
    await migrate(engine)
    await engine.dispose()
    return await stocked_shelf()


async def _execute(database_url: str, statement: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(statement)
    await connection.close()


def _at(database_url: str, name: str) -> str:
    return make_url(database_url).set(database=name).render_as_string(hide_password=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    steps: Counter[str] = Counter()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, BlockingEngines(Path(folder)) as endpoints:
        stock = asyncio.run(prepare(endpoints.database_url))
        for seed in range(options.seed, options.seed + -(-options.operations // STEPS_A_WALK)):
            steps += asyncio.run(walk(endpoints.database_url, stock, STEPS_A_WALK, seed))
    seconds = time.perf_counter() - started
    print(f"{steps.total()} steps, every promise proved at each rest, in {seconds:.0f} s: {dict(steps)}")


if __name__ == "__main__":
    main()
