"""`huajian keeper`: the process that does what nobody asks for."""

import typer
import uvloop

from service.main.commands.environment import read_settings
from service.main.commands.observing import MetricsHost, MetricsPort, serve_metrics
from service.main.logs import configure_logs
from service.main.runtime import Parts
from service.main.until_signal import run_until_signal

app = typer.Typer(add_completion=False)


@app.command()
def keeper(metrics_port: MetricsPort = None, metrics_host: MetricsHost = "127.0.0.1") -> None:
    """Sweep leases, expire lots, prove the books; one is enough, two do no harm."""
    settings = read_settings()
    configure_logs(settings.log_format)
    serve_metrics(metrics_host, metrics_port)
    uvloop.run(run_until_signal(settings, Parts(keeper=True)))
