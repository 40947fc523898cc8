"""What runs beside the work ends when it is told to, also where a library swallows the first telling."""

import asyncio
import contextlib

import pytest

from core.tasks import background, end, endable

PATIENCE_SECONDS = 60.0


@pytest.fixture(autouse=True)
def insist_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.tasks.INSIST_SECONDS", 0.01)


class Deaf:
    """Swallows being cancelled once, and goes on."""

    def __init__(self) -> None:
        self.is_busy = asyncio.Event()
        self.is_over = False

    async def run(self) -> None:
        try:
            with contextlib.suppress(asyncio.CancelledError):
                self.is_busy.set()
                await asyncio.Event().wait()
            await asyncio.Event().wait()
        finally:
            self.is_over = True


async def in_a_group(deaf: Deaf) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(endable(deaf.run()))


async def test_a_task_is_told_until_it_ends() -> None:
    deaf = Deaf()
    async with asyncio.timeout(PATIENCE_SECONDS), background(deaf.run()):
        await deaf.is_busy.wait()
    assert deaf.is_over


async def test_so_is_a_member_of_a_group_which_tells_only_once() -> None:
    deaf = Deaf()
    group = asyncio.create_task(in_a_group(deaf))
    async with asyncio.timeout(PATIENCE_SECONDS):
        await deaf.is_busy.wait()
        await end(group)
    assert deaf.is_over
    assert group.cancelled()


async def test_who_is_told_while_it_ends_another_leaves_nothing_behind() -> None:
    deaf = Deaf()

    async def both() -> None:
        async with background(deaf.run()):
            await asyncio.Event().wait()

    outer = asyncio.create_task(both())
    async with asyncio.timeout(PATIENCE_SECONDS):
        await deaf.is_busy.wait()
        outer.cancel()
        await asyncio.sleep(0)  # it has begun to end the other
        await end(outer)
    assert deaf.is_over
    assert outer.cancelled()


async def test_what_a_member_raises_ends_its_group() -> None:
    async def fail() -> None:
        raise ValueError("broken")

    deaf = Deaf()
    async with asyncio.timeout(PATIENCE_SECONDS):
        with pytest.raises(ExceptionGroup) as caught:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(endable(deaf.run()))
                tasks.create_task(endable(fail()))
    assert [str(error) for error in caught.value.exceptions] == ["broken"]
