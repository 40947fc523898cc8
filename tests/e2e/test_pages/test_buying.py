"""Prices, a purchase with pretended money, and what the order's page says by itself."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest
from playwright.async_api import Browser, Page, expect
from pydantic import SecretStr

from billing import holds
from core.ids import new_id
from core.settings import AuthSettings, LimitSettings, Settings
from core.tasks import background
from service.engines.endpoints import Endpoints
from service.flows.act_at_rehearsal import deliver
from service.main.rehearsing import open_rehearsal
from service.wiring import Services, open_services
from service.workers.keeper import keep
from service.workers.payment_chores import PaymentChores
from tests.e2e.test_pages.audit import find_barriers
from tests.e2e.test_pages.conftest import Arrive, _database, _serving
from tests.e2e.test_pages.steps import ask
from tests.e2e.test_pages.visitors import Profiles, Visitor

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="session")
async def shop(
    engines: Endpoints, template: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[str, Services]]:
    """A service that rehearses payments, with a keeper that acts on events."""
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("shop"),
        auth=AuthSettings(secret=SecretStr("test-secret-test-secret-test-secret")),
        limits=LimitSettings(per_user_minute=100_000, per_address_minute=100_000),
        test_payments=True,
    )
    async with contextlib.AsyncExitStack() as stack:
        enter = stack.enter_async_context
        endpoints = Endpoints(await enter(_database(engines, template)), engines.redis_url)
        payments, rehearsal = await enter(open_rehearsal(settings))
        assert payments is not None and rehearsal is not None and rehearsal.clock is not None
        services = await enter(
            open_services(settings, endpoints, clock=rehearsal.clock, payments=payments, rehearsal=rehearsal)
        )
        chores = [chore for chore in PaymentChores(services, payments).all() if chore.name == "inbox"]
        for work in (services.hub.run(), services.admissions.run(), keep(chores)):
            await enter(background(work))
        yield await enter(_serving(services)), services


@pytest.fixture(scope="session")
async def customers(shop: tuple[str, Services], browser: Browser) -> Profiles:
    return Profiles(browser, shop[0])


@pytest.fixture
async def walk_in(customers: Profiles) -> AsyncIterator[Arrive]:
    visitors: list[Visitor] = []

    async def walking_in(path: str, **options: Any) -> Visitor:
        visitor = await customers.take(**options)
        visitors.append(visitor)
        await visitor.page.goto(path)
        return visitor

    yield walking_in
    complaints = [await customers.give_back(visitor) for visitor in visitors]
    assert not any(complaints), complaints


class TestBuying:
    async def test_a_pack_is_bought_and_its_page_says_so_by_itself(self, walk_in: Arrive) -> None:
        page = (await walk_in("/plans")).page
        await expect(page.locator(".pack")).to_have_count(3)
        await page.locator(".buy").first.press("Enter")
        await page.wait_for_url("**/test-payment/**")
        payment_url = page.url
        await page.locator("button[value=promise]").click()
        await page.wait_for_url("**/orders/**")
        await expect(page.locator("#order-state")).to_have_text("款项在途")
        await expect(page.locator("#order-pay")).to_be_hidden()  # nobody is to pay twice
        await expect(page.locator("#order-test")).to_be_visible()
        order_url = page.url
        bank = await page.context.new_page()
        await bank.goto(payment_url)
        await bank.locator("button[value=keep_promise]").click()
        await expect(page.locator("#order-state")).to_have_text("付款成功，次数已到账")
        await expect(page.locator("#order-advice")).to_have_text("已添加 10 次，现在就可以用。")
        await expect(page.locator("#quota")).to_contain_text("还剩 13 次")
        await page.goto("/plans")
        await expect(page.locator("#order-list a")).to_have_text("小加速包，¥12.00，已付款")
        await page.locator("#order-list a").click()
        await page.wait_for_url(order_url)

    async def test_giving_up_leads_back_to_the_prices(self, walk_in: Arrive) -> None:
        page = (await walk_in("/plans?currency=EUR", locale="en-GB")).page
        await page.locator(".buy").last.click()
        await page.wait_for_url("**/test-payment/**")
        await expect(page.locator(".order-facts")).to_contain_text("€12.99")
        await page.locator("button[value=expire]").click()
        await page.wait_for_url("**/plans")
        await expect(page.locator("#order-list a")).to_contain_text("Large pack, €12.99")

    async def test_a_strangers_order_says_nothing(self, walk_in: Arrive) -> None:
        buyer = (await walk_in("/plans")).page
        await buyer.locator(".buy").first.click()
        await buyer.wait_for_url("**/test-payment/**")
        await buyer.locator("button[value=pay]").click()
        await buyer.wait_for_url("**/orders/**")
        stranger = await walk_in("/works", viewport={"width": 400, "height": 844})
        stranger.expected.add(404)
        await stranger.page.goto(buyer.url)
        await expect(stranger.page.locator("#order-refusal")).to_contain_text("没有这个订单")
        await expect(stranger.page.locator("#order-facts")).to_be_hidden()

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    @pytest.mark.parametrize("width_px", [320, 1200])
    async def test_nothing_stands_in_anybodys_way(self, walk_in: Arrive, scheme: str, width_px: int) -> None:
        viewport = {"width": width_px, "height": 800}
        locale = "en-GB" if width_px == 320 else "zh-CN"  # the longer words on the narrower screen
        page = (await walk_in("/plans", color_scheme=scheme, viewport=viewport, locale=locale)).page
        assert await find_barriers(page) == []
        await page.locator(".buy").first.click()
        await page.wait_for_url("**/test-payment/**")
        assert await find_barriers(page) == []
        await page.locator("button[value=pay]").click()
        await expect(page.locator("#order-make")).to_be_visible()
        assert await find_barriers(page) == []


class TestMembership:
    async def test_a_member_knows_what_comes_and_ends_it_with_one_tap(self, walk_in: Arrive) -> None:
        page = (await walk_in("/plans")).page
        gold = page.locator(".tier[data-tier=gold]")
        await expect(gold.locator(".two-prices dd")).to_have_text(["¥9.00", "¥25.00"])
        await gold.locator(".subscribe").click()
        assert not await page.locator("#deal-consent").is_checked()
        await page.click("#deal-pay")
        await expect(page.locator("#deal-error")).to_have_text("请先勾选这一项")
        assert await find_barriers(page) == []
        await page.check("#deal-consent")
        await expect(page.locator("#deal-pay")).to_have_text("订阅并付款 ¥9.00")
        await page.click("#deal-pay")
        await page.wait_for_url("**/test-payment/**")
        await page.locator("button[value=subscribe]").click()
        await expect(page.locator("#order-state")).to_have_text("付款成功，会员已开通")
        await expect(page.locator("#quota")).to_contain_text("30")
        await page.locator("#order-membership").click()
        await expect(page.locator("#member-title")).to_have_text("金卡会员")
        await expect(page.locator("#member-next")).to_contain_text("¥25.00")
        assert await find_barriers(page) == []
        await page.click("#member-cancel")
        await expect(page.locator("#member-note")).to_contain_text("不会再扣款")
        await page.click("#member-resume")
        await expect(page.locator("#member-next")).to_contain_text("¥25.00")

    async def test_a_card_that_fails_is_told_and_can_be_mended(self, walk_in: Arrive) -> None:
        member = await walk_in("/plans", locale="en-GB", viewport={"width": 1200, "height": 800})
        member.expected.add(401)  # of a token that was asked for before a month had passed
        page = member.page
        await page.locator(".tier[data-tier=silver] .subscribe").click()
        await page.check("#deal-consent")
        await page.click("#deal-pay")
        await page.wait_for_url("**/test-payment/**")
        await page.locator("button[value=subscribe]").click()
        await expect(page.locator("#order-state")).to_have_text("Paid. Your membership has begun")
        await page.goto("/membership")
        await page.click("#member-portal")
        await page.wait_for_url("**/test-portal/**")
        portal = page.url
        await page.locator("button[value=break_card]").click()
        await expect(page.locator("button[value=mend_card]")).to_be_visible()  # the page that followed
        await page.locator("button[value=wait_for_renewal]").click()
        await expect(page.locator("button[value=give_up]")).to_be_visible()
        await page.goto("/membership")
        await expect(page.locator("#member-trouble-title")).to_have_text("The renewal was not paid")
        assert await find_barriers(page) == []
        await page.goto(portal)
        await page.locator("button[value=mend_card]").click()
        await expect(page.locator("button[value=break_card]")).to_be_visible()
        await page.goto("/membership")
        await expect(page.locator("#member-trouble")).to_be_hidden()
        await expect(page.locator("#payment-list li")).to_have_count(2)


async def join(page: Page, tier: str = "silver") -> UUID:
    """Become a member on the pages; the person's id."""
    await page.locator(f".tier[data-tier={tier}] .subscribe").click()
    await page.check("#deal-consent")
    await page.click("#deal-pay")
    await page.wait_for_url("**/test-payment/**")
    await page.locator("button[value=subscribe]").click()
    await page.locator("#order-membership").click()
    await expect(page.locator("#withdraw")).to_be_visible()
    return UUID((await ask(page, "GET", "/v1/me"))["user"]["id"])


async def spend(services: Services, user_id: UUID, amount_credits: int) -> None:
    async with services.sessions.begin() as session:
        hold_id, now = new_id(), services.clock()
        await holds.hold(
            session,
            user_id=user_id,
            hold_id=hold_id,
            amount_credits=amount_credits,
            purpose="test",
            now=now,
            catalog=services.catalog,
        )
        await holds.settle(session, hold_id, now=now)


class TestWithdrawing:
    async def test_it_says_what_goes_back_and_why_before_and_keeps_to_it(
        self, walk_in: Arrive, shop: tuple[str, Services]
    ) -> None:
        visitor = await walk_in("/plans")
        visitor.expected.add(409)
        page = visitor.page
        user_id = await join(page)
        await spend(shop[1], user_id, 4)
        await page.click(".withdraw-open")
        await expect(page.locator("#withdrawal-refund")).to_have_text("¥3.00")
        await expect(page.locator("#withdrawal-kept")).to_have_text("¥2.00")
        await expect(page.locator("#withdrawal-why")).to_contain_text("已用 4 次，共 10 次")
        assert await find_barriers(page) == []
        await spend(shop[1], user_id, 1)
        await page.click("#withdrawal-yes")
        await expect(page.locator("#withdrawal-refusal")).to_contain_text("可退的金额变了")
        await expect(page.locator("#withdrawal-refund")).to_have_text("¥2.50")
        await page.click("#withdrawal-yes")
        await expect(page.locator("#member-title")).to_have_text("银卡会员已结束")
        await expect(page.locator("#member-title")).to_be_focused()
        await expect(page.locator("#member-lede")).to_contain_text("撤回并结束，不会再扣款。退款正在退回")
        services = shop[1]
        assert services.payments is not None and services.rehearsal is not None
        await deliver(services.sessions, services.payments, services.rehearsal, now=services.clock())
        await expect(page.locator("#payment-list")).to_contain_text("已退款 ¥2.50 · 已用部分 ¥2.50 不退")
        await page.locator("#payment-list a").click()
        await expect(page.locator("#order-state")).to_have_text("购买已撤回")
        await expect(page.locator("#order-advice")).to_contain_text("¥2.50 不退")
        assert await find_barriers(page) == []
