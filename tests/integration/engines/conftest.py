"""One data folder for most tests, for making one takes a second; and never an engine left behind."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from service.engines.blocking import stop_unused
from service.engines.engines import Engines


@pytest.fixture(scope="session")
def made_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engines") / "data"


@pytest.fixture
def data_dir(made_dir: Path) -> Iterator[Path]:
    """Has been used before; tests that need a new one take `fresh_dir`."""
    yield made_dir
    assert stop_unused(made_dir), "something still uses the engines of this test"


@pytest.fixture
def fresh_dir(tmp_path: Path) -> Iterator[Path]:
    """Does not exist yet, in a folder that everyone may use."""
    tmp_path.chmod(0o777)
    folder = tmp_path / "data"
    yield folder
    if folder.exists():
        assert stop_unused(folder), "something still uses the engines of this test"


@pytest.fixture
def closed_dir(tmp_path: Path) -> Path:
    """The same, in a folder that only its owner may enter."""
    tmp_path.chmod(0o700)
    return tmp_path / "data"


@pytest.fixture
async def own_engines(data_dir: Path) -> AsyncIterator[Engines]:
    """Not started yet; stopped at the end, however the test left them."""
    engines = Engines(data_dir)
    yield engines
    await engines.stop()
