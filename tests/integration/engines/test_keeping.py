"""What the engines keep, and where."""

import os
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from service.engines.blocking import BlockingEngines
from service.engines.endpoints import Endpoints
from service.engines.engines import Engines
from service.engines.errors import EngineStartError
from tests.integration.engines.members import Member, without_root
from tests.integration.engines.questions import ask, leaders, recall, remember, running_leaders

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root runs Postgres as somebody else")


class TestRestart:
    async def test_rows_and_keys_survive(self, own_engines: Engines, data_dir: Path) -> None:
        endpoints = await own_engines.start()
        await ask(endpoints.database_url, "CREATE TABLE words AS SELECT '花笺' AS words")
        await remember(endpoints.redis_url, "notes", "花笺")
        await own_engines.stop()
        assert leaders(data_dir) == (None, None)

        assert await own_engines.start() == endpoints
        assert await ask(endpoints.database_url, "SELECT words FROM words") == "花笺"
        assert await recall(endpoints.redis_url, "notes") == "花笺".encode()

    async def test_a_cluster_of_another_major_version_is_refused_not_replaced(
        self, own_engines: Engines, data_dir: Path
    ) -> None:
        await own_engines.start()
        await own_engines.stop()
        version = data_dir / "engines/postgres/data/PG_VERSION"
        version.write_text("15\n")
        try:
            with pytest.raises(EngineStartError, match="made by Postgres 15"):
                await own_engines.start()
        finally:
            version.write_text("18\n")
        assert leaders(data_dir) == (None, None)

    async def test_a_first_start_that_was_killed_half_way_is_begun_anew(self, fresh_dir: Path) -> None:
        half_made = fresh_dir / "engines/postgres/data.new"
        half_made.mkdir(parents=True)
        (half_made / "PG_VERSION").write_text("18\n")

        with BlockingEngines(fresh_dir) as endpoints:
            assert await ask(endpoints.database_url, "SELECT current_database()") == "huajian"


class TestSettings:
    async def test_commits_are_durable_and_text_is_unicode(self, own_engines: Engines) -> None:
        url = (await own_engines.start()).database_url
        settings = "current_setting('fsync') || current_setting('synchronous_commit')"
        assert await ask(url, f"SELECT {settings} || current_setting('full_page_writes')") == "ononon"
        assert await ask(url, "SELECT current_setting('server_encoding')") == "UTF8"
        assert await ask(url, "SELECT lower('ÉTÉ') = 'été' AND '花' ~ '^\\w$' AND '笺' > 'z'") is True

    async def test_nothing_listens_on_the_network(self, own_engines: Engines) -> None:
        endpoints = await own_engines.start()
        assert await ask(endpoints.database_url, "SELECT current_setting('listen_addresses')") == ""
        assert endpoints.redis_url.startswith("unix:///")

    async def test_sqlalchemy_takes_the_same_address(self, own_engines: Engines) -> None:
        endpoints = await own_engines.start()
        engine = create_async_engine(endpoints.sqlalchemy_url)
        async with engine.connect() as connection:
            assert await connection.scalar(text("SELECT current_user")) == "huajian"
        await engine.dispose()

    async def test_no_words_of_people_reach_the_log(self, own_engines: Engines, data_dir: Path) -> None:
        url = (await own_engines.start()).database_url
        await ask(url, "CREATE TABLE people (name text UNIQUE)")
        await ask(url, "INSERT INTO people VALUES ('林晚晴')")
        with pytest.raises(Exception, match="people_name_key"):
            await ask(url, "INSERT INTO people VALUES ('林晚晴')")
        await own_engines.stop()  # and with it the process that writes the log
        logs = list((data_dir / "engines/postgres/data/log").iterdir())
        written = "".join(log.read_text() for log in logs)
        assert "people_name_key" in written
        assert "林晚晴" not in written


class TestPlaces:
    @pytest.mark.parametrize(
        "name", ["a long name " * 12, "with, comma", "spaces 'quotes' \"and\" 100%+花笺?#&"]
    )
    async def test_any_folder_will_do(self, tmp_path: Path, name: str) -> None:
        with BlockingEngines(tmp_path / name) as endpoints:
            assert await ask(endpoints.database_url, "SELECT 1") == 1
            await remember(endpoints.redis_url, "key", "value")
            sockets = _socket_folder(endpoints)
        assert tmp_path in sockets.parents or not sockets.exists()

    async def test_a_folder_of_somebody_else_is_refused_with_a_remedy(self, tmp_path: Path) -> None:
        short = BlockingEngines(tmp_path / ("x" * 120))
        with short as endpoints:
            sockets = _socket_folder(endpoints)
        sockets.symlink_to(tmp_path)  # somebody was there first
        try:
            with pytest.raises(EngineStartError, match="HUAJIAN_DATA_DIR"):
                short.start()
        finally:
            sockets.unlink()

    def test_servers_given_by_address_are_used_instead(self, fresh_dir: Path) -> None:
        given = {"database_url": "postgresql+asyncpg://db.example/huajian", "redis_url": "redis://kv.example"}
        with BlockingEngines(fresh_dir, **given) as endpoints:
            assert endpoints == Endpoints("postgresql://db.example/huajian", "redis://kv.example")
            assert not fresh_dir.exists()

    def test_one_address_leaves_the_other_engine_embedded(self, data_dir: Path) -> None:
        with BlockingEngines(data_dir, database_url="postgres://db.example/huajian"):
            postgres, valkey = leaders(data_dir)
            assert postgres is None
            assert valkey is not None


class TestAccounts:
    def test_an_ordinary_user_runs_both(self, fresh_dir: Path) -> None:
        with Member(fresh_dir, prefix=without_root()) as member:
            member.addresses()
            owners = {_owner(pid) for pid in running_leaders(fresh_dir)}
            assert owners == {fresh_dir.stat().st_uid}
            assert 0 not in owners
            member.leave()
        assert leaders(fresh_dir) == (None, None)

    @as_root
    def test_root_leaves_a_folder_usable_for_the_user_who_made_it(self, fresh_dir: Path) -> None:
        for prefix in (without_root(), (), without_root()):
            with Member(fresh_dir, prefix=prefix) as member:
                member.addresses()
                assert 0 not in {_owner(pid) for pid in running_leaders(fresh_dir)}
                member.leave()

    @as_root
    async def test_root_keeps_data_in_a_folder_closed_to_all_others(self, closed_dir: Path) -> None:
        with BlockingEngines(closed_dir) as endpoints:
            assert _owner(running_leaders(closed_dir)[0]) != 0
            assert await ask(endpoints.database_url, "SELECT 1") == 1

    @as_root
    def test_without_setpriv_a_closed_folder_is_refused_with_a_remedy(
        self, closed_dir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shutil, "which", lambda _: None)
        with pytest.raises(EngineStartError, match=r"may not enter .*install setpriv"):
            BlockingEngines(closed_dir).start()


def _socket_folder(endpoints: Endpoints) -> Path:
    return Path(unquote(endpoints.database_url.partition("?host=")[2]))


def _owner(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid
