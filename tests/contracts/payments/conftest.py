"""A gateway over a rehearsal with our catalogue on its shelf."""

import typing
from collections.abc import Iterator

import pytest

from billing.catalog import load_catalog
from billing.stripe_catalog import synchronise
from billing.stripe_gateway import StripeGateway
from service.rehearsal.objects import Objects
from service.rehearsal.server import Rehearsal, rehearse
from tests.contracts.payments.asking import NOW
from tests.fakes.stripe_server.keys import API_KEY, WEBHOOK_SECRET, settings_for


@pytest.fixture(scope="module")
async def stock() -> str:
    """Our catalogue on the shelf: hundreds of questions, so they are asked once."""
    objects = Objects(lambda: int(NOW.timestamp()))
    with rehearse(objects, key=API_KEY, webhook_secret=WEBHOOK_SECRET) as running:
        opened = StripeGateway(settings_for(running.url))
        await synchronise(opened, load_catalog())
        assert await synchronise(opened, load_catalog()) == []
        await opened.close()
    return objects.dump()


@pytest.fixture
def rehearsal(stock: str) -> Iterator[Rehearsal]:
    objects = Objects(lambda: int(NOW.timestamp()))
    objects.restore(stock)
    with rehearse(objects, key=API_KEY, webhook_secret=WEBHOOK_SECRET) as running:
        yield running


@pytest.fixture
async def gateway(rehearsal: Rehearsal) -> typing.AsyncIterator[StripeGateway]:
    opened = StripeGateway(settings_for(rehearsal.url))
    yield opened
    await opened.close()
