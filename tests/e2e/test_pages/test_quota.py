"""What is left, counted down to nothing, and what is offered then."""

import pytest
from playwright.async_api import expect

from tests.e2e.test_pages.conftest import Arrive, Site
from tests.e2e.test_pages.steps import expect_left, make_card, press, work, write_card

pytestmark = pytest.mark.e2e

LOOK_AGAIN = "document.dispatchEvent(new Event('visibilitychange'))"


class TestCountdown:
    async def test_three_two_one_and_then_when_more_will_come(self, arrive: Arrive) -> None:
        visitor = await arrive()
        page = visitor.page
        await expect_left(page, "每月免费 3 次")
        for left in ("还剩 2 次", "还剩 1 次", "还剩 0 次"):
            await expect(page.locator("#purse")).to_be_hidden()
            await make_card(page)
            await expect_left(page, left)
        purse = page.locator("#purse")
        await expect(purse).to_be_visible()
        await expect(purse.locator("h2")).to_have_text("这个月的次数用完了")
        await expect(page.locator("#purse-balance")).to_have_text("0 次")
        await expect(page.locator("#purse-reset")).to_have_text(
            await page.evaluate(
                """() => {
                    const now = new Date();
                    const next = new Date(now.getFullYear(), now.getMonth() + 1, 1);
                    const style = { month: "long", day: "numeric" };
                    return `${new Intl.DateTimeFormat("zh-CN", style).format(next)}恢复 3 次，到时回来即可。`;
                }"""
            )
        )
        await expect(page.locator(".panel:not([hidden]) button[type=submit]")).to_be_hidden()
        assert await page.locator(".blossom.spent").count() == 3
        offers = purse.locator("a, button")  # nobody sells here, so there is nothing but to ask friends
        await expect(offers).to_have_text(["请朋友帮一把"])

    async def test_a_newcomer_has_no_account_until_they_make_something(self, arrive: Arrive) -> None:
        visitor = await arrive()
        page = visitor.page
        await expect_left(page, "每月免费 3 次")
        assert await visitor.context.cookies(f"{page.url}session") == []
        await make_card(page)
        names = [cookie["name"] for cookie in await visitor.context.cookies(f"{page.url}session")]
        assert names == ["huajian_session"]
        assert await page.evaluate("document.cookie") == ""
        kept = await page.evaluate("Object.keys(localStorage).sort()")
        assert kept == ["huajian.device", "huajian.session"]
        assert len(await page.evaluate("localStorage.getItem('huajian.device')")) >= 32  # 128 bits in hex

    async def test_credits_spent_in_another_tab_are_refused_here_with_the_same_offer(
        self, arrive: Arrive
    ) -> None:
        visitor = await arrive()
        visitor.expected.add(402)
        page = visitor.page
        await make_card(page)
        other = await visitor.another_tab()
        for _ in range(2):
            await make_card(other)
            await other.reload()
        await page.bring_to_front()
        await write_card(page, "小满")
        await press(page)
        await expect(page.locator("#purse")).to_be_visible()
        await expect_left(page, "还剩 0 次")

    async def test_next_month_everything_is_back(self, arrive: Arrive, site: Site) -> None:
        visitor = await arrive(locale="en-GB")
        visitor.expected |= {401, 403}  # tokens and links expire in the meantime
        page = visitor.page
        for left in ("2 left", "1 left", "0 left"):
            await make_card(page)
            await expect_left(page, left)
        with site.clock.later(days=32):
            await page.evaluate(LOOK_AGAIN)
            await expect_left(page, "3 left")
            await expect(page.locator("#purse")).to_be_hidden()
            await write_card(page, "Ada")
            await press(page)
            await expect(page.locator("#news")).to_have_text("Card for Ada is ready")
            await expect(work(page)).to_be_visible()
