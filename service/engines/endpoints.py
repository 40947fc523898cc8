"""Where the two engines answer."""

from dataclasses import dataclass
from typing import Final

_SCHEMES: Final = ("postgresql+asyncpg://", "postgres://", "postgresql://")


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses of Postgres and of Redis (or Valkey).

    A unix socket rides in the query, where asyncpg and SQLAlchemy both look for it:
    `postgresql://huajian@/huajian?host=/folder/of/the/socket`.

    database_url: for asyncpg itself: `asyncpg.connect(database_url)`.
    redis_url: for redis-py: `core.valkey.open_redis(redis_url)`.
    """

    database_url: str
    redis_url: str

    @property
    def sqlalchemy_url(self) -> str:
        """The same database for `sqlalchemy.ext.asyncio.create_async_engine`."""
        return _with_scheme(self.database_url, "postgresql+asyncpg://")


def plain_database_url(url: str) -> str:
    """Accept the spellings people configure and give the one that asyncpg takes."""
    return _with_scheme(url, "postgresql://")


def _with_scheme(url: str, scheme: str) -> str:
    for known in _SCHEMES:
        if url.startswith(known):
            return scheme + url.removeprefix(known)
    raise ValueError("the database address should begin with postgresql://")
