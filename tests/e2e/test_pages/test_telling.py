"""A song while it is written, and how works end that were never made."""

import json

import pytest
from playwright.async_api import Page, Route, expect

from tests.e2e.test_pages.audit import find_barriers
from tests.e2e.test_pages.conftest import Arrive
from tests.e2e.test_pages.producer import Gate
from tests.e2e.test_pages.steps import press, state, work, write_card

pytestmark = pytest.mark.e2e

VERSE = "[主歌一]\n路灯把雨丝缝进衣裳\n我数着脚步走过长廊"


async def write_song(page: Page, script: str) -> None:
    await page.fill("#lyrics-theme", script)
    await press(page)


def stream(*sections: tuple[int, str]) -> str:
    """A job's events as far as these sections, told by number."""
    data = [{"state": "running", "progress": 0.2 * n, "section": n, "text": text} for n, text in sections]
    return "".join(
        f"id: {number}\nevent: section\ndata: {json.dumps(each)}\n\n" for number, each in enumerate(data, 2)
    )


class TestSong:
    async def test_its_sections_appear_as_they_are_written_and_the_song_takes_their_place(
        self, arrive: Arrive, gate: Gate
    ) -> None:
        page = (await arrive("/?kind=lyrics")).page
        await write_song(page, f"雨夜 steps=3 sleep=.2 tell {gate.script}")
        sections = page.locator("#jobs .verses .stanza")
        await expect(sections.first).to_have_text("part 1")
        await expect(state(page)).to_have_text("落笔中")
        assert await page.get_attribute("#jobs .verses", "aria-live") == "polite"
        await expect(sections.nth(2)).to_have_text("part 3")
        await expect(sections.first).to_have_text("part 1")
        assert await find_barriers(page) == []
        gate.open()
        await expect(work(page).locator(".lyrics h2")).to_have_text("雨夜")
        await expect(page.locator("#jobs .verses")).to_have_count(0)

    async def test_what_was_told_is_told_again_after_a_reload(self, arrive: Arrive, gate: Gate) -> None:
        page = (await arrive("/?kind=lyrics")).page
        await write_song(page, f"雨夜 steps=3 sleep=.2 tell {gate.script}")
        await expect(page.locator("#jobs .verses .stanza").nth(1)).to_be_visible()
        await page.reload()
        await expect(page.locator("#jobs .verses .stanza").first).to_have_text("part 1")
        await expect(page.locator("#jobs .verses .stanza").nth(2)).to_have_text("part 3")
        gate.open()
        await expect(work(page)).to_be_visible()

    async def test_a_section_has_its_heading_and_a_song_begun_anew_its_first_again(
        self, arrive: Arrive, gate: Gate
    ) -> None:
        """A worker that died had told two sections; the next one begins with the first."""
        page = (await arrive("/?kind=lyrics")).page
        told = stream((1, "old"), (2, "older"), (1, VERSE))

        async def tell(route: Route) -> None:
            await route.fulfill(body=told, content_type="text/event-stream")
            await page.unroute("**/events")

        await page.route("**/events", tell)
        await write_song(page, f"雨夜 {gate.script}")
        sections = page.locator("#jobs .verses .stanza")
        await expect(sections).to_have_count(1)
        await expect(sections.locator("h3")).to_have_text("主歌一")
        await expect(sections.locator(".line")).to_have_text(["路灯把雨丝缝进衣裳", "我数着脚步走过长廊"])
        gate.open()
        await expect(work(page)).to_be_visible()


class TestEndings:
    @pytest.mark.parametrize(
        ("locale", "code", "title", "advice"),
        [
            ("zh-CN", "waited_too_long", "等了太久，没有轮到", "次数已经退回"),
            ("en-GB", "waited_too_long", "It waited too long", "Your credit was returned"),
            ("zh-CN", "attempts_spent", "几次都没有做成", "次数已经退回"),
        ],
    )
    async def test_a_work_that_was_never_made_says_why(
        self, arrive: Arrive, locale: str, code: str, title: str, advice: str
    ) -> None:
        page = (await arrive(locale=locale)).page

        async def end(route: Route) -> None:
            answer = await route.fetch()
            job = await answer.json()
            if job["state"] != "queued":
                job |= {"state": "failed", "work": None, "problem": {"code": code, "title": "for developers"}}
            await route.fulfill(response=answer, json=job)

        await page.route("**/v1/generations/*", end)
        await write_card(page, "晴 fail")
        await press(page)
        await expect(state(page)).to_contain_text(title)
        await expect(page.locator("#jobs .refusal")).to_contain_text(advice)
        await expect(page.locator("#jobs .dismiss")).to_be_visible()
        assert await find_barriers(page) == []
