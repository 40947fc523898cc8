"""Choosing how a card looks, by small pictures."""

import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.test_pages.audit import find_barriers
from tests.e2e.test_pages.conftest import Arrive
from tests.e2e.test_pages.photos import choose_photo, remove_button
from tests.e2e.test_pages.steps import press, spec_of, work, write_card

pytestmark = pytest.mark.e2e


def layout(page: Page, template: str) -> Locator:
    return page.locator(f"#form-card input[name=template][value='{template}']")


def pictures(page: Page, template: str) -> Locator:
    """The pictures of one layout that are shown: one, always."""
    return (
        page.locator("label.layout")
        .filter(has=page.locator(f"input[value='{template}']"))
        .locator("img:visible")
    )


class TestChoosing:
    async def test_a_layout_is_chosen_with_the_arrow_keys_and_sent(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await write_card(page)
        await layout(page, "").focus()
        for _ in range(2):
            await page.keyboard.press("ArrowRight")
        await expect(layout(page, "postcard")).to_be_checked()
        await expect(layout(page, "postcard")).to_be_focused()
        async with page.expect_request("**/v1/generations") as asked:
            await press(page)
        assert spec_of(await asked.value)["template"] == "postcard"
        await expect(work(page)).to_be_visible()

    async def test_every_layout_is_a_picture_with_a_name(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        for radio in await page.locator("#form-card input[name=template]").all():
            await radio.scroll_into_view_if_needed()
            template = await radio.get_attribute("value") or ""
            await expect(pictures(page, template)).to_have_count(1)
            await expect(pictures(page, template)).to_have_js_property("naturalWidth", 216)
        await expect(page.get_by_role("radio", name="明信片", exact=True)).to_be_visible()
        await expect(page.get_by_role("radio", name="拍立得 需照片", exact=True)).to_be_visible()
        assert await find_barriers(page) == []

    async def test_only_layouts_made_for_the_occasion_are_offered(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await layout(page, "moonlight").check()
        await page.check("input[name=occasion][value=condolence]")
        for template, is_offered in (("moonlight", False), ("postcard", False), ("scroll", True)):
            await expect(layout(page, template)).to_be_enabled(enabled=is_offered)
            await expect(layout(page, template)).to_be_visible(visible=is_offered)
        await expect(layout(page, "")).to_be_checked()
        await expect(page.locator("#news")).to_have_text("原来的版式不适合，已改为自动排版")
        await page.check("input[name=occasion][value=mid_autumn]")
        await expect(layout(page, "moonlight")).to_be_visible()

    async def test_a_layout_decides_the_direction_of_the_words(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await write_card(page)
        await page.click(".panel:not([hidden]) summary")
        await page.check("input[name=direction][value=horizontal]")
        await layout(page, "fan").check()
        await expect(page.locator("[data-field=direction]")).to_be_hidden()
        async with page.expect_request("**/v1/generations") as asked:
            await press(page)
        spec = spec_of(await asked.value)
        assert (spec["template"], spec["direction"]) == ("fan", None)
        await expect(work(page)).to_be_visible()

    async def test_the_choice_survives_a_reload(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await layout(page, "scroll").check()
        await page.reload()
        await expect(layout(page, "scroll")).to_be_checked()


class TestPhotos:
    async def test_a_layout_that_needs_a_photo_asks_for_one(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await write_card(page)
        await layout(page, "polaroids").check()
        await expect(page.locator("#card-photo_id-hint")).to_contain_text("这个版式需要一张照片")
        await press(page)
        await expect(page.locator("#card-photo")).to_be_focused()
        await expect(page.locator("#card-photo_id-error")).to_have_text("这个版式需要一张照片")
        await expect(page.locator("#jobs .job")).to_have_count(0)
        await choose_photo(page)
        await expect(remove_button(page)).to_be_visible()
        await expect(page.locator("#card-photo_id-error")).to_be_hidden()
        async with page.expect_request("**/v1/generations") as asked:
            await press(page)
        spec = spec_of(await asked.value)
        assert spec["template"] == "polaroids" and spec["photo_id"]
        await expect(work(page)).to_be_visible()

    async def test_with_a_photo_layouts_show_one_and_those_without_a_place_go(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await layout(page, "fan").check()
        await expect(pictures(page, "postcard")).not_to_have_class("with-photo")
        await choose_photo(page)
        await expect(remove_button(page)).to_be_visible()
        await expect(layout(page, "fan")).to_be_hidden()
        await expect(layout(page, "")).to_be_checked()
        for template in ("", "postcard", "split"):
            await expect(pictures(page, template)).to_have_class("with-photo")
        await remove_button(page).click()
        await expect(layout(page, "fan")).to_be_visible()
        await expect(pictures(page, "postcard")).not_to_have_class("with-photo")
