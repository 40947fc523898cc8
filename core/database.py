"""The one way to open Postgres: an engine for the ORM and a plain connection for hot paths."""

import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

Sessions = async_sessionmaker[AsyncSession]

# A statement that waits for a lock longer than this gives up: better a clear 503 than a pile-up.
SESSION_SETTINGS = {"lock_timeout": "10s", "idle_in_transaction_session_timeout": "60s", "timezone": "UTC"}


def create_engine(database_url: str, *, pool_size: int) -> AsyncEngine:
    """An engine over asyncpg; `database_url` may be `postgresql://` or `postgresql+asyncpg://`."""
    return create_async_engine(
        make_url(database_url).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={"server_settings": SESSION_SETTINGS},
    )


def create_sessions(engine: AsyncEngine) -> Sessions:
    """Sessions whose objects stay readable after the commit, which happens before the reply."""
    return async_sessionmaker(engine, expire_on_commit=False)


async def connect(database_url: str) -> asyncpg.Connection:
    """One raw connection for a hot path that prepares its own statements."""
    plain = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    return await asyncpg.connect(plain, server_settings=SESSION_SETTINGS)
