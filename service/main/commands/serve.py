"""`huajian serve`: the web process."""

from ipaddress import ip_address
from typing import Annotated

import typer
import uvloop

from service.main.commands.environment import read_settings
from service.main.logs import configure_logs
from service.main.runtime import Parts
from service.main.web import serve as serve_until_signal

app = typer.Typer(add_completion=False)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
    worker: Annotated[bool, typer.Option(help="Make works in this process too.")] = True,
    keeper: Annotated[bool, typer.Option(help="Run the keeper in this process too.")] = True,
) -> None:
    """Serve the API and the pages."""
    settings = read_settings()
    configure_logs(settings.log_format)

    def announce(bound_port: int) -> None:
        typer.echo(f"Huajian is open at http://{host}:{bound_port}/", err=True)

    parts = Parts(web=True, worker=worker, keeper=keeper, own_url=own_url(host, port))
    uvloop.run(serve_until_signal(settings, parts, host=host, port=port, announce=announce))


def own_url(host: str, port: int) -> str | None:
    """What a browser on this machine would type; None when the port is only drawn at the start."""
    if port == 0:
        return None
    try:
        address = ip_address(host)
    except ValueError:
        return f"http://{host}:{port}"
    if address.is_unspecified:
        return f"http://{'127.0.0.1' if address.version == 4 else '[::1]'}:{port}"
    return f"http://{address if address.version == 4 else f'[{address}]'}:{port}"
