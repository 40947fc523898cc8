"""`huajian`: start the processes, do the chores, make works without a server."""

from typing import Annotated

import typer
import uvloop

from core.settings import Settings
from service.main.logs import configure_logs
from service.main.runtime import Parts
from service.main.web import run_until_signal, serve

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Huajian 花笺"
)


def _settings() -> Settings:
    settings = Settings()
    configure_logs(settings.log_format)
    return settings


@app.command("serve")
def serve_command(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
    worker: Annotated[bool, typer.Option(help="Make works in this process too.")] = True,
    keeper: Annotated[bool, typer.Option(help="Run the keeper in this process too.")] = True,
) -> None:
    """Serve the API and the pages."""
    settings = _settings()

    def announce() -> None:
        typer.echo(f"Huajian is open at http://{host}:{port}/", err=True)

    parts = Parts(web=True, worker=worker, keeper=keeper)
    uvloop.run(serve(settings, parts, host=host, port=port, announce=announce))


@app.command("worker")
def worker_command() -> None:
    """Make works; run as many as there are machines for it."""
    uvloop.run(run_until_signal(_settings(), Parts(worker=True)))


@app.command("keeper")
def keeper_command() -> None:
    """Sweep leases, expire lots, prove the books; one is enough, two do no harm."""
    uvloop.run(run_until_signal(_settings(), Parts(keeper=True)))


def main() -> None:
    """Entry point of the `huajian` command."""
    app()
