"""Colleagues at the console: a door that opens for the right people, figures, a queue and switches."""

from uuid import UUID

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import update

from core.ids import new_id
from models.referral import HelpState
from models.user import Channel, Contact, Password, Role, User
from service.identity.addresses import canonical
from service.identity.passwords import hash_password
from service.wiring import Services
from tests.e2e.test_pages.audit import find_barriers
from tests.e2e.test_pages.conftest import Arrive, Site
from tests.factories.credits import make_user
from tests.factories.unlocks import make_help, make_link

pytestmark = pytest.mark.e2e

EMAIL, SECRET = "operator@example.com", "correct horse battery"


async def employ(services: Services, role: Role = Role.OPERATOR) -> UUID:
    """A colleague with a password."""
    async with services.sessions.begin() as session:
        user_id = await make_user(session)
        await session.execute(update(User).where(User.id == user_id).values(role=role))
        contact = Contact(
            id=new_id(),
            user_id=user_id,
            channel=Channel.EMAIL,
            address=EMAIL,
            canonical_address=canonical(EMAIL),
            verified_at=services.clock(),
        )
        session.add(contact)
        session.add(Password(user_id=user_id, password_hash=await hash_password(SECRET)))
    return user_id


async def sign_in(page: Page) -> None:
    await page.fill("#sign-in-email", EMAIL)
    await page.fill("#sign-in-password", SECRET)
    await page.click("#sign-in button[type=submit]")
    await expect(page.locator("#desk")).to_be_visible()


class TestDoor:
    async def test_it_opens_for_colleagues_alone_and_closes_with_the_page(
        self, arrive: Arrive, site: Site
    ) -> None:
        user_id = await employ(site.services)
        visitor = await arrive("/console")
        visitor.expected |= {401, 403}
        page = visitor.page
        await expect(page.locator("#sign-in")).to_be_visible()
        await expect(page.locator("#desk")).to_be_hidden()
        assert await find_barriers(page) == []
        await page.fill("#sign-in-email", EMAIL)
        await page.fill("#sign-in-password", "something else")
        await page.click("#sign-in button[type=submit]")
        await expect(page.locator("#sign-in-refusal .refusal-title")).to_be_visible()
        await sign_in(page)
        assert (
            await page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0
        )
        await page.reload()
        await expect(page.locator("#sign-in")).to_be_visible()
        async with site.services.sessions.begin() as session:
            await session.execute(update(User).where(User.id == user_id).values(role=Role.USER))
        await page.fill("#sign-in-email", EMAIL)
        await page.fill("#sign-in-password", SECRET)
        await page.click("#sign-in button[type=submit]")
        await expect(page.locator("#sign-in-refusal")).to_contain_text("请用同事账号登录")
        async with site.services.sessions.begin() as session:
            await session.execute(update(User).where(User.id == user_id).values(role=Role.OPERATOR))


class TestDesk:
    async def test_figures_a_decision_a_campaign_and_a_switch(self, arrive: Arrive, site: Site) -> None:
        async with site.services.sessions.begin() as session:
            link = await make_link(session, await make_user(session), at=site.services.clock(), views=7)
            held = await make_help(session, link, state=HelpState.HELD, reason="risk")
        visitor = await arrive("/console")
        page = visitor.page
        await sign_in(page)
        steps = page.locator("#figures-funnel .funnel-number")
        await expect(steps).to_have_count(7)
        assert int(await steps.nth(1).inner_text()) >= 7
        plots = page.locator("#figures-plots svg[role=img]")
        await expect(plots).to_have_count(3)
        drawn, stands = await plots.first.evaluate("(e) => [e.viewBox.baseVal.width, e.clientWidth]")
        assert abs(drawn - stands) <= 1  # to measure: its numbers are as large as they are meant
        assert await find_barriers(page) == []
        await page.click("#panel-figures summary")
        await expect(page.locator("#figures-table tbody tr")).to_have_count(30)
        async with page.expect_download() as download:
            await page.click("#figures-csv")
        assert (await download.value).suggested_filename.startswith("referral-")

        await page.click("#tab-reviews")
        review = page.locator(".review", has=page.locator(f"#note-{held.id}"))
        await review.locator("input").fill("一家人")
        await review.get_by_role("button", name="放行").click()
        await expect(page.locator(".review-done")).to_have_text("已处理：等对方出作品")
        assert await find_barriers(page) == []

        await page.click("#tab-campaigns")
        await page.click("#campaign-new")
        visitor.expected.add(422)
        await page.fill("#campaign-budget_credits", "-4")
        await page.click("#campaign-form button[type=submit]")
        await expect(page.locator("#campaign-budget_credits-error")).to_have_text("至少是 0")
        await expect(page.locator("#campaign-starts_at-error")).to_have_text("请填写这一项")
        await expect(page.locator("#campaign-refusal")).to_be_empty()  # all of it is said at the fields
        await page.fill("#campaign-name", "元宵")
        await page.fill("#campaign-starts_at", "2027-02-01T00:00")
        await page.fill("#campaign-ends_at", "2027-03-01T00:00")
        await page.fill("#campaign-budget_credits", "100")
        await page.fill("#campaign-share_b_percent", "50")
        await page.fill("#campaign-b-goal", "4")
        await page.click("#campaign-form button[type=submit]")
        campaign = page.locator(".campaign", has_text="元宵")
        await expect(campaign).to_contain_text("B (50%)：4 分得 1 次")
        await campaign.get_by_role("button", name="开始").click()
        await expect(campaign.locator(".campaign-state")).to_have_text("进行中")
        await campaign.get_by_role("button", name="停止").click()
        await expect(campaign.locator(".campaign-state")).to_have_text("已停止")
        qq = page.locator(".channel", has=page.get_by_role("heading", name="QQ"))
        await expect(qq).to_contain_text("默认关闭")
        weibo = page.locator(".channel", has=page.get_by_role("heading", name="微博"))
        await weibo.get_by_role("button").click()
        await weibo.locator("input").first.fill("暂停")
        await weibo.locator("input").last.fill("Paused")
        await weibo.locator("form button").click()
        await expect(weibo.locator(".channel-state")).to_have_text("关")
        await expect(weibo).to_contain_text("暂停")
        assert await find_barriers(page) == []
        await weibo.get_by_role("button").click()
        await expect(weibo.locator(".channel-state")).to_have_text("开")
