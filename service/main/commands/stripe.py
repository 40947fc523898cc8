"""`huajian stripe`: bring Stripe to what the catalogue says, and look after what Stripe tells us."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, Final, TypeVar
from uuid import UUID

import typer

from billing.catalog import load_catalog
from billing.memberships.rules import MembershipRules, rules_of
from billing.orders import queries as orders
from billing.orders.returning import ask_anew
from billing.orders.standing import settle_standing
from billing.payments import PaymentsAwayError
from billing.stripe_catalog import synchronise
from billing.stripe_gateway import StripeGateway
from core.clock import utc_now
from core.database import Sessions, create_sessions
from core.keys import load_keys
from core.settings import Settings
from models.inbox import InboxEvent, InboxState
from models.order import Order, OrderState
from service.flows.sweep_payments import Swept, sweep_payments
from service.inbox import queries as inbox_queries
from service.main.commands.database import open_database, require_newest_schema
from service.main.commands.environment import keep_logs_quiet, read_settings

app = typer.Typer(add_completion=False)
MOST_SHOWN: Final = 1000
T = TypeVar("T")


@app.callback()
def stripe() -> None:
    """Synchronise prices, see and replay events, heal what was missed."""


@app.command()
def sync(
    retire: Annotated[
        bool, typer.Option("--retire", help="Take old prices down; only once no older release runs.")
    ] = False,
) -> None:
    """Create and update products and prices at Stripe. Doing it twice changes nothing."""
    for line in _run(_synchronise(read_settings(), retires=retire)) or ["Nothing to do."]:
        typer.echo(line)


@app.command()
def inbox(
    state: Annotated[InboxState | None, typer.Option(help="Only events in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_SHOWN)] = 50,
    replay: Annotated[
        UUID | None, typer.Option(metavar="ID", help="Let this event wait again, as if it had just come.")
    ] = None,
    replay_dead: Annotated[
        bool, typer.Option("--replay-dead", help="Let every dead event wait again.")
    ] = False,
) -> None:
    """Show what Stripe told us and what became of it, newest first; or replay it."""
    if replay is not None or replay_dead:
        typer.echo(f"{_run(_replay(read_settings(), replay))} events wait again.")
        return
    for event in _run(_list_events(read_settings(), state, limit)):
        typer.echo(describe(event))


@app.command()
def sweep() -> None:
    """Read our open orders and Stripe's recent objects, and heal what webhooks missed."""
    swept = _run(_sweep(read_settings()))
    typer.echo(f"{swept.looked_at} objects read, {len(swept.healed)} orders healed.")
    for currency, gap_minor in swept.gaps.items():
        typer.echo(f"{currency}: the books less Stripe's balance: {gap_minor}")
    for fault in swept.faults:
        typer.echo(f"✗ {fault}", err=True)
    if swept.faults or any(swept.gaps.values()):
        raise typer.Exit(1)


@app.command()
def trust(order_id: Annotated[UUID, typer.Argument(metavar="ORDER_ID")]) -> None:
    """Give the credits of an order back that a bank's warning of fraud has frozen."""
    if not _run(_trust(read_settings(), order_id)):
        typer.echo("There is no such order with a warning.", err=True)
        raise typer.Exit(1)
    typer.echo("Its credits can be used, unless it is disputed.")


@app.command()
def returns(
    again: Annotated[
        UUID | None, typer.Option(metavar="ORDER_ID", help="Ask for the refund of this order once more, now.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=MOST_SHOWN)] = 50,
) -> None:
    """Show the orders whose money must go back and has not, oldest first; or ask for one again."""
    if again is None:
        for order in _run(_list_returns(read_settings(), limit)):
            typer.echo(describe_return(order))
    elif not _run(_return_again(read_settings(), again)):
        typer.echo("No money of such an order must go back.", err=True)
        raise typer.Exit(1)
    else:
        typer.echo("The keeper asks for it within seconds.")


def describe_return(order: Order) -> str:
    """One line: how much, why, how often it came to nothing, and when it is asked for next."""
    due = "given up" if order.return_attempts else "now"
    if order.returned_at is not None:
        due = f"asked {order.returned_at:%Y-%m-%d %H:%M}"
    elif order.return_due_at is not None:
        due = f"again {order.return_due_at:%Y-%m-%d %H:%M}"
    return (
        f"{order.id}  {order.to_return_minor:8} {order.currency}  {order.return_reason}  "
        f"failed {order.return_attempts}  {due}  {order.payment_id}"
    )


def describe(event: InboxEvent) -> str:
    """One line; never the body, which may name a buyer."""
    reason = f"  {event.reason}" if event.reason else ""
    return (
        f"{event.id}  {event.created_at:%Y-%m-%d %H:%M:%S}  {event.state.value:8}  {event.attempts:2}  "
        f"{event.kind}  {event.object_id or '-'}{reason}"
    )


def _run(work: Coroutine[object, object, T]) -> T:
    """Raises: typer.Exit: with status 1, when Stripe did not answer well."""
    keep_logs_quiet()
    try:
        return asyncio.run(work)
    except PaymentsAwayError as error:
        typer.echo(f"Stripe did not do it: {error.reason}", err=True)
        raise typer.Exit(1) from error


async def _synchronise(settings: Settings, *, retires: bool) -> list[str]:
    async with _open_gateway(settings) as gateway:
        return await synchronise(gateway, load_catalog(), retires=retires)


async def _sweep(settings: Settings) -> Swept:
    async with _open_gateway(settings) as gateway, _open_sessions(settings) as sessions:
        return await sweep_payments(sessions, gateway, rules=_rules(settings), now=utc_now())


async def _list_events(settings: Settings, state: InboxState | None, limit: int) -> list[InboxEvent]:
    async with _open_sessions(settings) as sessions, sessions() as session:
        return list(await inbox_queries.list_events(session, state=state, limit=limit))


async def _replay(settings: Settings, event_id: UUID | None) -> int:
    async with _open_sessions(settings) as sessions, sessions.begin() as session:
        dead = await inbox_queries.list_events(session, state=InboxState.DEAD, limit=MOST_SHOWN)
        ids = [event.id for event in dead] if event_id is None else [event_id]
        return sum([await inbox_queries.replay(session, one, utc_now()) for one in ids])


async def _list_returns(settings: Settings, limit: int) -> list[Order]:
    async with _open_sessions(settings) as sessions, sessions() as session:
        return list(await orders.list_owed_back(session, limit=limit))


async def _return_again(settings: Settings, order_id: UUID) -> bool:
    async with _open_sessions(settings) as sessions, sessions.begin() as session:
        order = await orders.lock_order(session, order_id)
        if order is None or order.return_reason is None or order.state is not OrderState.PAID:
            return False
        ask_anew(order, utc_now())
        return True


async def _trust(settings: Settings, order_id: UUID) -> bool:
    async with _open_sessions(settings) as sessions, sessions.begin() as session:
        order = await orders.lock_order(session, order_id)
        if order is None or order.warned_at is None:
            return False
        order.trusted_at = order.trusted_at or utc_now()
        await settle_standing(session, order, rules=_rules(settings), now=utc_now())
        return True


def _rules(settings: Settings) -> MembershipRules:
    return rules_of(settings.memberships, load_catalog(), load_keys(settings))


@asynccontextmanager
async def _open_gateway(settings: Settings) -> AsyncIterator[StripeGateway]:
    """Raises: typer.Exit: with status 2, when no key is configured."""
    if settings.stripe is None:
        typer.echo("Set HUAJIAN_STRIPE__SECRET_KEY and HUAJIAN_STRIPE__WEBHOOK_SECRET first.", err=True)
        raise typer.Exit(2)
    gateway = StripeGateway(settings.stripe)
    try:
        yield gateway
    finally:
        await gateway.close()


@asynccontextmanager
async def _open_sessions(settings: Settings) -> AsyncIterator[Sessions]:
    async with open_database(settings) as engine:
        await require_newest_schema(engine)
        yield create_sessions(engine)
