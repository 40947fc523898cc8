"""Leaving, coming back, and networks that fail: nothing is lost and nothing is paid twice."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from tests.e2e.test_pages.conftest import Arrive, Site
from tests.e2e.test_pages.producer import Gate
from tests.e2e.test_pages.steps import ask, expect_left, make_card, press, state, work, write_card

pytestmark = pytest.mark.e2e


class TestComingBack:
    async def test_a_job_is_followed_on_after_a_reload(self, arrive: Arrive, gate: Gate) -> None:
        page = (await arrive()).page
        await write_card(page, gate.script)
        await press(page)
        await expect(state(page)).to_have_text("落笔中")
        await page.reload()
        await expect(page.locator("#jobs .what")).to_have_text(f"致{gate.script}的贺卡")
        gate.open()
        await expect(work(page)).to_be_visible()

    async def test_a_job_is_found_again_in_another_tab_and_its_end_in_the_first(
        self, arrive: Arrive, gate: Gate
    ) -> None:
        visitor = await arrive()
        page = visitor.page
        await write_card(page, gate.script)
        await press(page)
        await expect(state(page)).to_have_text("落笔中")
        other = await visitor.another_tab()
        await page.goto("/works")
        await expect(state(other)).to_have_text("落笔中")
        gate.open()
        await expect(work(other)).to_be_visible()
        await page.goto("/")
        await expect(work(page)).to_be_visible()  # it ended while this tab was elsewhere
        await expect_left(page, "还剩 2 次")

    async def test_a_look_at_what_runs_that_comes_late_puts_nothing_on_the_stage_twice(
        self, arrive: Arrive, gate: Gate
    ) -> None:
        page = (await arrive()).page
        await make_card(page)
        is_pressed = asyncio.Event()

        async def answer_late(route: Route) -> None:
            await is_pressed.wait()
            await route.continue_()

        await page.route("**/v1/generations?limit=*", answer_late)
        await page.reload()
        await write_card(page, gate.script)
        await press(page)
        await expect(state(page)).to_have_text("落笔中")
        async with page.expect_response("**/v1/generations?limit=*"):
            is_pressed.set()
        gate.open()
        await expect(work(page)).to_be_visible()

    async def test_what_was_typed_survives_a_reload(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await write_card(page)
        await page.check("input[name=occasion][value=wedding]")
        await page.check("input[name=words][value=own]")
        await page.fill("#card-message", "百年好合")
        await page.click("#tab-lyrics")
        await page.reload()
        await expect(page.locator("#tab-lyrics")).to_have_attribute("aria-selected", "true")
        await page.click("#tab-card")
        await expect(page.locator("#card-recipient")).to_have_value("林晚晴")
        await expect(page.locator("#card-message")).to_have_value("百年好合")
        await expect(page.locator("input[name=occasion][value=wedding]")).to_be_checked()

    async def test_the_same_browser_is_the_same_guest_without_its_cookie(self, arrive: Arrive) -> None:
        visitor = await arrive()
        visitor.expected.add(401)
        await make_card(visitor.page)
        await visitor.context.clear_cookies()
        await visitor.page.reload()
        await expect_left(visitor.page, "还剩 2 次")


class TestNetwork:
    async def test_a_lost_reply_is_asked_for_again_with_the_same_key(self, arrive: Arrive) -> None:
        visitor = await arrive()
        page = visitor.page
        keys: list[str] = []

        async def lose_the_first(route: Route) -> None:
            keys.append(route.request.headers["idempotency-key"])
            if len(keys) > 1:
                await route.continue_()
                return
            await route.fetch()  # the server does its work; only the reply is lost
            await route.abort()

        await page.route("**/v1/generations", lose_the_first)
        await write_card(page)
        await press(page)
        await expect(work(page)).to_be_visible()
        assert len(keys) == 2 and keys[0] == keys[1]
        await expect_left(page, "还剩 2 次")
        jobs = await ask(page, "GET", "/v1/generations")
        assert len(jobs["body"]["items"]) == 1
        assert visitor.complaints.pop().startswith("error: Failed to load resource: net::ERR_FAILED")

    async def test_a_press_that_got_no_answer_keeps_its_key_across_a_reload(self, arrive: Arrive) -> None:
        visitor = await arrive()
        page = visitor.page
        keys: list[str] = []

        async def lose(route: Route) -> None:
            keys.append(route.request.headers["idempotency-key"])
            await route.abort()

        await page.route("**/v1/generations", lose)
        await write_card(page)
        await press(page)
        await expect(page.locator("#card-refusal")).to_contain_text("没有连上服务器")
        await page.unroute("**/v1/generations")
        await page.reload()
        async with page.expect_request(
            lambda request: request.method == "POST" and "/v1/" in request.url
        ) as asked:
            await press(page)
        keys.append((await asked.value).headers["idempotency-key"])
        assert len(keys) == 4 and len(set(keys)) == 1
        await expect(work(page)).to_be_visible()
        async with page.expect_request("**/v1/generations") as asked:
            await press(page)  # a definite answer came: the next press is a new work
        assert (await asked.value).headers["idempotency-key"] not in keys
        await expect(page.locator("#jobs progress")).to_have_count(0)
        await expect_left(page, "还剩 1 次")
        assert all("net::ERR_FAILED" in complaint for complaint in visitor.complaints)
        visitor.complaints.clear()

    async def test_a_broken_stream_is_taken_up_where_it_broke(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        resumed: list[str | None] = []
        whole = 'id: 1\nevent: state\ndata: {"state":"queued","progress":0}\n\n'
        broken = f"retry: 1000\n\n{whole}: a comment\n\nid: 2\nevent: st"

        async def break_the_first(route: Route) -> None:
            resumed.append(route.request.headers.get("last-event-id"))
            if len(resumed) > 1:
                await route.continue_()
            else:
                await route.fulfill(body=broken, content_type="text/event-stream")

        await page.route("**/events", break_the_first)
        await write_card(page)
        await press(page)
        await expect(work(page)).to_be_visible()
        assert resumed == [None, "1"]

    async def test_a_lost_connection_is_told_until_it_is_back(self, arrive: Arrive) -> None:
        visitor = await arrive()
        page = visitor.page
        await page.route("**/events", lambda route: route.abort())
        await write_card(page, "steps=9 stay=1")
        await press(page)
        await expect(state(page)).to_have_text("连接断了，正在重新连接")
        await page.unroute("**/events")
        await expect(state(page)).to_have_text("落笔中")
        await page.click("#jobs .cancel")
        await expect(state(page)).to_have_text("已取消")
        assert all("net::ERR_FAILED" in complaint for complaint in visitor.complaints)
        visitor.complaints.clear()

    async def test_an_expired_token_is_renewed_without_a_word(self, arrive: Arrive, site: Site) -> None:
        visitor = await arrive()
        visitor.expected.add(401)
        page = visitor.page
        await make_card(page)
        with site.clock.later(minutes=20):
            await write_card(page, "小满")
            await press(page)
            await expect(page.locator("#news")).to_have_text("致小满的贺卡做好了")
            await expect_left(page, "还剩 1 次")
