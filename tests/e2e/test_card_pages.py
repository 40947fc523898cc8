"""Cards as pages in a real browser, served as the service serves them: a tap opens them, nothing leaves."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest
from playwright.async_api import Browser, Page, Route, async_playwright, expect

from generators.backends.studio.card.backend import StudioCardBackend
from generators.contracts import Brief, Motion, Unwatched
from generators.specs import CardSpec, Language, Style
from provenance.containers.files import write_label
from provenance.implicit import produced
from service.http.works import PAGE_POLICY
from tests.e2e.browsers import ARGUMENTS, CHROMIUM

URL = "https://cards.test/files/1"
PHONE, DESK = (390, 844), (1280, 800)
LABELS = {Language.ZH: "算法生成", Language.EN: "Algorithm-generated"}
PATIENCE_MS = 20_000
TAKE = "document.title='taken'"
EVIL = f'</p><script>{TAKE}</script><img src=https://evil.test/x onerror="{TAKE}">'

pytestmark = pytest.mark.e2e


def spec(**changes: Any) -> CardSpec:
    usual = {
        "occasion": "mid_autumn",
        "recipient": "林晚晴",
        "sender": "知夏",
        "format": "html",
        "qr_url": "https://huajian.example/c/1",
    }
    return CardSpec.model_validate(usual | changes)


@cache
def page_of(one: str) -> bytes:
    """The labelled page of a spec, given as JSON."""
    wanted = CardSpec.model_validate_json(one)
    (result,) = StudioCardBackend().generate([Brief(wanted, 7, LABELS[wanted.language])], Unwatched())
    assert isinstance(result, Motion)
    return write_label(result.content, result.media_type, produced(None, "0199c3f2"))


@dataclass
class Reader:
    """A page that shows a card, and everything it asked the network for or complained of."""

    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    async def open(self, one: CardSpec) -> None:
        content = page_of(one.model_dump_json())

        async def answer(route: Route) -> None:
            if route.request.url == URL:
                headers = {"content-security-policy": PAGE_POLICY, "x-content-type-options": "nosniff"}
                await route.fulfill(body=content, content_type="text/html; charset=utf-8", headers=headers)
                return
            self.asked.append(route.request.url)
            await route.abort()

        await self.page.route("**/*", answer)
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        await self.page.goto(URL)
        await self.page.evaluate("document.fonts.ready")

    async def is_opened(self) -> None:
        await expect(self.page.locator("html")).to_have_class("live opened told shown", timeout=PATIENCE_MS)


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield started
        await started.close()


@pytest.fixture(params=[PHONE, DESK], ids=["phone", "desk"])
async def reader(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Reader]:
    """No test may leave a request or a complaint behind."""
    width, height = request.param
    page = await browser.new_page(viewport={"width": width, "height": height})
    reader = Reader(page)
    yield reader
    await page.close()
    assert reader.asked == []
    assert reader.complaints == []


async def assert_label_shows(page: Page) -> None:
    """Inside the window, above everything, five percent of the card's shortest side high."""
    facts = await page.evaluate(
        """() => {
            const box = (element) => {
                const { left, top, right, bottom } = element.getBoundingClientRect();
                return [left, top, right, bottom];
            };
            const label = document.querySelector(".label");
            return {
                words: [...label.querySelectorAll("text")].map((text) => text.textContent).join(""),
                plate: box(label.querySelector("rect")),
                stage: box(document.querySelector(".stage")),
                z: Math.max(...[...document.querySelectorAll(".stage > *")].filter((e) => e !== label)
                    .map((e) => Number(getComputedStyle(e).zIndex) || 0)),
                own: Number(getComputedStyle(label).zIndex),
                visible: label.checkVisibility({ opacityProperty: true, visibilityProperty: true }),
            };
        }"""
    )
    left, top, right, bottom = facts["plate"]
    width, height = page.viewport_size["width"], page.viewport_size["height"]  # type: ignore[index]
    assert facts["visible"]
    assert facts["words"] in LABELS.values()
    assert facts["own"] > facts["z"]
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    stage = facts["stage"]
    assert bottom - top >= 0.05 * min(stage[2] - stage[0], stage[3] - stage[1])


class TestOpening:
    @pytest.mark.parametrize("reader", [PHONE], ids=["phone"], indirect=True)
    @pytest.mark.parametrize(
        ("style", "language"),
        [
            (Style.INK, Language.ZH),
            (Style.PLUM, Language.EN),
            (Style.LANTERN, Language.ZH),
            (Style.SILK, Language.EN),
        ],
    )
    async def test_a_tap_opens_it_and_every_word_shows(
        self, reader: Reader, style: Style, language: Language
    ) -> None:
        await reader.open(spec(style=style, language=language))
        await assert_label_shows(reader.page)
        await expect(reader.page.locator(".words .w").first).to_have_css("opacity", "0")
        await reader.page.locator(".cover").click()
        await reader.is_opened()
        await expect(reader.page.locator(".cover")).to_be_hidden(timeout=PATIENCE_MS)
        for line in await reader.page.locator(".words .w").all():
            await expect(line).to_have_css("opacity", "1", timeout=PATIENCE_MS)
        await expect(reader.page.locator(".seal")).to_have_css("opacity", "1", timeout=PATIENCE_MS)
        await assert_label_shows(reader.page)

    async def test_the_keyboard_opens_it_and_the_words_are_read_next(self, reader: Reader) -> None:
        await reader.open(spec())
        await reader.page.keyboard.press("Tab")
        await expect(reader.page.locator(".cover")).to_be_focused()
        await reader.page.keyboard.press("Enter")
        await reader.is_opened()
        await expect(reader.page.locator(".said")).to_be_focused()
        await reader.page.keyboard.press("Tab")
        await expect(reader.page.locator(".code")).to_be_focused()

    @pytest.mark.parametrize("reader", [PHONE], ids=["phone"], indirect=True)
    async def test_something_moves_once_it_is_open(self, reader: Reader) -> None:
        await reader.open(spec(style="plum"))
        await reader.page.locator(".cover").click()
        await reader.is_opened()
        assert await reader.page.evaluate(
            """() => new Promise((done) => {
                const air = document.querySelector(".air"), before = air.toDataURL();
                const look = () => air.toDataURL() === before ? requestAnimationFrame(look) : done(true);
                look();
            })"""
        )

    @pytest.mark.parametrize("reader", [PHONE], ids=["phone"], indirect=True)
    async def test_words_stand_in_the_page_s_own_fonts(self, reader: Reader) -> None:
        await reader.open(spec(message="「早点回家」，路上小心——ok 12！"))
        families = await reader.page.evaluate("[...document.fonts].map((font) => font.family + font.status)")
        assert families
        used = await reader.page.evaluate(
            "[...document.querySelectorAll('.words text')].map((t) => t.getAttribute('font-family'))"
        )
        loaded = {family.removesuffix("loaded") for family in families if family.endswith("loaded")}
        assert {name for family in used for name in family.split(",")} <= loaded


class TestReducedMotion:
    async def test_it_opens_at_once_and_nothing_moves(self, reader: Reader) -> None:
        await reader.page.emulate_media(reduced_motion="reduce")
        await reader.open(spec(style="lantern"))
        await assert_label_shows(reader.page)
        await reader.page.locator(".cover").click()
        await reader.is_opened()
        await expect(reader.page.locator(".cover")).to_be_hidden()
        await expect(reader.page.locator(".air")).to_be_hidden()
        for line in await reader.page.locator(".words .w").all():
            await expect(line).to_have_css("opacity", "1")
        assert await reader.page.evaluate("document.getAnimations().length") == 0


@pytest.mark.parametrize("reader", [PHONE], ids=["phone"], indirect=True)
class TestStory:
    async def test_scenes_follow_a_tap_and_the_card_comes_last(self, reader: Reader) -> None:
        await reader.page.emulate_media(reduced_motion="reduce")  # nothing goes on by itself
        await reader.open(spec(scenes=("那年春天", "后来", "今晚 🌕")))
        await reader.page.locator(".cover").click()
        scenes = reader.page.locator(".scene")
        for number in range(3):
            await expect(scenes.nth(number)).to_have_class("scene now", timeout=PATIENCE_MS)
            await assert_label_shows(reader.page)
            await reader.page.locator(".next").press("Enter")
        await reader.is_opened()
        await expect(reader.page.locator(".story")).to_be_hidden()

    async def test_they_go_on_by_themselves(self, reader: Reader) -> None:
        await reader.open(spec(scenes=("那年春天", "后来", "今晚")))
        await reader.page.locator(".cover").click()
        await expect(reader.page.locator(".scene").nth(1)).to_have_class("scene now", timeout=PATIENCE_MS)


@pytest.mark.parametrize("reader", [PHONE], ids=["phone"], indirect=True)
class TestMusic:
    async def test_it_is_silent_until_tapped(self, reader: Reader) -> None:
        await reader.page.add_init_script(
            "window.made = 0; window.AudioContext = class extends AudioContext"
            " { constructor() { super(); window.made += 1; } };"
        )
        await reader.open(spec(music=True))
        await reader.page.locator(".cover").click()
        await reader.is_opened()
        assert await reader.page.evaluate("window.made") == 0
        button = reader.page.locator(".music")
        await button.click()
        await expect(button).to_have_attribute("aria-pressed", "true")
        assert await reader.page.evaluate("window.made") == 1
        await button.click()
        await expect(button).to_have_attribute("aria-pressed", "false")


class TestHostileWords:
    async def test_they_are_words_only_and_the_page_is_nobody_s_origin(self, reader: Reader) -> None:
        await reader.open(spec(message=EVIL, scenes=(EVIL, "b", "c"), sender="</svg><script>"))
        await reader.page.locator(".cover").click()
        await expect(reader.page.locator(".scene").first).to_have_class("scene now", timeout=PATIENCE_MS)
        assert await reader.page.title() != "taken"
        assert await reader.page.evaluate("self.origin") == "null"
        assert await reader.page.locator("script").count() == 2
        assert await reader.page.locator("img").count() == 0

    @pytest.mark.parametrize(
        ("recipient", "sender"),
        [("🎉🎂🥳", "👩‍👩‍👧‍👦"), ("عبد الرحمن", "שלום"), ("春" * 20, "Wolfgang Amadeus Moz")],
    )
    async def test_odd_names_stay_on_the_card(self, reader: Reader, recipient: str, sender: str) -> None:
        await reader.open(spec(recipient=recipient, sender=sender, message="愿你平安喜乐，" * 28))
        outside = await reader.page.evaluate(
            """() => {
                const stage = document.querySelector(".stage").getBoundingClientRect();
                return [...document.querySelectorAll(".words text, .label text, .to, .tap")].filter((one) => {
                    const box = one.getBoundingClientRect();
                    return box.left < stage.left - 1 || box.right > stage.right + 1
                        || box.top < stage.top - 1 || box.bottom > stage.bottom + 1;
                }).map((one) => one.textContent);
            }"""
        )
        assert outside == []
