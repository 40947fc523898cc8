"""Friends: somebody without credits asks, somebody new helps, and what was waiting goes on."""

import contextlib
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.async_api import Page, expect

from core.ids import new_id
from core.tasks import background
from models.campaign import Audience, Campaign, CampaignState
from models.user import Role, User
from referral.terms import Terms
from service.pages.assets import asset_url
from service.wiring import Services
from service.workers.keeper import keep
from service.workers.referral_chores import ReferralChores
from tests.e2e.test_pages.audit import find_barriers
from tests.e2e.test_pages.conftest import Arrive, Site
from tests.e2e.test_pages.steps import ask, expect_left, make_card, press, work, write_card
from tests.factories.unlocks import make_link

pytestmark = pytest.mark.e2e

# A browser without a window is one of the signs of a script, and a friend is none.
PHONE = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Mobile Safari/537.36"
)


@contextlib.asynccontextmanager
async def one_friend_is_enough(services: Services) -> AsyncIterator[None]:
    """A campaign whose goal is one new friend, and a keeper who counts."""
    now = services.clock()
    operator = User(id=new_id(), role=Role.OPERATOR, locale="zh")
    campaign = Campaign(
        id=new_id(),
        created_by=operator.id,
        idempotency_key="1",
        request_hash=b"",
        name="一位就够",
        state=CampaignState.RUNNING,
        starts_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=1),
        audience=Audience.EVERYONE,
        terms_a=Terms(goal=2).model_dump(),
        budget_credits=100,
        updated_by=operator.id,
        updated_at=now,
    )
    async with services.sessions.begin() as session:
        session.add(operator)
        await session.flush()
        session.add(campaign)
    async with background(keep(ReferralChores(services).all())):
        yield
    async with services.sessions.begin() as session:
        found = await session.get(Campaign, campaign.id)
        assert found is not None
        found.state = CampaignState.STOPPED


async def use_up(page: Page) -> None:
    """Make what the month allows."""
    for left in ("还剩 2 次", "还剩 1 次", "还剩 0 次"):
        await make_card(page)
        await expect_left(page, left)


async def ask_friends(page: Page) -> str:
    """Make a link under a name, with the latest work on it; its path."""
    await page.click("#ask-friends")
    await page.fill("#share-asker_name", "知夏")
    await page.check("#share-work input")
    await page.click("#share-wish button[type=submit]")
    await expect(page.locator("#share-link")).to_be_visible()
    poster = await page.locator("#share-save").get_attribute("href")
    assert poster is not None
    return poster.partition("/poster.jpg")[0]


LENGTHS = (0, 1, 55, 56, 63, 64, 65, 119, 120, 300)  # around what fits into a block with its padding
DIGESTS = """async ([url, lengths]) => {
    const { digest } = await import(url);
    const hex = (word) => word.toString(16).padStart(8, "0");
    return lengths.map((length) => [...digest(new Uint8Array(length).fill(97))].map(hex).join(""));
}"""


class TestProof:
    async def test_our_own_sha256_is_sha256(self, arrive: Arrive) -> None:
        page = (await arrive("/works")).page
        found = await page.evaluate(DIGESTS, [asset_url("js/sha256.js"), list(LENGTHS)])
        assert found == [hashlib.sha256(b"a" * length).hexdigest() for length in LENGTHS]


class TestUnlocking:
    async def test_a_new_friends_help_lands_live_and_the_work_goes_on(
        self, arrive: Arrive, site: Site
    ) -> None:
        async with one_friend_is_enough(site.services):
            owner = await arrive()
            await use_up(owner.page)
            await write_card(owner.page, "小满")
            path = await ask_friends(owner.page)
            await expect(owner.page.locator("#share-texts p").first).to_contain_text(f"{site.url}{path}")
            assert await find_barriers(owner.page) == []

            friend = await arrive(path, user_agent=PHONE)
            assert await find_barriers(friend.page) == []
            await expect(friend.page.locator(".ask-who")).to_have_text("知夏请你搭把手")
            await expect(friend.page.locator("#ask-missing")).to_contain_text("还差 1 位新朋友")
            await expect(friend.page.locator(".ask-piece img")).to_have_attribute(
                "alt", "Ta 做的《中秋快乐》"
            )
            await friend.page.click("#ask-press")
            await expect(friend.page.locator("#ask-thanks-state")).to_contain_text("还差最后一步")
            await expect(friend.page.locator("#ask-title")).to_be_focused()
            await expect(friend.page.locator("#ask-title")).to_have_text("谢谢你，这一笔收到了")
            await friend.page.reload()  # coming back is no second help
            await expect(friend.page.locator("#ask-title")).to_have_text("你已经帮过了")
            await expect(friend.page.locator("#ask-press")).to_be_hidden()
            await friend.page.click("#ask-thanks a.button")
            await make_card(friend.page)

            await expect(owner.page.locator("#landed-text")).to_have_text("朋友们帮够了，多了 1 次")
            await expect_left(owner.page, "还剩 1 次")
            await expect(owner.page.locator("#share")).to_be_hidden()
            await owner.page.click("#landed-go")
            await expect(owner.page.locator("#news")).to_have_text("致小满的贺卡做好了")
            await expect(work(owner.page)).to_be_visible()
            await owner.page.goto("/unlock-links")
            await expect(owner.page.locator(".link-row p")).to_have_text("已到账 · 2 / 2 分")
            await friend.page.goto(path)
            await expect(friend.page.locator("h1")).to_have_text("这一笔补上了")

    async def test_ones_own_link_is_for_sharing(self, arrive: Arrive) -> None:
        owner = await arrive()
        await use_up(owner.page)
        path = await ask_friends(owner.page)
        await owner.page.goto(path)
        await expect(owner.page.locator("#ask-mine")).to_be_visible()
        await expect(owner.page.locator("#ask-press")).to_be_hidden()
        await owner.page.click("#ask-mine a.button")
        await owner.page.click(".link-row button")
        await expect(owner.page.locator("#share-poster")).to_be_visible()
        assert await find_barriers(owner.page) == []

    async def test_a_name_that_is_none_is_said_at_its_field_and_the_link_then_takes_the_focus(
        self, arrive: Arrive
    ) -> None:
        owner = await arrive()
        owner.expected.add(422)
        page = owner.page
        await use_up(page)
        await page.click("#ask-friends")
        await page.fill("#share-asker_name", "加我 13800001111")
        await page.click("#share-wish button[type=submit]")
        await expect(page.locator("#share-asker_name-error")).to_contain_text("数字最多 4 个")
        await expect(page.locator("#share-asker_name")).to_be_focused()
        await expect(page.locator("#share-refusal")).to_be_empty()
        await page.fill("#share-asker_name", "知夏")
        await page.click("#share-wish button[type=submit]")
        await expect(page.locator("#share-copy")).to_be_focused()
        await page.click("#share-copy")  # what is behind the sheet is not heard: it tells by itself
        await expect(page.locator("#share [role=status]")).not_to_be_empty()

    async def test_where_friends_cannot_be_asked_now_the_refusal_says_why(
        self, arrive: Arrive, site: Site
    ) -> None:
        visitor = await arrive()
        visitor.expected.add(402)
        page = visitor.page
        await make_card(page)
        other = await visitor.another_tab()
        for _ in range(2):
            await make_card(other)
            await other.reload()
        async with site.services.sessions.begin() as session:
            user_id = UUID((await ask(other, "GET", "/v1/me"))["user"]["id"])
            for _ in range(3):  # as many as there may be in a day
                await make_link(session, user_id, at=site.services.clock(), keys=site.services.keys)
        await page.bring_to_front()
        await write_card(page, "小满")
        await press(page)
        await expect(page.locator("#ask-refused")).to_contain_text("近期可发起的助力次数已用完")
        await expect(page.locator("#ask-friends")).to_be_hidden()
