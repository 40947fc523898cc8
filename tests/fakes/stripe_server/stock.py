"""Our catalogue on the fake's shelf: hundreds of questions, so a process asks them once."""

from billing.catalog import load_catalog
from billing.stripe_catalog import synchronise
from billing.stripe_gateway import StripeGateway
from service.rehearsal.objects import Objects
from service.rehearsal.server import rehearse
from tests.fakes.stripe_server.keys import API_KEY, WEBHOOK_SECRET, settings_for

_made: list[str] = []


async def stocked_shelf() -> str:
    """What `Objects.restore` takes."""
    if not _made:
        objects = Objects(lambda: 0)
        with rehearse(objects, key=API_KEY, webhook_secret=WEBHOOK_SECRET) as running:
            gateway = StripeGateway(settings_for(running.url))
            await synchronise(gateway, load_catalog())
            await gateway.close()
        _made.append(objects.dump())
    return _made[0]
