"""A long random walk through buying, spending, refunding, disputing and closing, proved after every step.

Usage: python -m benchmarks.money_walk [--operations 10000] [--seed 1]
"""

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random
from uuid import uuid4

import asyncpg
from sqlalchemy.engine import make_url

from billing.ledger.reports import balance
from core.database import create_engine, create_sessions
from models.ledger import AccountCode
from models.migrations.run import migrate
from service.engines.blocking import BlockingEngines
from tests.factories.money_walk import CURRENCIES, MoneyWalk
from tests.integration.ledger.books import breaches

STEPS_A_WALK = 250  # then another user in an empty database, so that a proof stays quick


async def walk(database_url: str, steps: int, random: Random) -> Counter[str]:
    """Walk in an empty database; how often each step was done. Raises: SystemExit: a promise was broken."""
    name = f"walk_{uuid4().hex}"
    connection = await asyncpg.connect(database_url)
    await connection.execute(f"CREATE DATABASE {name}")
    url = make_url(database_url).set(database=name).render_as_string(hide_password=False)
    engine = create_engine(url, pool_size=2)
    await migrate(engine)
    walking = MoneyWalk(create_sessions(engine), random)
    await walking.begin()
    for number in range(steps):
        step = await walking.step(random.randrange(24))
        async with walking.sessions() as session:
            broken = await breaches(session)
            cash = {
                currency: await balance(session, AccountCode.STRIPE_CLEARING, currency)
                for currency in CURRENCIES
            }
        if broken or any(cash[currency] != walking.cash[currency] for currency in CURRENCIES):
            sys.exit(f"step {number} ({step}) broke {broken}; cash {cash}, expected {dict(walking.cash)}")
    await engine.dispose()
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()
    return walking.steps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    random = Random(options.seed)
    steps: Counter[str] = Counter()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, BlockingEngines(Path(folder)) as endpoints:
        while steps.total() < options.operations:
            count = min(STEPS_A_WALK, options.operations - steps.total())
            steps += asyncio.run(walk(endpoints.database_url, count, random))
    seconds = time.perf_counter() - started
    print(f"{steps.total()} steps, every promise proved after each, in {seconds:.0f} s: {dict(steps)}")


if __name__ == "__main__":
    main()
