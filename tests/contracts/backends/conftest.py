"""The subjects of the suite, each built once."""

import functools
from collections.abc import Iterator

import pytest

from generators.contracts import Backend
from tests.contracts.backends import diffusion, language, studio
from tests.contracts.backends.subjects import Closing, Subject

# A module of subjects joins here.
ALL = (*studio.SUBJECTS, *diffusion.SUBJECTS, *language.SUBJECTS)


@pytest.fixture(scope="session", params=ALL, ids=lambda subject: subject.name)
def subject(request: pytest.FixtureRequest) -> Subject:
    found: Subject = request.param
    return found


@pytest.fixture(scope="session", params=[one for one in ALL if one.starve], ids=lambda one: one.name)
def starving(request: pytest.FixtureRequest) -> Subject:
    found: Subject = request.param
    return found


@pytest.fixture(scope="session")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Workshop"]:
    opened = Workshop(tmp_path_factory)
    yield opened
    opened.close()


class Workshop:
    """Builds a subject's backend when it is first asked for, and keeps it."""

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders = folders
        self.backend = functools.cache(self._build)
        self._built: list[Backend] = []

    def _build(self, subject: Subject) -> Backend:
        self._built.append(subject.build(self._folders.mktemp("backend")))
        return self._built[-1]

    def close(self) -> None:
        """Close the backends that have something to close."""
        for backend in self._built:
            if isinstance(backend, Closing):
                backend.close()


@pytest.fixture
def backend(subject: Subject, workshop: Workshop) -> Backend:
    return workshop.backend(subject)
