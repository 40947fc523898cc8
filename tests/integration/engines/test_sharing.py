"""Several processes, one folder: who starts the engines, and who stops them."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.engines.blocking import BlockingEngines, stop_unused
from service.engines.engines import Engines
from service.engines.errors import EngineStartError
from service.engines.postgres import Postgres
from tests.integration.engines.members import REPOSITORY, Member
from tests.integration.engines.questions import ask, leaders, running_leaders, until


class TestSharing:
    async def test_processes_that_start_at_once_share_and_the_last_one_stops(self, fresh_dir: Path) -> None:
        with Member(fresh_dir) as first, Member(fresh_dir) as second:
            addresses = first.addresses()
            assert second.addresses() == addresses
            shared = running_leaders(fresh_dir)

            first.leave()
            assert running_leaders(fresh_dir) == shared
            assert await ask(addresses[0], "SELECT 1") == 1

            second.leave()
            assert leaders(fresh_dir) == (None, None)

    async def test_a_killed_process_does_not_keep_them_running(
        self, data_dir: Path, own_engines: Engines
    ) -> None:
        with Member(data_dir) as member:
            member.addresses()
            await own_engines.start()
            member.kill()
        await own_engines.stop()
        assert leaders(data_dir) == (None, None)

    async def test_ctrl_c_does_not_reach_them(self, data_dir: Path, own_engines: Engines) -> None:
        with Member(data_dir) as member:
            database_url, _ = member.addresses()
            before = running_leaders(data_dir)
            member.press_ctrl_c()
        await own_engines.start()
        assert running_leaders(data_dir) == before
        assert await ask(database_url, "SELECT 1") == 1

    def test_what_a_killed_process_left_running_can_be_stopped(self, data_dir: Path) -> None:
        with Member(data_dir) as member:
            member.addresses()
            in_use = _run_engines_command(data_dir)
            assert (in_use.returncode, "stop it first" in in_use.stderr) == (1, True)
            member.kill()
        running_leaders(data_dir)
        assert _run_engines_command(data_dir).returncode == 0
        assert leaders(data_dir) == (None, None)


class TestUndoing:
    async def test_a_failed_start_says_why_and_leaves_nothing(
        self, data_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        command = Postgres.command
        with monkeypatch.context() as broken:
            broken.setattr(Postgres, "command", lambda self: [*command(self), "-c", "shared_buffers=lots"])
            with pytest.raises(EngineStartError, match="shared_buffers"):
                BlockingEngines(data_dir).start()
        assert stop_unused(data_dir)
        with BlockingEngines(data_dir) as endpoints:
            assert await ask(endpoints.database_url, "SELECT 1") == 1

    async def test_a_cancelled_start_leaves_nothing(self, fresh_dir: Path) -> None:
        starting = asyncio.create_task(Engines(fresh_dir).start())
        await until((fresh_dir / "engines/postgres").exists, seconds=60)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert leaders(fresh_dir) == (None, None)
        assert stop_unused(fresh_dir)

    async def test_stopping_twice_or_before_starting_is_harmless(self, own_engines: Engines) -> None:
        await own_engines.stop()
        await own_engines.start()
        await own_engines.stop()
        await own_engines.stop()

    async def test_after_the_stop_nothing_is_healed(self, data_dir: Path, own_engines: Engines) -> None:
        await own_engines.start()
        await own_engines.stop()
        await own_engines.ensure()
        assert leaders(data_dir) == (None, None)


def _run_engines_command(data_dir: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "service.engines"],
        env=os.environ | {"HUAJIAN_DATA_DIR": str(data_dir)},
        cwd=REPOSITORY,
        check=False,
        capture_output=True,
        text=True,
    )
