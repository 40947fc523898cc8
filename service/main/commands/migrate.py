"""`huajian migrate`: move the database to a schema revision."""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from core.settings import Settings
from models import migrations
from models.migrations.run import current_and_newest
from models.migrations.run import migrate as move_schema
from service.main.commands.database import open_database
from service.main.commands.environment import keep_logs_quiet, read_settings
from service.main.doctor.findings import one_line

app = typer.Typer(add_completion=False)
HEAD: Final = "head"
BASE: Final = "base"


@app.command()
def migrate(
    revision: Annotated[
        str, typer.Argument(help="A revision, head for the newest, base for an empty database.")
    ] = HEAD,
    yes: Annotated[
        bool, typer.Option("--yes", help="Go back without asking: going back loses data.")
    ] = False,
) -> None:
    """Move the database to a schema revision.

    The newest by default. Many at once take turns.
    """
    keep_logs_quiet()
    known = list_revisions()
    if revision not in (HEAD, BASE, *known):
        raise typer.BadParameter(f"known are {BASE}, {', '.join(known)} and {HEAD}", param_hint="REVISION")
    asyncio.run(_migrate(read_settings(), revision, known, yes=yes))


def list_revisions() -> list[str]:
    """Every revision of this release, oldest first."""
    scripts = ScriptDirectory(str(Path(str(migrations.__file__)).parent))
    return [script.revision for script in scripts.walk_revisions()][::-1]


async def _migrate(settings: Settings, revision: str, known: list[str], *, yes: bool) -> None:
    async with open_database(settings) as engine:
        current, _ = await current_and_newest(engine)
        if current is not None and current not in known:
            typer.echo(
                f"The schema is at {current}, which only a newer release knows; use that one.", err=True
            )
            raise typer.Exit(1)
        if _goes_back(revision, current, known) and not yes:
            typer.confirm(f"Going back from {current} to {revision} loses data. Go on?", abort=True, err=True)
        before, after = await _move(engine, revision)
    typer.echo(f"{before or 'empty'} -> {after or 'empty'}" + (" (nothing to do)" if before == after else ""))


def _goes_back(revision: str, current: str | None, known: list[str]) -> bool:
    if current is None or revision == HEAD:
        return False
    return revision == BASE or known.index(revision) < known.index(current)


async def _move(engine: AsyncEngine, revision: str) -> tuple[str | None, str | None]:
    try:
        return await move_schema(engine, revision)
    except DBAPIError as error:
        typer.echo(f"Nothing was changed: {one_line(error)}", err=True)
        raise typer.Exit(1) from error
