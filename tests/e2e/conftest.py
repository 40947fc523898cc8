"""Which slow file goes first: several run at a time, and none of the long ones shall run alone at the end."""

from pathlib import Path
from typing import Final

import pytest

FOLDER: Final = Path(__file__).parent
# Those that start and kill processes, mixed with those that drive a browser.
LONGEST_FIRST: Final = (
    "test_starting.py",
    "test_chaos.py",
    "test_photos.py",
    "test_chaos_batches.py",
    "test_openapi.py",
    "test_card_pages.py",
    "test_buying.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    """The quick tests in front keep their order, and so do the others behind."""
    if not item.path.is_relative_to(FOLDER):
        return -1
    return LONGEST_FIRST.index(item.path.name) if item.path.name in LONGEST_FIRST else len(LONGEST_FIRST)
