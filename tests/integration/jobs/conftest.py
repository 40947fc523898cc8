"""A running worker over the scripted producer, and the jobs it is given."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from core.settings import JobSettings, Settings
from service.jobs.admission import Admission
from service.wiring import Services
from service.workers.generation import GenerationWorker
from tests.factories.credits import give, make_user, skip_month
from tests.factories.jobs import running_worker
from tests.fakes.producer import Gate


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Short leases and patience, so that losses are noticed within the test."""
    jobs = JobSettings(lease_seconds=4, deadline_seconds=5, max_attempts=2)
    return settings.model_copy(update={"jobs": jobs})


@pytest.fixture
async def worker(services: Services) -> AsyncIterator[GenerationWorker]:
    async with running_worker(services) as started:
        yield started


@pytest.fixture
async def owner_id(services: Services) -> UUID:
    """A user with ten credits in one lot and no free month."""
    async with services.sessions.begin() as session:
        user_id = await make_user(session, tier="studio")
        await skip_month(session, user_id, now=services.clock())
        await give(session, user_id, 10, now=services.clock())
    return user_id


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """One that is open at the end, whatever happens; after `worker` among the arguments."""
    gate = Gate(tmp_path / "gate")
    yield gate
    gate.open()


Ask = Callable[..., Awaitable[UUID]]


@pytest.fixture
def ask(services: Services, owner_id: UUID) -> Ask:
    """Queue a job with a script; its id."""

    async def asking(script: str = "", *, kind: str = "card", owner: UUID | None = None) -> UUID:
        spec = json.dumps({"recipient": script, "seed": 1})
        admitted = await services.admissions.submit(
            Admission(owner or owner_id, str(uuid4()), spec.encode(), kind, spec, kind, 1)
        )
        return admitted.id

    return asking
