"""Test payments: our own page instead of Stripe's, our own books instead of a bank. No money moves.

Only where no key is configured and nobody calls this production; `core.settings` refuses anything else.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from pydantic import SecretStr

from billing.catalog import load_catalog
from billing.stripe_catalog import synchronise
from billing.stripe_gateway import StripeGateway
from core.settings import Settings, StripeSettings
from service.rehearsal.clock import RehearsalClock
from service.rehearsal.objects import Objects
from service.rehearsal.server import Rehearsal, rehearse

FILE: Final = "test-payments.json"
CLOCK_FILE: Final = "test-clock.json"


@asynccontextmanager
async def open_rehearsal(
    settings: Settings | None,
) -> AsyncIterator[tuple[StripeGateway | None, Rehearsal | None]]:
    """A gateway that speaks to a rehearsal of this process, with our catalogue on its shelf; or nothing.

    Whoever opens the services with the gateway closes it.
    """
    if settings is None or not settings.test_payments:
        yield None, None
        return
    key = f"sk_test_{secrets.token_hex(16)}"
    secret = f"whsec_{secrets.token_hex(16)}"
    clock = RehearsalClock(settings.data_dir / CLOCK_FILE)
    objects = Objects(lambda: int(clock().timestamp()), settings.data_dir / FILE)
    with rehearse(objects, key=key, webhook_secret=secret, clock=clock) as rehearsal:
        gateway = StripeGateway(
            StripeSettings(secret_key=SecretStr(key), webhook_secret=SecretStr(secret), api_url=rehearsal.url)
        )
        await synchronise(gateway, load_catalog())
        yield gateway, rehearsal
