"""The web process: API, pages, SSE; with a worker and the keeper inside unless told otherwise."""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from core import garbage
from core.settings import Settings
from moderation import prompts
from service.app import create_app
from service.main.patience import Patience
from service.main.runtime import Parts, run_parts

GRACEFUL_SECONDS = 10


class Server(uvicorn.Server):
    """Says when it has begun; a signal ends open streams, and the patience of a start."""

    def __init__(self, config: uvicorn.Config, patience: Patience, announce: Callable[[int], None]) -> None:
        super().__init__(config)
        self._patience = patience
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            garbage.settle()
            self._announce(self.servers[0].sockets[0].getsockname()[1])

    def handle_exit(self, sig: int, frame: object) -> None:
        app: FastAPI = self.config.app  # type: ignore[assignment]
        services = getattr(app.state, "services", None)
        if services is not None:
            services.stopping.set()
        self._patience.give_up()
        super().handle_exit(sig, frame)  # type: ignore[arg-type]


def build_app(settings: Settings, parts: Parts, patience: Patience) -> FastAPI:
    """The app with everything behind it started and stopped by its lifespan."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        prompts.load_lexicon(settings.moderation.lexicon_paths)
        async with run_parts(settings, parts, patience) as services:
            app.state.services = services
            yield

    return create_app(settings, lifespan=lifespan)


async def serve(
    settings: Settings, parts: Parts, *, host: str, port: int, announce: Callable[[int], None]
) -> None:
    """Serve until a signal; `announce` is told the port once requests are answered.

    Raises: SystemExit: with what is away when the start gave up.
    """
    patience = Patience(settings.start_wait_seconds)
    config = uvicorn.Config(
        build_app(settings, parts, patience),
        host=host,
        port=port,
        log_config=None,
        access_log=False,  # our own line has the route's template, a request id and no personal data
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
        server_header=False,
    )
    try:
        await Server(config, patience, announce).serve()
    except SystemExit:
        if patience.fault is not None:
            raise SystemExit(f"Huajian did not start. {patience.fault}") from None
        raise
