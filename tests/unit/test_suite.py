"""`make test` runs every test there is."""

import tomllib
from pathlib import Path

TESTS = Path(__file__).parents[1]


def test_every_folder_with_tests_is_named_in_the_order_of_running() -> None:
    settings = tomllib.loads((TESTS.parent / "pyproject.toml").read_text("utf-8"))
    named = settings["tool"]["pytest"]["ini_options"]["testpaths"]
    found = {path.relative_to(TESTS).parts[0] for path in TESTS.rglob("test_*.py")}
    assert {f"tests/{folder}" for folder in found} <= set(named)
