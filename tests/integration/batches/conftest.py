"""A business user with credits enough."""

import pytest

from core.settings import JobSettings, Settings
from service.wiring import Services
from tests.factories.batches import set_tier
from tests.factories.credits import skip_month
from tests.factories.people import Person, SignIn


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Short leases and patience, so that losses are noticed within the test."""
    jobs = JobSettings(lease_seconds=4, deadline_seconds=3, max_attempts=2)
    return settings.model_copy(update={"jobs": jobs})


@pytest.fixture
async def firm(services: Services, sign_in: SignIn) -> Person:
    """A studio member with 600 credits in one lot."""
    person: Person = await sign_in(credits=600)
    await set_tier(services, person.id, "studio")
    async with services.sessions.begin() as session:
        await skip_month(session, person.id, now=services.clock())
    return person
