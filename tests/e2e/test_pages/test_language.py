"""Two languages on one page."""

import pytest
from playwright.async_api import expect

from tests.e2e.test_pages.conftest import Arrive
from tests.e2e.test_pages.steps import expect_left, make_card, press, write_card

pytestmark = pytest.mark.e2e


class TestSwitch:
    async def test_the_switch_keeps_what_was_typed_and_is_remembered(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await write_card(page)
        await page.check("#form-card input[name=style][value=lantern]")
        await page.get_by_role("link", name="English").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Made for one person")
        await expect(page.locator("#card-recipient")).to_have_value("林晚晴")
        await expect(page.locator("#form-card input[name=style][value=lantern]")).to_be_checked()
        assert "lang=" not in page.url
        await page.get_by_role("link", name="My works").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("My works")
        assert await page.evaluate("document.documentElement.lang") == "en"

    async def test_numbers_dates_and_refusals_follow_the_page(self, arrive: Arrive) -> None:
        page = (await arrive(locale="en-GB")).page
        await expect_left(page, "3 free a month")
        await make_card(page)
        await expect_left(page, "2 left")
        await expect(page.locator("#form-card .cost-left")).to_contain_text("3 again on 1 ")
        await write_card(page, "")
        await press(page)
        await expect(page.locator("#card-recipient-error")).to_have_text("Please fill this in")

    async def test_without_scripts_the_link_still_switches_and_the_page_says_what_it_needs(
        self, arrive: Arrive
    ) -> None:
        page = (await arrive("/?kind=image", java_script_enabled=False)).page
        await expect(page.locator(".notice:visible")).to_have_text("制作作品需要启用 JavaScript。")
        await page.get_by_role("link", name="English").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Made for one person")
        await expect(page.locator("#panel-image")).to_be_visible()
