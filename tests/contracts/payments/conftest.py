"""A gateway over a rehearsal with our catalogue on its shelf."""

import typing

import pytest

from billing.stripe_gateway import StripeGateway
from service.rehearsal.objects import Objects
from service.rehearsal.server import Rehearsal, rehearse
from tests.contracts.payments.asking import NOW
from tests.fakes.stripe_server.keys import API_KEY, WEBHOOK_SECRET, settings_for
from tests.fakes.stripe_server.stock import stocked_shelf


@pytest.fixture
async def rehearsal() -> typing.AsyncIterator[Rehearsal]:
    objects = Objects(lambda: int(NOW.timestamp()))
    objects.restore(await stocked_shelf())
    with rehearse(objects, key=API_KEY, webhook_secret=WEBHOOK_SECRET) as running:
        yield running


@pytest.fixture
async def gateway(rehearsal: Rehearsal) -> typing.AsyncIterator[StripeGateway]:
    opened = StripeGateway(settings_for(rehearsal.url))
    yield opened
    await opened.close()
