"""Metrics of processes that serve nothing else: the web process has them at `/metrics`, these on a port."""

from typing import Annotated

import typer
from prometheus_client import start_http_server

MetricsPort = Annotated[
    int | None, typer.Option(min=1, max=65535, help="Serve Prometheus metrics there; left out, nowhere.")
]
MetricsHost = Annotated[str, typer.Option(help="Address to serve them on.")]


def serve_metrics(host: str, port: int | None) -> None:
    """Serve from a thread until the process ends.

    Raises: typer.Exit: with status 1, after saying why the port cannot be had.
    """
    if port is None:
        return
    try:
        start_http_server(port, host)
    except OSError as error:
        typer.echo(f"No metrics at {host}:{port}: {error.strerror or error}", err=True)
        raise typer.Exit(1) from error
