"""Named parameters become the driver's numbered ones, each value once."""

from collections.abc import Sequence
from typing import Any

from core.statements import Named


class Recorder:
    def __init__(self) -> None:
        self.ran: list[tuple[str, tuple[Any, ...]]] = []

    async def fetch(self, statement: str, /, *arguments: Any) -> Sequence[dict[str, Any]]:
        self.ran.append((statement, arguments))
        return []


async def test_names_are_numbered_as_they_first_come() -> None:
    part = "b AS (SELECT :second::text[], devices[1:2], '{}'::jsonb, :first)"
    recorder = Recorder()
    values = {"first": 1, "second": ["x"], "unused": 3}
    await Named(f"WITH a AS (SELECT :first::int), {part} SELECT").fetch(recorder, values)
    (ran,) = recorder.ran
    assert ran == (
        "WITH a AS (SELECT $1::int), b AS (SELECT $2::text[], devices[1:2], '{}'::jsonb, $1) SELECT",
        (1, ["x"]),
    )
