"""A service that may speak to this machine, one client with a back end, and what delivers."""

from collections.abc import Iterator

import pytest

from core.settings import Settings, WebhookSettings
from service.outbox.delivering import Courier
from service.wiring import Services
from tests.factories.people import Person, SignIn
from tests.factories.webhooks import courier_for
from tests.fakes.webhook_receiver import Receiver, receiving


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"webhooks": WebhookSettings(allow_loopback=True)})


@pytest.fixture
def courier(services: Services) -> Courier:
    return courier_for(services)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
async def owner(sign_in: SignIn) -> Person:
    return await sign_in()
