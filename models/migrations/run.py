"""Move a database to a schema version; safe to call from many processes at once."""

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

# Any constant will do: it names the lock that makes concurrent starts take turns.
MIGRATION_LOCK: Final = 0x4855414A


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.attributes["connection"] = connection
    return config


def _migrate(connection: Connection, revision: str) -> tuple[str | None, str | None]:
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    before = MigrationContext.configure(connection).get_current_revision()
    config = _config(connection)
    if revision == "head" or _is_ahead(revision, before):
        command.upgrade(config, revision)
    else:
        command.downgrade(config, revision)
    return before, MigrationContext.configure(connection).get_current_revision()


def _is_ahead(revision: str, current: str | None) -> bool:
    if revision == "base" or revision.startswith("-"):
        return False
    known = [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()]
    position = {name: index for index, name in enumerate(reversed(known))}
    return current is None or position[revision] >= position[current]


async def migrate(engine: AsyncEngine, revision: str = "head") -> tuple[str | None, str | None]:
    """Upgrade or downgrade to `revision` ("head", "base" or a revision id) in one transaction.

    Returns: the revision before and after; None is an empty database.
    """
    async with engine.begin() as connection:
        return await connection.run_sync(_migrate, revision)


async def current_and_newest(engine: AsyncEngine) -> tuple[str | None, str | None]:
    """The database's revision and the newest one this release knows."""
    async with engine.connect() as connection:
        current = await connection.run_sync(
            lambda sync: MigrationContext.configure(sync).get_current_revision()
        )
    return current, ScriptDirectory.from_config(_config()).get_current_head()
