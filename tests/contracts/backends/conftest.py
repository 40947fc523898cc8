"""The subjects of the suite, each built once."""

import functools

import pytest

from generators.contracts import Backend
from tests.contracts.backends import diffusion, studio
from tests.contracts.backends.subjects import Subject

# A module of subjects joins here.
ALL = (*studio.SUBJECTS, *diffusion.SUBJECTS)


@pytest.fixture(scope="session", params=ALL, ids=lambda subject: subject.name)
def subject(request: pytest.FixtureRequest) -> Subject:
    found: Subject = request.param
    return found


@pytest.fixture(scope="session", params=[one for one in ALL if one.starve], ids=lambda one: one.name)
def starving(request: pytest.FixtureRequest) -> Subject:
    found: Subject = request.param
    return found


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> "Workshop":
    return Workshop(tmp_path_factory)


class Workshop:
    """Builds a subject's backend when it is first asked for, and keeps it."""

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders = folders
        self.backend = functools.cache(self._build)

    def _build(self, subject: Subject) -> Backend:
        return subject.build(self._folders.mktemp("backend"))


@pytest.fixture
def backend(subject: Subject, workshop: Workshop) -> Backend:
    return workshop.backend(subject)
