"""Processes without a web server, and without what one would weigh."""

import asyncio
import signal

from core.settings import Settings
from service.main.patience import Patience, StartError
from service.main.runtime import Parts, run_parts


async def run_until_signal(settings: Settings, parts: Parts) -> None:
    """Run until SIGINT or SIGTERM. Raises: SystemExit: with what is away when the start gave up."""
    patience = Patience(settings.start_wait_seconds)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, patience.give_up)
    try:
        async with run_parts(settings, parts, patience):
            await patience.given_up.wait()
    except StartError as fault:
        raise SystemExit(f"Huajian did not start. {fault}") from None
