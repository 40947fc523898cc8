"""Asking engines and the kernel, over connections that are closed again."""

import asyncio
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, cast

import asyncpg
from redis.asyncio import Redis

from service.engines.folders import open_engine_folder
from service.engines.postgres import Postgres
from service.engines.valkey import Valkey


async def ask(database_url: str, statement: str) -> object:
    """The first value of the first row."""
    connection = await asyncpg.connect(database_url, timeout=30)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def remember(redis_url: str, key: str, value: str) -> None:
    async with Redis.from_url(redis_url) as client:
        await client.set(key, value)


async def recall(redis_url: str, key: str) -> bytes | None:
    async with Redis.from_url(redis_url) as client:
        return cast("bytes | None", await client.get(key))


def leaders(data_dir: Path) -> tuple[int | None, int | None]:
    """Process ids of the running Postgres and Valkey of a folder."""
    folder = open_engine_folder(data_dir)
    return Postgres(folder).find_leader(), Valkey(folder).find_leader()


def running_leaders(data_dir: Path) -> tuple[int, int]:
    postgres, valkey = leaders(data_dir)
    assert postgres is not None
    assert valkey is not None
    return postgres, valkey


async def kill_leader(data_dir: Path, name: Literal["postgres", "valkey"]) -> None:
    """kill -9, and wait until it has really gone."""
    which = ("postgres", "valkey").index(name)
    os.kill(running_leaders(data_dir)[which], signal.SIGKILL)
    await until(lambda: leaders(data_dir)[which] is None, seconds=60)


async def until(holds: Callable[[], bool], *, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"still not so after {seconds} s"
        await asyncio.sleep(0.02)
