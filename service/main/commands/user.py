"""`huajian user`: what an operator may do to one account, and the books will show."""

import asyncio
import secrets
from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import typer
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from billing import lots, queries
from billing.catalog import Catalog, load_catalog
from billing.errors import AccountClosedError, PaidTierError
from billing.views import view_credits
from core.clock import utc_now
from core.database import create_sessions
from core.settings import Settings
from models.credit import LotSource
from models.user import Role
from service.identity import queries as identity
from service.main.commands.database import open_database, require_newest_schema
from service.main.commands.environment import keep_logs_quiet, read_settings

app = typer.Typer(add_completion=False)
KEY_PREFIX: Final = "operator:"
MAX_KEY_CHARS: Final = 200 - len(KEY_PREFIX)
MAX_GRANT: Final = 1_000_000  # far below the column's bound; more is a slip of the finger
UserId = Annotated[UUID, typer.Argument(metavar="USER_ID", help="The user's id.")]


@app.callback()
def user() -> None:
    """Change a user's tier or role, or grant credits."""


@app.command()
def tier(
    user_id: UserId,
    name: Annotated[str, typer.Argument(metavar="TIER", help="A tier of the catalogue, such as gold.")],
) -> None:
    """Change the tier: up at once, with the difference of credits; down when the period ends."""
    keep_logs_quiet()
    catalog = load_catalog()
    if name not in catalog.tiers:
        raise typer.BadParameter(f"known are {', '.join(catalog.tiers)}", param_hint="TIER")
    typer.echo(asyncio.run(_change_tier(read_settings(), user_id, name, catalog)))


@app.command()
def grant(
    user_id: UserId,
    credits_: Annotated[int, typer.Argument(metavar="CREDITS", min=1, max=MAX_GRANT)],
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="Until they expire; else never.")] = None,
    key: Annotated[
        str | None, typer.Option(help="Why, such as a ticket's number: granted once, however often you ask.")
    ] = None,
) -> None:
    """Grant credits as goodwill. A debt is filled from them first."""
    keep_logs_quiet()
    key = secrets.token_hex(8) if key is None else key.strip()
    if not 0 < len(key) <= MAX_KEY_CHARS or not key.isprintable():
        raise typer.BadParameter(f"1 to {MAX_KEY_CHARS} printable characters will do", param_hint="--key")
    typer.echo(asyncio.run(_grant(read_settings(), user_id, credits_, days, key)))


@app.command()
def role(
    user_id: UserId,
    name: Annotated[Role, typer.Argument(metavar="ROLE", help="user, reviewer, finance or operator.")],
) -> None:
    """Let somebody review, see the books or operate; it holds from the next request on."""
    keep_logs_quiet()
    typer.echo(asyncio.run(_change_role(read_settings(), user_id, name)))


async def _change_role(settings: Settings, user_id: UUID, role: Role) -> str:
    async with open_database(settings) as engine:
        await require_newest_schema(engine)
        async with create_sessions(engine).begin() as session:
            return await change_role(session, user_id, role)


async def change_role(session: AsyncSession, user_id: UUID, role: Role) -> str:
    """Change it; a sentence for the operator. Raises: typer.Exit: unknown or closed account."""
    await _require_open(session, user_id)
    await identity.set_role(session, user_id, role)
    return f"{user_id} is {role.value} now."


async def _change_tier(settings: Settings, user_id: UUID, name: str, catalog: Catalog) -> str:
    async with open_database(settings) as engine:
        await require_newest_schema(engine)
        async with create_sessions(engine).begin() as session:
            return await change_tier(session, user_id, name, now=utc_now(), catalog=catalog)


async def _grant(settings: Settings, user_id: UUID, quantity: int, days: int | None, key: str) -> str:
    async with open_database(settings) as engine:
        await require_newest_schema(engine)
        try:
            async with create_sessions(engine).begin() as session:
                return await grant_goodwill(session, user_id, quantity, days=days, key=key, now=utc_now())
        except IntegrityError as error:
            typer.echo(f"Credits were granted with the key {key} before; nothing was done.", err=True)
            raise typer.Exit(1) from error


async def change_tier(
    session: AsyncSession, user_id: UUID, name: str, *, now: datetime, catalog: Catalog
) -> str:
    """Change it; a sentence for the operator. Raises: typer.Exit: an unknown, closed or paying one."""
    await _require_open(session, user_id)
    try:
        await lots.change_tier(session, user_id, name, now=now, catalog=catalog)
    except PaidTierError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    account = await queries.find_account(session, user_id)
    if account is not None and account.next_tier is not None and account.period_end is not None:
        return f"{account.tier} until {account.period_end:%Y-%m-%d %H:%M} UTC, then {account.next_tier}"
    return f"{name} now. {await _describe(session, user_id, now)}"


async def grant_goodwill(
    session: AsyncSession, user_id: UUID, quantity: int, *, days: int | None, key: str, now: datetime
) -> str:
    """Add a lot; a sentence for the operator.

    Raises: typer.Exit: unknown or closed account; IntegrityError: the key was used before.
    """
    await _require_open(session, user_id)
    await lots.grant(
        session,
        user_id=user_id,
        source=LotSource.GOODWILL,
        source_key=f"{KEY_PREFIX}{key}",
        quantity=quantity,
        now=now,
        expires_at=None if days is None else now + timedelta(days=days),
    )
    return f"{quantity} granted, key {key}. {await _describe(session, user_id, now)}"


async def _require_open(session: AsyncSession, user_id: UUID) -> None:
    account = await queries.find_account(session, user_id)
    if account is None:
        typer.echo(f"There is no user {user_id}.", err=True)
        raise typer.Exit(1)
    if account.closed_at is not None:
        typer.echo(f"The account of {user_id} is closed.", err=True)
        raise typer.Exit(1)


async def _describe(session: AsyncSession, user_id: UUID, now: datetime) -> str:
    view = await view_credits(session, user_id, now=now, catalog=load_catalog())
    if view is None:
        raise AccountClosedError("The account was closed meanwhile.")
    return f"Available: {view.available}, held: {view.held}, debt: {view.debt}."
