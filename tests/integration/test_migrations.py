"""The migrations lead to the models, and back to nothing."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

from core.database import create_engine
from models.base import Base
from models.migrations.run import current_and_newest, migrate
from service.engines.endpoints import Endpoints


@pytest.fixture
async def engine(engines: Endpoints) -> AsyncIterator[AsyncEngine]:
    """An empty database."""
    name = f"empty_{uuid4().hex}"
    connection = await asyncpg.connect(engines.database_url)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    url = make_url(engines.database_url).set(database=name).render_as_string(hide_password=False)
    opened = create_engine(url, pool_size=4)
    yield opened
    await opened.dispose()


def differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(context, Base.metadata))


class TestMigrations:
    async def test_the_newest_schema_is_what_the_models_say(self, engine: AsyncEngine) -> None:
        await migrate(engine)
        async with engine.connect() as connection:
            assert await connection.run_sync(differences) == []
        current, newest = await current_and_newest(engine)
        assert current == newest

    async def test_they_go_down_to_nothing_and_up_again(self, engine: AsyncEngine) -> None:
        await migrate(engine)
        await migrate(engine, "base")
        async with engine.connect() as connection:
            tables = await connection.scalars(
                text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            )
            assert tables.all() == ["alembic_version"]
            functions = await connection.scalars(
                text("SELECT proname FROM pg_proc WHERE proname ~ '^refuse_'")
            )
            assert functions.all() == []
        await migrate(engine)
        async with engine.connect() as connection:
            assert await connection.run_sync(differences) == []

    async def test_processes_that_start_at_once_take_turns(self, engine: AsyncEngine) -> None:
        results = await asyncio.gather(*(migrate(engine) for _ in range(4)))
        assert sorted(before is None for before, _ in results) == [False, False, False, True]
