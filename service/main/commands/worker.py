"""`huajian worker`: the process that makes works."""

from enum import StrEnum
from importlib import import_module
from typing import Annotated, Final

import typer
import uvloop

from service.main.commands.environment import read_settings
from service.main.commands.observing import MetricsHost, MetricsPort, serve_metrics
from service.main.logs import configure_logs
from service.main.runtime import Parts
from service.main.until_signal import run_until_signal
from service.workers.lanes import Fleet

app = typer.Typer(add_completion=False)

UNUSABLE: Final = 2


class Engine(StrEnum):
    LOCAL = "local"
    RAY = "ray"


@app.command()
def worker(
    metrics_port: MetricsPort = None,
    metrics_host: MetricsHost = "127.0.0.1",
    engine: Annotated[
        Engine, typer.Option(help="Where works are made: in processes of this machine, or by Ray.")
    ] = Engine.LOCAL,
    replicas: Annotated[int, typer.Option(min=1, help="Ray: renderers that are always there.")] = 1,
    most_replicas: Annotated[
        int | None, typer.Option(min=1, help="Ray: as many while jobs wait; left out, never more.")
    ] = None,
    gpus: Annotated[float, typer.Option(min=0, help="Ray: GPUs of one renderer, such as 0.5.")] = 0.0,
    cpus: Annotated[float, typer.Option(min=0.1, help="Ray: processors of one renderer.")] = 1.0,
    address: Annotated[
        str | None, typer.Option(help="Ray: of the cluster; left out, RAY_ADDRESS or this machine.")
    ] = None,
) -> None:
    """Make works; run as many as there are machines for it."""
    settings = read_settings()
    fleet = None
    if engine is Engine.RAY:
        most = max(replicas, most_replicas or replicas)
        fleet = _ray_fleet(always=replicas, most=most, gpus=gpus, cpus=cpus, address=address)
    configure_logs(settings.log_format)
    serve_metrics(metrics_host, metrics_port)
    uvloop.run(run_until_signal(settings, Parts(worker=True, fleet=fleet)))


def _ray_fleet(*, always: int, most: int, gpus: float, cpus: float, address: str | None) -> Fleet:
    """Ray is an extra of ours and takes a second to import. Raises: typer.Exit: it is not installed."""
    try:
        cluster = import_module("service.workers.ray_link")
    except ImportError as error:
        typer.echo("--engine ray needs Ray: pip install 'huajian[cluster]'", err=True)
        raise typer.Exit(UNUSABLE) from error
    fleet: Fleet = cluster.RayFleet(cluster.Share(gpus, cpus), always, most, address)
    return fleet
