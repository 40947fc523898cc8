"""`huajian stripe`: bring Stripe to what the catalogue says, and look after what Stripe tells us."""

import asyncio

import typer

from billing.catalog import load_catalog
from billing.payments import PaymentsAwayError
from billing.stripe_catalog import synchronise
from billing.stripe_gateway import StripeGateway
from core.settings import Settings
from service.main.commands.environment import keep_logs_quiet, read_settings

app = typer.Typer(add_completion=False)


@app.callback()
def stripe() -> None:
    """Synchronise prices, see and replay events, heal what was missed."""


@app.command()
def sync() -> None:
    """Create and update products and prices at Stripe. Doing it twice changes nothing."""
    keep_logs_quiet()
    try:
        done = asyncio.run(_synchronise(read_settings()))
    except PaymentsAwayError as error:
        typer.echo(f"Stripe did not do it: {error.reason}", err=True)
        raise typer.Exit(1) from error
    for line in done or ["Nothing to do."]:
        typer.echo(line)


async def _synchronise(settings: Settings) -> list[str]:
    gateway = open_gateway(settings)
    try:
        return await synchronise(gateway, load_catalog())
    finally:
        await gateway.close()


def open_gateway(settings: Settings) -> StripeGateway:
    """Raises: typer.Exit: with status 2, when no key is configured."""
    if settings.stripe is None:
        typer.echo("Set HUAJIAN_STRIPE__SECRET_KEY and HUAJIAN_STRIPE__WEBHOOK_SECRET first.", err=True)
        raise typer.Exit(2)
    return StripeGateway(settings.stripe)
