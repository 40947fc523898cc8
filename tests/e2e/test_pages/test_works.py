"""My works: a page at a time, by kind, each opening on its own."""

import asyncio

import pytest
from playwright.async_api import Page, expect

from tests.e2e.test_pages.conftest import Arrive, Site
from tests.e2e.test_pages.steps import ask, grant, make_card

pytestmark = pytest.mark.e2e

SMALL = {"kind": "image", "spec": {"prompt": "梅", "width_px": 256, "height_px": 256}}


async def make_many(page: Page, site: Site, count: int) -> None:
    """One card by hand, then images through the API, as fast as they are taken."""
    await make_card(page)
    await grant(page, site.services, count)
    async with asyncio.timeout(60):
        for _ in range(count):
            while (await ask(page, "POST", "/v1/generations", SMALL))["status"] == 429:
                await page.wait_for_timeout(200)
        while len((await ask(page, "GET", "/v1/works?limit=50"))["body"]["items"]) <= count:
            await page.wait_for_timeout(200)


class TestGallery:
    async def test_pages_follow_one_another_and_kinds_can_be_chosen(self, arrive: Arrive, site: Site) -> None:
        visitor = await arrive()
        visitor.expected.add(429)
        page = visitor.page
        await make_many(page, site, 13)
        await page.goto("/works")
        tiles = page.locator("#grid > li")
        await expect(tiles).to_have_count(12)
        await page.click("#more")
        await expect(tiles).to_have_count(14)
        await expect(tiles.nth(12).locator("button")).to_be_focused()
        await expect(page.locator("#more")).to_be_hidden()
        await expect(page.locator("#news")).to_have_text("已显示 14 件作品")
        names = await tiles.locator("button").evaluate_all(
            "all => all.map(b => b.getAttribute('aria-label'))"
        )
        assert names == ["打开图片《梅》"] * 13 + ["打开贺卡《中秋快乐》"]
        await page.check("#filter input[value=card]")
        await expect(tiles).to_have_count(1)
        await page.check("#filter input[value=lyrics]")
        await expect(page.locator("#none")).to_be_visible()

    async def test_a_work_opens_in_a_dialog_that_the_keyboard_can_leave(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await make_card(page)
        await page.goto("/works")
        tile = page.locator("#grid button")
        await expect(tile.locator("img")).to_have_js_property("naturalWidth", 90)
        await tile.focus()
        await page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name="中秋快乐")
        await expect(dialog).to_be_visible()
        await expect(dialog.locator("img")).to_have_js_property("naturalHeight", 120)
        await expect(dialog.locator("#viewer-close")).to_be_focused()
        await page.keyboard.press("Tab")
        await expect(dialog.locator(".save")).to_be_focused()
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        await expect(tile).to_be_focused()

    async def test_nobody_elses_works_are_shown(self, arrive: Arrive) -> None:
        await make_card((await arrive()).page)
        stranger = (await arrive("/works")).page
        await expect(stranger.locator("#none")).to_be_visible()
        await stranger.get_by_role("link", name="去写第一张").click()
        await expect(stranger.get_by_role("heading", level=1)).to_have_text("写一笺，寄一人")

    async def test_a_list_that_fails_can_be_asked_for_again(self, arrive: Arrive) -> None:
        visitor = await arrive()
        page = visitor.page
        await make_card(page)
        await page.route("**/v1/works?*", lambda route: route.abort())
        await page.goto("/works")
        await expect(page.locator("#works-refusal")).to_contain_text("没有连上服务器")
        await page.unroute("**/v1/works?*")
        await page.click("#again")
        await expect(page.locator("#grid > li")).to_have_count(1)
        await expect(page.locator("#works-refusal")).to_be_empty()
        assert all("net::ERR_FAILED" in complaint for complaint in visitor.complaints)
        visitor.complaints.clear()


async def test_a_picture_whose_link_has_expired_is_asked_for_again(arrive: Arrive, site: Site) -> None:
    visitor = await arrive()
    visitor.expected |= {401, 403}
    page = visitor.page
    await page.route("**/files/**", lambda route: route.continue_())  # so that no cache has it
    await make_card(page)
    await page.goto("/works")
    await expect(page.locator("#grid > li")).to_have_count(1)
    with site.clock.later(hours=2):
        await page.click("#grid button")
        picture = page.locator("#viewer .piece img")
        await expect(picture).to_have_js_property("naturalHeight", 120)
