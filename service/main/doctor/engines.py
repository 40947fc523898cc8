"""Postgres and Redis: the configured servers, or the embedded ones where they run.

By default nothing is started and nothing is written: embedded engines that sleep are reported as asleep,
for starting them would make their files on a fresh machine and compete for them on a busy one.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, cast

import asyncpg
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from core.clock import utc_now
from core.database import create_engine
from core.settings import Settings
from core.valkey import open_redis
from models.migrations.run import current_and_newest
from service.engines.engines import Engines
from service.engines.errors import EngineError
from service.engines.folders import open_engine_folder
from service.engines.postgres import Postgres
from service.engines.valkey import Valkey
from service.jobs.estimates import Estimates
from service.main.doctor.findings import Finding, broken, note, ok, one_line, without_secrets

ANSWER_SECONDS: Final = 5.0
OLDEST_POSTGRES: Final = 15
SKEW_SECONDS: Final = 2.0
MAY_MAKE_TEMPORARY: Final = text("SELECT has_database_privilege(current_database(), 'TEMPORARY')")
KEEPS_EVERYTHING: Final = "noeviction"
START: Final = "any huajian process starts it; `huajian doctor --start` looks inside"


@dataclass(frozen=True, slots=True)
class Addresses:
    """None: an embedded engine that does not run."""

    database_url: str | None
    redis_url: str | None


async def examine_engines(settings: Settings, *, start: bool = False) -> list[Finding]:
    """Whether both engines answer, are of a version we know, and hold the schema of this release.

    Args:
        start: start embedded engines for the examination, and stop them again where nobody uses them.
    """
    try:
        async with _find(settings, start=start) as addresses:
            return [
                *await _examine_postgres(settings, addresses.database_url),
                *await _examine_redis(settings, addresses.redis_url),
            ]
    except EngineError as error:
        return [
            broken("Embedded engines", one_line(error), "follow that advice, or set HUAJIAN_DATABASE_URL")
        ]


@asynccontextmanager
async def _find(settings: Settings, *, start: bool) -> AsyncIterator[Addresses]:
    if start:
        async with Engines(
            settings.data_dir, database_url=settings.database_url, redis_url=settings.redis_url
        ) as endpoints:
            yield Addresses(endpoints.database_url, endpoints.redis_url)
    else:
        embedded = await asyncio.to_thread(_find_running, settings)
        yield Addresses(
            settings.database_url or embedded.database_url, settings.redis_url or embedded.redis_url
        )


def _find_running(settings: Settings) -> Addresses:
    """Embedded engines that answer. Raises: EngineError: their wheels or folder are not ours to use."""
    if not (settings.data_dir / "engines").is_dir():
        return Addresses(None, None)
    folder = open_engine_folder(settings.data_dir)
    postgres, valkey = Postgres(folder), Valkey(folder)
    return Addresses(postgres.url if postgres.answers() else None, valkey.url if valkey.answers() else None)


async def _examine_postgres(settings: Settings, url: str | None) -> list[Finding]:
    place = "embedded" if settings.database_url is None else without_secrets(settings.database_url)
    if url is None:
        return [note("Postgres", f"{place}, asleep", START)]
    engine = create_engine(url, pool_size=2)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await _ask_postgres(engine, place)
    except (SQLAlchemyError, asyncpg.PostgresError, OSError, TimeoutError) as error:
        return [
            broken("Postgres", f"{place}: {one_line(error)}", "check HUAJIAN_DATABASE_URL and the server")
        ]
    finally:
        await engine.dispose()


async def _ask_postgres(engine: AsyncEngine, place: str) -> list[Finding]:
    async with engine.connect() as connection:
        version = (await connection.execute(text("SHOW server_version"))).scalar_one()
        there = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
        may_make_temporary = (await connection.execute(MAY_MAKE_TEMPORARY)).scalar_one()
    skew_seconds = abs((there - utc_now()).total_seconds())
    findings = [describe_version(place, str(version)), describe_schema(*await current_and_newest(engine))]
    if not may_make_temporary:
        findings.append(
            broken(
                "Rights",
                "no function of a session can be made, so no help can be taken",
                "GRANT TEMPORARY ON DATABASE … TO Huajian's role; Postgres grants it to everybody by itself",
            )
        )
    if skew_seconds > SKEW_SECONDS:
        findings.append(
            note(
                "Clocks", f"this machine and Postgres differ by {skew_seconds:.0f} s", "synchronise with NTP"
            )
        )
    return findings


def describe_version(place: str, version: str) -> Finding:
    """Whether we know that version, as `SHOW server_version` spells it."""
    says = f"{place}, version {version.partition(' ')[0]}"
    major = version.partition(".")[0]
    if major.isdecimal() and int(major) < OLDEST_POSTGRES:
        return broken(
            "Postgres", says, f"Huajian needs Postgres {OLDEST_POSTGRES} or newer; 18 is what it is tested on"
        )
    return ok("Postgres", says)


def describe_schema(current: str | None, newest: str | None) -> Finding:
    """Whether the database is where this release is; None is an empty one."""
    if current == newest:
        return ok("Schema", f"revision {current}, the newest")
    if current is None:
        return note("Schema", "empty", "huajian migrate; any other process also does it when it starts")
    if newest is not None and current > newest:  # revisions are numbered
        return broken("Schema", f"revision {current} is newer than this release", "run the newer release")
    return note("Schema", f"revision {current}, the newest is {newest}", "huajian migrate")


async def _examine_redis(settings: Settings, url: str | None) -> list[Finding]:
    place = "embedded" if settings.redis_url is None else without_secrets(settings.redis_url)
    if url is None:
        return [note("Redis", f"{place}, asleep", START)]
    redis = open_redis(url)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            return await _ask_redis(redis, place)
    except (RedisError, OSError, TimeoutError) as error:
        return [broken("Redis", f"{place}: {one_line(error)}", "check HUAJIAN_REDIS_URL and the server")]
    finally:
        await redis.aclose()


async def _ask_redis(redis: Redis, place: str) -> list[Finding]:
    facts = cast(dict[str, object], await redis.info())
    version = facts.get("valkey_version") or facts.get("redis_version")
    policy = facts.get("maxmemory_policy", KEEPS_EVERYTHING)
    server = ok("Redis", f"{place}, version {version}")
    if policy != KEEPS_EVERYTHING:
        server = note(
            "Redis", f"{server.says}, may forget ({policy})", f"set maxmemory-policy {KEEPS_EVERYTHING}"
        )
    lanes = (await Estimates(redis).pace("card")).lanes
    if lanes == 0:
        return [server, note("Workers", "none is alive", "huajian serve, or huajian worker")]
    return [server, ok("Workers", f"{lanes} works at once")]
