"""A process that starts while Postgres or Redis is away waits for them, and says so; for a while."""

import asyncio
import json
import time
from pathlib import Path

import asyncpg
import pytest

from models.migrations.run import MIGRATION_LOCK
from service.engines.blocking import BlockingEngines
from service.engines.folders import open_engine_folder
from service.engines.postgres import Postgres
from service.engines.valkey import Valkey
from tests.e2e.processes import ServiceProcess, await_ready, running
from tests.factories.ports import free_port
from tests.integration.engines.questions import kill_leader

pytestmark = pytest.mark.e2e

PATIENCE_SECONDS = 60.0
NOWHERE = "postgresql://huajian:hunter2@127.0.0.1:1/huajian"


def events(process: ServiceProcess) -> list[dict[str, object]]:
    """The lines of its log that are events."""
    lines = process.log.read_text("utf-8").splitlines() if process.log.exists() else []
    return [json.loads(line) for line in lines if line.startswith("{")]


def await_event(process: ServiceProcess, said: str, /, **facts: object) -> None:
    """Wait until the process has said it, with these facts."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not any(event["event"] == said and facts.items() <= event.items() for event in events(process)):
        assert process.is_running, process.log.read_text("utf-8")[-2000:]
        assert time.monotonic() < deadline, f"{said} was never said"
        time.sleep(0.05)


def arguments(command: str, port: int) -> list[str]:
    return [command, "--no-worker", "--port", str(port)] if command == "serve" else [command]


class TestConfiguredServers:
    @pytest.mark.parametrize("command", ["serve", "worker", "keeper"])
    def test_a_start_waits_until_both_are_up(self, tmp_path: Path, command: str) -> None:
        folder = open_engine_folder(tmp_path / "servers")
        addresses = {
            "HUAJIAN_DATABASE_URL": Postgres(folder).url,
            "HUAJIAN_REDIS_URL": Valkey(folder).url,
        }
        port = free_port()
        process = ServiceProcess(tmp_path / "data", *arguments(command, port), **addresses)
        redis = f"Redis ({Valkey(folder).url})"
        with running(process):
            await_event(process, "start.waiting", waiting_for=redis)
            with BlockingEngines(tmp_path / "servers"):
                await_event(process, "start.answered", name=redis)
                await_event(process, "database.migrated")
                if command == "serve":
                    await_ready(f"http://127.0.0.1:{port}")
                process.stop()

    @pytest.mark.parametrize("command", ["serve", "worker", "keeper"])
    def test_the_wait_ends_and_the_last_line_says_what_was_away(self, tmp_path: Path, command: str) -> None:
        process = ServiceProcess(
            tmp_path / "data",
            *arguments(command, free_port()),
            HUAJIAN_DATABASE_URL=NOWHERE,
            HUAJIAN_START_WAIT_SECONDS="1",
        )
        with running(process):
            assert process.process is not None
            assert process.process.wait(PATIENCE_SECONDS) == 1
        said = process.log.read_text("utf-8")
        last = said.splitlines()[-1]
        assert last.startswith("Huajian did not start. Postgres (postgresql://127.0.0.1:1/huajian): away for")
        assert "hunter2" not in said

    @pytest.mark.parametrize("command", ["serve", "worker", "keeper"])
    def test_a_waiting_process_ends_when_told(self, tmp_path: Path, command: str) -> None:
        process = ServiceProcess(
            tmp_path / "data",
            *arguments(command, free_port()),
            HUAJIAN_DATABASE_URL=NOWHERE,
            HUAJIAN_START_WAIT_SECONDS="3600",
        )
        with running(process):
            await_event(process, "start.waiting")
            assert process.stop() == 1
        assert "told to end while it waited for: Postgres" in process.log.read_text("utf-8")


class TestEmbeddedEngines:
    async def test_postgres_killed_in_the_middle_of_a_start_is_brought_back(self, tmp_path: Path) -> None:
        """The start is held in its migration by the lock that makes starts take turns."""
        data_dir, port = tmp_path / "data", free_port()
        process = ServiceProcess(data_dir, *arguments("serve", port))
        with BlockingEngines(data_dir) as endpoints, running(process):
            connection = await asyncpg.connect(endpoints.database_url)
            await connection.execute(f"SELECT pg_advisory_lock({MIGRATION_LOCK})")
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            await kill_leader(data_dir, "postgres")
            connection.terminate()
            await asyncio.to_thread(await_event, process, "start.answered", name="Postgres (embedded)")
            await asyncio.to_thread(await_ready, f"http://127.0.0.1:{port}")
