"""`huajian invariants`: prove the books now, as the keeper does every hour."""

import asyncio
import json

import typer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from billing.invariants import Breach, find_breaches
from core.database import create_sessions
from core.settings import Settings
from service.invariants import JOB_INVARIANTS
from service.main.commands.database import open_database, require_newest_schema
from service.main.commands.environment import keep_logs_quiet, read_settings

app = typer.Typer(add_completion=False)


@app.command()
def invariants() -> None:
    """Prove the books now.

    Credits against their journal, jobs against their holds. Nothing is written. The status is 1 when
    something is broken; each breach shows up to 20 rows as JSON.
    """
    keep_logs_quiet()
    broken = {breach.invariant: breach for breach in asyncio.run(_prove(read_settings()))}
    for name in JOB_INVARIANTS:
        if name not in broken:
            typer.echo(f"✓ {name}")
            continue
        typer.echo(f"✗ {name}: {broken[name].rows} rows")
        for row in broken[name].sample:
            typer.echo(f"    {json.dumps(row, ensure_ascii=False)}")
    if broken:
        typer.echo("What to do: docs/operations.md, 'The books do not add up'.", err=True)
        raise typer.Exit(1)


async def _prove(settings: Settings) -> list[Breach]:
    async with open_database(settings) as engine:
        await require_newest_schema(engine)
        return await prove(engine)


async def prove(engine: AsyncEngine) -> list[Breach]:
    """Every breach, in one snapshot that cannot write."""
    async with create_sessions(engine).begin() as session:
        await session.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        return await find_breaches(session, JOB_INVARIANTS)
