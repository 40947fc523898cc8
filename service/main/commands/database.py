"""The database for a chore: the configured one, or the embedded one, started if it sleeps."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
import typer
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from core.database import create_engine
from core.settings import Settings
from models.migrations.run import current_and_newest
from service.engines.engines import Engines
from service.engines.errors import EngineError
from service.main.doctor.findings import one_line

POOL_SIZE: Final = 2
AWAY: Final = (EngineError, SQLAlchemyError, asyncpg.PostgresError, OSError)


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """A database that has answered. An embedded engine that we started is stopped again.

    Raises: typer.Exit: with status 1, after saying why it does not answer.
    """
    engines = Engines(settings.data_dir, database_url=settings.database_url, redis_url=settings.redis_url)
    try:
        try:
            endpoints = await engines.start()
            engine = create_engine(endpoints.database_url, pool_size=POOL_SIZE)
            await current_and_newest(engine)
        except AWAY as error:
            typer.echo(f"The database does not answer: {one_line(error)}", err=True)
            raise typer.Exit(1) from error
        try:
            yield engine
        finally:
            await engine.dispose()
    finally:
        await engines.stop()


async def require_newest_schema(engine: AsyncEngine) -> None:
    """For chores that read tables, which must be those that this release knows.

    Raises: typer.Exit: with status 1, after saying what to do.
    """
    current, newest = await current_and_newest(engine)
    if current != newest:
        typer.echo(
            f"The schema is at {current or 'nothing'}, this release needs {newest}: huajian migrate", err=True
        )
        raise typer.Exit(1)
