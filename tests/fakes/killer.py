"""Kills whoever uses a database at its n-th statement, commits included: what it began is rolled back."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine


class Killed(BaseException):
    """Not an Exception: nobody who is killed can clean up."""


@contextmanager
def killing(engine: AsyncEngine, *, at_statement: int) -> Iterator[None]:
    left = at_statement

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed

    def count_commit(_: object) -> None:
        count()

    event.listen(engine.sync_engine, "before_cursor_execute", count)
    event.listen(engine.sync_engine, "commit", count_commit)
    try:
        yield
    finally:
        event.remove(engine.sync_engine, "before_cursor_execute", count)
        event.remove(engine.sync_engine, "commit", count_commit)
