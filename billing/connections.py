"""From an ORM session to the plain connection under it, for statements that are hand-written."""

from typing import cast

import asyncpg
from sqlalchemy.ext.asyncio import AsyncSession


async def plain_connection(session: AsyncSession) -> asyncpg.Connection:
    """The session's own connection, inside the session's own transaction."""
    await session.flush()
    raw = await (await session.connection()).get_raw_connection()
    return cast(asyncpg.Connection, raw.driver_connection)
