"""Cards that move and open, where they are made."""

import pytest
from playwright.async_api import Page, expect

from tests.e2e.test_pages.conftest import Arrive
from tests.e2e.test_pages.steps import make_card, press, spec_of, work, write_card

pytestmark = pytest.mark.e2e


async def choose(page: Page, card_format: str) -> None:
    await page.check(f"#form-card input[name=format][value={card_format}]")


class TestMoving:
    async def test_a_film_is_asked_for_shown_and_played(self, arrive: Arrive) -> None:
        page = (await arrive(reduced_motion="no-preference")).page
        await choose(page, "mp4")
        await write_card(page)
        async with page.expect_request("**/v1/generations") as asked:
            await press(page)
        assert spec_of(await asked.value)["format"] == "mp4"
        film = work(page).locator("video")
        await expect(film).to_have_attribute("aria-label", "贺卡《中秋快乐》，上面写着：月色如水，愿你心安。")
        await expect(film).to_have_js_property("videoWidth", 720)
        await expect(film).to_have_js_property("ended", True)  # noqa: FBT003 - it has played by itself

    async def test_who_prefers_stillness_starts_it(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await choose(page, "mp4")
        await make_card(page)
        film = work(page).locator("video")
        await expect(film).to_have_js_property("videoWidth", 720)
        await expect(film).to_have_js_property("paused", True)  # noqa: FBT003

    async def test_a_page_opens_in_a_frame_without_an_origin(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await choose(page, "html")
        await make_card(page)
        frame = work(page).locator("iframe")
        await expect(frame).to_have_attribute("sandbox", "allow-scripts")
        await expect(work(page).frame_locator("iframe").locator("p")).to_have_text("null")
