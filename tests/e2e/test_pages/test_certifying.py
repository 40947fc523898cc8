"""Certify a work from the gallery, and take its file away: by keyboard, in both states of the desk."""

import asyncio
import hashlib
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.test_pages.audit import find_barriers
from tests.e2e.test_pages.conftest import Arrive
from tests.e2e.test_pages.steps import ask, make_card

pytestmark = pytest.mark.e2e


class TestCertifying:
    async def test_a_work_is_certified_once_and_its_file_is_what_the_certificate_says(
        self, arrive: Arrive
    ) -> None:
        page = (await arrive()).page
        await make_card(page)
        await page.goto("/works")
        await page.locator("#grid button").click()
        opener = page.get_by_role("button", name="认证与导出")
        await opener.focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", name="为这件作品出具证书")).to_be_focused()
        await page.get_by_role("button", name="用 1 次认证").click()
        number = page.locator(".certify-number")
        await expect(number).to_be_focused()
        await page.get_by_label("格式").select_option("webp")
        await page.get_by_role("button", name="导出", exact=True).click()
        download = page.get_by_role("link", name="下载 WEBP")
        await expect(download).to_be_focused()
        async with page.expect_download() as saving:
            await download.click()
        saved = await asyncio.to_thread(Path(await (await saving.value).path()).read_bytes)
        work = (await ask(page, "GET", "/v1/works"))["body"]["items"][0]
        made = (await ask(page, "GET", f"/v1/works/{work['id']}/exports"))["body"]
        assert (await number.text_content() or "").endswith(made["certificate"]["number"])
        assert hashlib.sha256(saved).hexdigest() in {one["sha256"] for one in made["items"]}
        await opener.click()
        await expect(page.locator(".certify")).to_have_count(0)
        await opener.click()  # now it knows
        await expect(page.get_by_role("link", name="查看证书")).to_be_visible()
        await expect(page.locator(".certify-file")).to_have_count(2)
        assert await find_barriers(page) == []
