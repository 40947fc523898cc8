"""Engines that die are brought back, with everything that was committed."""

import asyncio
import os
import signal
import time
from pathlib import Path

import asyncpg
import pytest

from service.engines.engines import Engines
from service.engines.folders import open_engine_folder
from service.engines.valkey import Valkey
from tests.integration.engines.questions import (
    ask,
    kill_leader,
    leaders,
    recall,
    remember,
    running_leaders,
    until,
)

IS_BUSY = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE state = 'active' AND query LIKE '%generate_series%' AND pid <> pg_backend_pid()"
)
HEALED_WITHIN_SECONDS = 60.0  # measured: 0.1 to 0.5 on an idle machine; a busy one may take its time


class TestPostgres:
    async def test_a_killed_server_is_back_with_what_was_committed(
        self, data_dir: Path, own_engines: Engines
    ) -> None:
        url = (await own_engines.start()).database_url
        await ask(url, "CREATE TABLE numbers AS SELECT generate_series(1, 100000) AS n")
        valkey = running_leaders(data_dir)[1]
        await kill_leader(data_dir, "postgres")

        began = time.monotonic()
        await own_engines.ensure()
        assert time.monotonic() - began < HEALED_WITHIN_SECONDS
        assert await ask(url, "SELECT count(*) FROM numbers") == 100_000
        assert running_leaders(data_dir)[1] == valkey  # the other engine was left alone

    async def test_sessions_that_outlive_a_killed_server_are_ended(
        self, data_dir: Path, own_engines: Engines
    ) -> None:
        url = (await own_engines.start()).database_url
        orphan = await asyncpg.connect(url)
        session = await orphan.fetchval("SELECT pg_backend_pid()")
        # Busy in one long statement, it does not notice that its server has gone.
        busy = asyncio.create_task(orphan.execute("SELECT count(*) FROM generate_series(1, 2000000000)"))
        async with asyncio.timeout(HEALED_WITHIN_SECONDS):
            while not await ask(url, IS_BUSY):  # noqa: ASYNC110 - Postgres offers no event
                await asyncio.sleep(0.02)
        await kill_leader(data_dir, "postgres")
        os.kill(session, 0)  # it does live on

        began = time.monotonic()
        await own_engines.ensure()
        assert time.monotonic() - began < HEALED_WITHIN_SECONDS
        with pytest.raises((asyncpg.PostgresConnectionError, OSError)):
            await busy
        await orphan.close(timeout=1)
        assert await ask(url, "SELECT 1") == 1

    async def test_a_lock_file_naming_a_living_stranger_does_not_prevent_the_start(
        self, data_dir: Path, own_engines: Engines
    ) -> None:
        url = (await own_engines.start()).database_url
        lock = data_dir / "engines/postgres/data/postmaster.pid"
        written = lock.read_text().splitlines()
        await kill_leader(data_dir, "postgres")
        stranger = await asyncio.create_subprocess_exec("/bin/sleep", "60")
        lock.write_text("\n".join([str(stranger.pid), *written[1:]]) + "\n")

        await own_engines.ensure()
        assert await ask(url, "SELECT 1") == 1
        assert stranger.returncode is None  # nor is the stranger harmed
        stranger.kill()
        await stranger.wait()


class TestValkey:
    async def test_a_killed_server_is_back_with_its_keys(self, data_dir: Path, own_engines: Engines) -> None:
        url = (await own_engines.start()).redis_url
        await remember(url, "notes", "kept")
        await kill_leader(data_dir, "valkey")

        began = time.monotonic()
        await own_engines.ensure()
        assert time.monotonic() - began < HEALED_WITHIN_SECONDS
        assert await recall(url, "notes") == b"kept"


class TestWatch:
    async def test_both_come_back_unasked(self, data_dir: Path, own_engines: Engines) -> None:
        endpoints = await own_engines.start()
        watching = asyncio.create_task(own_engines.watch())
        before = running_leaders(data_dir)
        for pid in before:
            os.kill(pid, signal.SIGKILL)
        await until(lambda: not {*before, None} & {*leaders(data_dir)}, seconds=HEALED_WITHIN_SECONDS)
        assert await _answers_soon(endpoints.database_url) == 1
        await until(Valkey(open_engine_folder(data_dir)).answers, seconds=HEALED_WITHIN_SECONDS)
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching

    async def test_it_goes_on_after_a_failure(
        self, data_dir: Path, own_engines: Engines, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        url = (await own_engines.start()).database_url
        monkeypatch.setattr("service.engines.engines._WATCH_SECONDS", 0.1)
        away = data_dir / "engines/postgres/data/global"
        away.rename(away.with_name("elsewhere"))
        watching = asyncio.create_task(own_engines.watch())
        await kill_leader(data_dir, "postgres")
        await asyncio.sleep(1)
        assert not watching.done()

        away.with_name("elsewhere").rename(away)
        assert await _answers_soon(url) == 1
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching


async def _answers_soon(url: str) -> object:
    deadline = time.monotonic() + HEALED_WITHIN_SECONDS
    while True:
        try:
            return await ask(url, "SELECT 1")
        except (OSError, asyncpg.PostgresError):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
