"""Hands that are faster than the scripts: what they type and choose stays, and a press is not taken yet."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, Route, expect

from tests.e2e.test_pages.conftest import Arrive
from tests.e2e.test_pages.photos import choose_photo, remove_button
from tests.e2e.test_pages.steps import press, spec_of, work, write_card

pytestmark = pytest.mark.e2e


@contextlib.asynccontextmanager
async def before_the_script(page: Page, path: str, script: str) -> AsyncIterator[None]:
    """Be on a page whose own script is still under way; it comes afterwards."""
    may_come = asyncio.Event()

    async def hold(route: Route) -> None:
        await may_come.wait()
        await route.continue_()

    await page.route(f"**/js/{script}.js", hold)
    await page.goto(path, wait_until="commit")
    yield
    may_come.set()


class TestStudio:
    async def test_an_early_press_sends_nothing_away_and_the_next_one_works(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await write_card(page)  # a draft, older than what is typed early
        submit = page.locator("#form-card button[type=submit]")
        addresses: list[str] = []
        page.on("request", lambda request: addresses.append(request.url))
        async with before_the_script(page, "/", "studio"):
            await page.fill("#card-recipient", "小满")
            await page.check("input[name=occasion][value=birthday]")
            await page.press("#card-recipient", "Enter")
            for button in (submit, page.locator("#tab-lyrics")):
                await button.click(force=True)  # pressed, whether it can be or not
            await choose_photo(page)
            await expect(submit).to_be_disabled()
        await expect(submit).to_be_enabled()
        assert not any("recipient" in address for address in addresses)
        await expect(remove_button(page)).to_be_visible()
        async with page.expect_request("**/v1/generations") as sent:
            await press(page)
        spec = spec_of(await sent.value)
        assert (spec["recipient"], spec["sender"], spec["occasion"]) == ("小满", "知夏", "birthday")
        assert spec["photo_id"]
        await expect(work(page)).to_be_visible()
        async with before_the_script(page, "/works", "works"):
            await page.check("#filter input[value=lyrics]")
        await expect(page.locator("#none")).to_be_visible()
        await page.goto("/")
        await expect(page.locator("#card-recipient")).to_have_value("小满")


class TestVerifying:
    async def test_a_file_that_is_put_down_early_is_verified(self, arrive: Arrive) -> None:
        page = (await arrive("/health/live")).page
        async with before_the_script(page, "/verify", "verify"):
            await page.set_input_files("#verify-file", __file__)
        await expect(page.locator("#verdict")).to_have_attribute("data-answer", "nothing_found")
