"""Services that sell: over the real gateway, which speaks HTTP to a rehearsal instead of Stripe."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from billing.stripe_gateway import StripeGateway
from core.settings import Settings
from core.tasks import background
from service.children.pool import ChildPool
from service.engines.endpoints import Endpoints
from service.rehearsal.objects import Objects
from service.rehearsal.server import Rehearsal, rehearse
from service.wiring import Services, open_services
from tests.fakes.clock import MovableClock
from tests.fakes.stripe_server.deliveries import Deliveries
from tests.fakes.stripe_server.keys import API_KEY, WEBHOOK_SECRET, settings_for
from tests.fakes.stripe_server.stock import stocked_shelf


@pytest.fixture
def rehearsal(clock: MovableClock) -> Iterator[Rehearsal]:
    """Nothing is on its shelf yet; its time is the test's."""
    with rehearse(
        Objects(lambda: int(clock().timestamp())), key=API_KEY, webhook_secret=WEBHOOK_SECRET
    ) as running:
        yield running


@pytest.fixture
async def services(
    settings: Settings,
    endpoints: Endpoints,
    clock: MovableClock,
    rehearsal: Rehearsal,
    workshops: ChildPool,
) -> AsyncIterator[Services]:
    """Everything wired, our catalogue on the shelf; no worker, no keeper."""
    gateway = StripeGateway(settings_for(rehearsal.url))
    rehearsal.objects.restore(await stocked_shelf())
    async with open_services(
        settings, endpoints, clock=clock, payments=gateway, workshops=workshops
    ) as opened:
        await opened.redis.flushdb()
        async with (
            background(opened.hub.run()),
            background(opened.admissions.run()),
            background(opened.unlocking.helps.run()),
        ):
            yield opened


@pytest.fixture
def deliveries(rehearsal: Rehearsal, client: httpx.AsyncClient, clock: MovableClock) -> Deliveries:
    return Deliveries(rehearsal, client, clock)
