"""Everybody can use the pages: by keyboard, by ear, in the dark, on a narrow phone."""

from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.e2e.test_pages.audit import find_barriers
from tests.e2e.test_pages.conftest import Arrive
from tests.e2e.test_pages.producer import Gate
from tests.e2e.test_pages.steps import make_card, press, state, work, write_card

pytestmark = pytest.mark.e2e

NARROW = {"width": 360, "height": 740}
WIDE = {"width": 1280, "height": 900}
LOOKS: list[dict[str, Any]] = [
    {"color_scheme": "light", "locale": "zh-CN", "viewport": NARROW},
    {"color_scheme": "dark", "locale": "en-GB", "viewport": NARROW},
    {"color_scheme": "dark", "locale": "zh-CN", "viewport": WIDE},
]
FOCUS_IS_VISIBLE = """() => {
    const at = document.activeElement;
    const marked = at.matches("input[type=radio]") ? at.parentElement.querySelector("span, img") : at;
    const style = getComputedStyle(marked);
    const isOutlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
    return isOutlined || style.boxShadow !== "none";
}"""
IS_UNCOVERED = """() => {
    const at = document.activeElement;
    const box = (at.matches("input[type=radio]") ? at.closest("label") : at).getBoundingClientRect();
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return top !== null && (at.contains(top) || top.contains(at) || top.closest("label")?.contains(at));
}"""


async def tab_to(page: Page, selector: str, *, key: str = "Tab", steps: int = 40) -> None:
    """Press Tab until that is focused; every stop on the way must be visible and uncovered."""
    for _ in range(steps):
        await page.keyboard.press(key)
        assert await page.evaluate(FOCUS_IS_VISIBLE), await page.evaluate("document.activeElement.outerHTML")
        assert await page.evaluate(IS_UNCOVERED), await page.evaluate("document.activeElement.outerHTML")
        if await page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is out of reach")


class TestKeyboard:
    async def test_a_card_is_made_without_a_pointer(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await page.keyboard.press("Tab")
        await expect(page.locator(".skip")).to_be_focused()
        await page.keyboard.press("Enter")
        await tab_to(page, "#tab-card")
        await page.keyboard.press("ArrowRight")
        await expect(page.locator("#tab-lyrics")).to_be_focused()
        await expect(page.locator("#panel-lyrics")).to_be_visible()
        await page.keyboard.press("Home")
        await tab_to(page, "input[name=occasion]")
        await page.keyboard.press("ArrowRight")
        await expect(page.locator("input[name=occasion][value=birthday]")).to_be_checked()
        await tab_to(page, "#card-recipient")
        await page.keyboard.type("晴 steps=10 sleep=.05")
        await tab_to(page, "#card-sender")
        await page.keyboard.type("知夏")
        await tab_to(page, "#form-card input[name=style]")
        await page.keyboard.press("ArrowRight")
        await tab_to(page, "#form-card button[type=submit]")
        await page.keyboard.press("Enter")
        await expect(page.locator("#stage")).to_be_focused()
        await tab_to(page, "#jobs .cancel, #jobs .save")
        await expect(work(page)).to_be_visible()
        await expect(work(page).locator(".save")).to_be_focused()  # what the focus was on has gone

    async def test_only_one_slip_is_a_tab_stop(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await page.focus("#tab-card")
        await page.keyboard.press("ArrowLeft")
        await expect(page.locator("#tab-image")).to_be_focused()
        assert await page.locator("[role=tab]").evaluate_all("tabs => tabs.map(t => t.tabIndex)") == [
            -1,
            -1,
            0,
        ]
        await tab_to(page, "#image-prompt", steps=1)


class TestVoice:
    async def test_a_screen_reader_hears_how_it_goes(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await page.evaluate(
            """() => {
                window.heard = [];
                const news = document.getElementById("news");
                const listen = new MutationObserver(() => window.heard.push(news.textContent));
                listen.observe(news, { childList: true });
            }"""
        )
        await write_card(page, "晴 steps=20 sleep=.05")
        await press(page)
        await expect(work(page)).to_be_visible()
        heard: list[str] = await page.evaluate("window.heard")
        assert heard[0].endswith("落笔中") and heard[-1].endswith("做好了")
        assert 3 <= len(heard) <= 6, heard  # not every step
        assert await page.get_attribute("#news", "aria-live") == "polite"

    async def test_a_job_has_a_named_progress_bar(self, arrive: Arrive, gate: Gate) -> None:
        page = (await arrive()).page
        await write_card(page, gate.script)
        await press(page)
        await expect(state(page)).to_have_text("落笔中")
        await expect(page.get_by_role("progressbar", name="制作进度")).to_be_visible()
        assert await find_barriers(page) == []
        gate.open()
        await expect(work(page)).to_be_visible()


class TestBarriers:
    @pytest.mark.parametrize("look", LOOKS, ids=["light", "dark", "wide"])
    async def test_no_state_of_the_studio_has_any(self, arrive: Arrive, look: dict[str, Any]) -> None:
        page = (await arrive("/", **look)).page
        await page.check("input[name=words][value=own]")
        for summary in await page.locator("#panel-card summary").all():
            await summary.click()
        await press(page)  # shows its faults
        assert await find_barriers(page) == []
        await page.check("input[name=words][value=written]")
        for kind in ("image", "lyrics"):
            await page.click(f"#tab-{kind}")
            assert await find_barriers(page) == []
        await page.fill("#lyrics-theme", "雨夜归家")
        await press(page)
        await expect(work(page)).to_be_visible()
        assert await find_barriers(page) == []
        await page.click("#tab-card")
        for _ in range(2):
            await make_card(page)
            await page.reload()
        await expect(page.locator("#purse")).to_be_visible()
        assert await find_barriers(page) == []
        await page.goto("/works")
        await expect(page.locator("#grid > li")).to_have_count(3)
        assert await find_barriers(page) == []
        await page.click("#grid button")
        await expect(page.get_by_role("dialog")).to_be_visible()
        assert await find_barriers(page) == []

    async def test_a_problems_page_has_none(self, arrive: Arrive) -> None:
        page = (await arrive("/problems/prompt-rejected", color_scheme="dark")).page
        assert await find_barriers(page) == []

    async def test_text_on_rising_ink_stays_legible(self, arrive: Arrive) -> None:
        """The audit sees backgrounds, not the wash that rises over them."""
        for scheme in ("light", "dark"):
            page = (await arrive(color_scheme=scheme)).page
            await page.evaluate(
                """() => {
                    const probe = document.querySelector(".lede");
                    probe.style.background = "var(--wash)";
                    probe.style.color = "var(--ink)";
                }"""
            )
            assert await find_barriers(page) == []

    async def test_whoever_wants_less_motion_gets_none(self, arrive: Arrive, gate: Gate) -> None:
        page = (await arrive()).page
        await write_card(page, gate.script)
        await press(page)
        await expect(state(page)).to_have_text("落笔中")
        assert await page.locator(".wash").evaluate("w => getComputedStyle(w).transitionDuration") == "0s"
        gate.open()
        await expect(work(page)).to_be_visible()
        assert await work(page).evaluate("w => w.getAnimations({ subtree: true }).length") == 0
