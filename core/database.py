"""The one way to open Postgres: an engine for the ORM and a plain connection for hot paths."""

from functools import partial
from typing import Final

import asyncpg
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from core.errors import DomainError, ErrorKind

Sessions = async_sessionmaker[AsyncSession]

CONNECT_SECONDS: Final = 10.0  # a host that swallows packets is as good as none
# A statement that waits for a lock longer than this gives up: better a clear 503 than a pile-up.
SESSION_SETTINGS: Final = {
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
    # A plan that is kept for all values cannot use the index of one state, and one that was made while a
    # table was young reads all of it until the next ANALYZE. To plan a look by key costs 40 microseconds.
    "plan_cache_mode": "force_custom_plan",
    "timezone": "UTC",
}
AWAY: Final = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,  # starting, recovering or shutting down
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
)
BUSY: Final = frozenset({"55P03", "40P01"})  # waited too long for a lock, or in a circle


class DatabaseAwayError(DomainError, ConnectionError):
    """Postgres is down, restarting, recovering or full. `reason` is for operators, the message is public."""

    code = "unavailable"
    kind = ErrorKind.UNAVAILABLE

    def __init__(self, reason: str) -> None:
        super().__init__("The database is not answering.")
        self.reason = reason


def create_engine(database_url: str, *, pool_size: int) -> AsyncEngine:
    """An engine over asyncpg; `database_url` may be `postgresql://` or `postgresql+asyncpg://`.

    Whoever needs a connection that cannot be made gets a DatabaseAwayError.
    """
    return create_async_engine(
        make_url(database_url).set(drivername="postgresql+asyncpg"),
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,  # an error is logged, and they are addresses, prompts and hashes
        async_creator=partial(connect, database_url),
    )


def create_sessions(engine: AsyncEngine) -> Sessions:
    """Sessions whose objects stay readable after the commit, which happens before the reply."""
    return async_sessionmaker(engine, expire_on_commit=False)


async def connect(database_url: str, **settings: str) -> asyncpg.Connection:
    """One raw connection, for a hot path that prepares its own statements; `settings` of its session.

    Raises: DatabaseAwayError; asyncpg's own errors for what waiting does not cure, such as a wrong password.
    """
    plain = make_url(database_url).set(drivername="postgresql").render_as_string(hide_password=False)
    try:
        return await asyncpg.connect(
            plain, server_settings=SESSION_SETTINGS | settings, timeout=CONNECT_SECONDS
        )
    except AWAY as error:
        raise DatabaseAwayError(str(error) or type(error).__name__) from error


def was_interrupted(error: DBAPIError) -> bool:
    """Whether a statement lost its connection, or a lock to somebody else: nothing is wrong with it."""
    return error.connection_invalidated or is_busy(error.orig)


def is_busy(error: BaseException | None) -> bool:
    """Whether somebody else held what a statement wanted to lock."""
    return getattr(error, "sqlstate", None) in BUSY
