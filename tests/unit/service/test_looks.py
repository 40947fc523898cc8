"""Looks at links without a database: how long one is kept, who shares a read, and what a change undoes."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from core.database import DatabaseAwayError
from core.keys import Keys
from models.campaign import ShareChannel
from models.referral import LinkState
from referral.channels import ChannelStanding
from referral.codes import code_of, hash_of
from referral.errors import LinkNotFoundError
from referral.looks import ShownLink
from service.pages.kept_pages import KeptPages
from service.unlocking import looks as looks_module
from service.unlocking.looks import Look, Looks

KEYS = Keys(b"k" * 32)
NOW = datetime(2026, 11, 11, 8, 0, tzinfo=UTC)
SHOWN_DAYS = 7


def code(link_id: UUID) -> str:
    return code_of(KEYS, link_id)


class Rows:
    """The database: its links, every question that it was asked, and a door that holds answers back."""

    def __init__(self) -> None:
        self.links: dict[bytes, ShownLink] = {}
        self.asked: list[list[bytes]] = []
        self.seconds = 0.0
        self.read_seconds = 0.0
        self.error: Exception | None = None
        self.door = asyncio.Event()
        self.door.set()

    def tick(self) -> float:
        return self.seconds

    def add(self, *, progress: int = 0) -> UUID:
        link_id = uuid4()
        self.links[hash_of(KEYS, code(link_id))] = ShownLink(
            id=link_id,
            owner_id=uuid4(),
            state=LinkState.OPEN,
            channel=ShareChannel.LINK,
            asker_locale="zh",
            asker_name=None,
            work_id=None,
            goal=3,
            weight_new=2,
            weight_existing=1,
            reward_credits=1,
            progress=progress,
            expires_at=NOW + timedelta(hours=72),
            ended_at=None,
            seen_at=NOW,
            standing=ChannelStanding(ShareChannel.LINK, is_on=True, reason_zh="", reason_en=""),
            work=None,
        )
        return link_id

    def change(self, link_id: UUID, *, progress: int) -> None:
        code_hash = hash_of(KEYS, code(link_id))
        self.links[code_hash] = replace(self.links[code_hash], progress=progress)

    async def read(self, code_hashes: Sequence[bytes]) -> dict[bytes, ShownLink]:
        """As they were when the question came, however long the answer takes."""
        self.asked.append(list(code_hashes))
        found = {each: self.links[each] for each in code_hashes if each in self.links}
        await self.door.wait()
        self.seconds += self.read_seconds
        if self.error is not None:
            raise self.error
        return found


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def looks(rows: Rows) -> Looks:
    return Looks(rows.read, KEYS, shown_days=SHOWN_DAYS, tick=rows.tick)


async def progress(looks: Looks, link_id: UUID) -> int:
    return (await looks.look(code(link_id), now=NOW)).link.progress


async def settle() -> None:
    """Let everybody come as far as they can without an answer."""
    for _ in range(5):
        await asyncio.sleep(0)


class TestKeeping:
    async def test_a_change_that_nobody_told_of_is_seen_within_a_second(
        self, looks: Looks, rows: Rows
    ) -> None:
        link_id = rows.add()
        await progress(looks, link_id)
        rows.change(link_id, progress=2)
        rows.seconds = 0.999
        assert await progress(looks, link_id) == 0
        rows.seconds = 1.0
        assert await progress(looks, link_id) == 2

    async def test_the_second_begins_with_the_read_not_with_its_answer(
        self, looks: Looks, rows: Rows
    ) -> None:
        link_id = rows.add()
        rows.read_seconds = 0.6
        await progress(looks, link_id)
        rows.seconds = 1.1
        await progress(looks, link_id)
        assert len(rows.asked) == 2

    async def test_a_change_that_was_told_of_is_seen_at_once(self, looks: Looks, rows: Rows) -> None:
        link_id, other_id = rows.add(), rows.add()
        for each in (link_id, other_id):
            await progress(looks, each)
            rows.change(each, progress=1)
        looks.forget(link_id)
        assert [await progress(looks, each) for each in (link_id, other_id)] == [1, 0]
        looks.forget_all()
        assert await progress(looks, other_id) == 1

    async def test_so_many_are_kept_and_the_longest_kept_goes(
        self, looks: Looks, rows: Rows, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(looks_module, "MAX_KEPT", 3)
        ids = [rows.add() for _ in range(5)]
        for link_id in ids:
            await progress(looks, link_id)
        assert len(looks._kept) == 3
        await progress(looks, ids[4])
        assert len(rows.asked) == 5
        await progress(looks, ids[0])
        assert len(rows.asked) == 6

    async def test_what_is_not_there_is_never_kept(self, looks: Looks, rows: Rows) -> None:
        link_id = rows.add()
        (code_hash,) = rows.links
        link = rows.links.pop(code_hash)
        with pytest.raises(LinkNotFoundError):
            await looks.look(code(link_id), now=NOW)
        assert not looks._kept
        rows.links[code_hash] = link
        assert await progress(looks, link_id) == 0

    async def test_what_can_be_no_code_asks_nobody(self, looks: Looks, rows: Rows) -> None:
        for typed in ("", "x", "u" * 18, "0" * 40):
            with pytest.raises(LinkNotFoundError):
                await looks.look(typed, now=NOW)
        assert rows.asked == []

    async def test_whether_a_link_is_long_over_is_said_by_each_looks_own_time(
        self, looks: Looks, rows: Rows
    ) -> None:
        link_id = rows.add()
        over = NOW + timedelta(hours=72, days=SHOWN_DAYS)
        assert (await looks.look(code(link_id), now=over - timedelta(seconds=1))).link.id == link_id
        with pytest.raises(LinkNotFoundError):
            await looks.look(code(link_id), now=over)
        assert len(rows.asked) == 1

    async def test_a_token_is_dated_by_its_own_look(self, looks: Looks, rows: Rows) -> None:
        """An account made between two looks is younger than the first page and older than the second."""
        link_id = rows.add()
        rows.read_seconds = 0.1
        look = await looks.look(code(link_id), now=NOW)
        assert looks.database_time(look) == NOW
        rows.seconds += 0.5
        assert await looks.look(code(link_id), now=NOW) is look
        assert looks.database_time(look) == NOW + timedelta(seconds=0.5)


class TestSharing:
    async def test_one_reads_while_all_others_wait(self, looks: Looks, rows: Rows) -> None:
        famous, *others = (rows.add() for _ in range(3))
        rows.door.clear()
        crowd = [asyncio.create_task(progress(looks, famous)) for _ in range(50)]
        await settle()
        crowd += [asyncio.create_task(progress(looks, each)) for each in (*others, famous, *others)]
        await settle()
        rows.door.set()
        assert await asyncio.gather(*crowd) == [0] * 55
        assert [len(asked) for asked in rows.asked] == [1, 2]

    async def test_who_comes_after_a_change_is_not_told_what_was_read_before_it(
        self, looks: Looks, rows: Rows
    ) -> None:
        link_id = rows.add()
        rows.door.clear()
        early = asyncio.create_task(progress(looks, link_id))
        await settle()
        rows.change(link_id, progress=1)
        looks.forget(link_id)
        late = asyncio.create_task(progress(looks, link_id))
        await settle()
        rows.door.set()
        assert (await early, await late) == (0, 1)
        assert await progress(looks, link_id) == 1

    async def test_what_has_changed_while_it_was_read_is_not_kept(self, looks: Looks, rows: Rows) -> None:
        link_id = rows.add()
        rows.door.clear()
        early = asyncio.create_task(progress(looks, link_id))
        await settle()
        rows.change(link_id, progress=1)
        looks.forget(link_id)
        rows.door.set()
        assert await early == 0
        assert await progress(looks, link_id) == 1

    async def test_a_slow_read_is_joined_for_a_second(self, looks: Looks, rows: Rows) -> None:
        link_id = rows.add()
        rows.door.clear()
        early = asyncio.create_task(progress(looks, link_id))
        await settle()
        rows.change(link_id, progress=1)
        rows.seconds = 1.0
        late = asyncio.create_task(progress(looks, link_id))
        await settle()
        rows.door.set()
        assert (await early, await late) == (0, 1)

    async def test_who_hangs_up_takes_nobody_along(self, looks: Looks, rows: Rows) -> None:
        link_id = rows.add()
        rows.door.clear()
        gone, stays = (asyncio.create_task(progress(looks, link_id)) for _ in range(2))
        await settle()
        gone.cancel()
        await settle()
        rows.door.set()
        assert await stays == 0
        assert gone.cancelled()

    async def test_a_read_that_fails_fails_for_all_and_is_not_kept(self, looks: Looks, rows: Rows) -> None:
        link_id = rows.add()
        rows.error = DatabaseAwayError("restarting")
        told = await asyncio.gather(*(progress(looks, link_id) for _ in range(3)), return_exceptions=True)
        assert told == [rows.error] * 3
        rows.error = None
        assert await progress(looks, link_id) == 0

    async def test_whoever_waits_at_the_end_is_not_left_waiting(self, looks: Looks, rows: Rows) -> None:
        rows.door.clear()
        waiting = asyncio.create_task(progress(looks, rows.add()))
        await settle()
        await looks.close()
        with pytest.raises(asyncio.CancelledError):
            await waiting


class TestKeptPages:
    async def test_a_newer_look_is_another_page_and_few_are_kept(self, looks: Looks, rows: Rows) -> None:
        link_id, pages, drawn = rows.add(), KeptPages(), list[str]()

        def page(look: Look, said: str) -> str:
            return pages.get(look, said, lambda: drawn.append(said) or said)  # type: ignore[func-returns-value]

        look = await looks.look(code(link_id), now=NOW)
        assert [page(look, "zh"), page(look, "en"), page(look, "zh")] == ["zh", "en", "zh"]
        assert drawn == ["zh", "en"]
        looks.forget(link_id)
        page(await looks.look(code(link_id), now=NOW), "zh")
        assert drawn == ["zh", "en", "zh"]
        for number in range(500):
            page(look, str(number))
        assert len(pages._kept) == 64
