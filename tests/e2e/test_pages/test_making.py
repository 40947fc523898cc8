"""Making things: the press, the wait, the work."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.test_pages.conftest import Arrive
from tests.e2e.test_pages.steps import expect_left, press, spec_of, state, work, write_card

pytestmark = pytest.mark.e2e

RECORD_PROGRESS = """() => {
    window.seen = new Set();
    const jobs = document.getElementById("jobs");
    const look = () => jobs.querySelectorAll("progress").forEach((bar) => window.seen.add(bar.value));
    new MutationObserver(look).observe(jobs, { subtree: true, childList: true, attributeFilter: ["value"] });
}"""


class TestCard:
    async def test_a_card_is_made_shown_and_saved(self, arrive: Arrive, tmp_path: Path) -> None:
        visitor = await arrive()
        page = visitor.page
        await page.check("input[name=occasion][value=birthday]")
        await write_card(page)
        async with page.expect_request("**/v1/generations") as asked:
            await press(page)
        assert spec_of(await asked.value) == {
            "occasion": "birthday",
            "recipient": "林晚晴",
            "sender": "知夏",
            "message": None,
            "language": "zh",
            "style": "ink",
            "direction": None,
            "qr_url": None,
            "format": "png",
            "template": None,
            "photo_id": None,
        }
        picture = work(page).locator("img")
        await expect(picture).to_have_attribute("alt", "贺卡《中秋快乐》，上面写着：月色如水，愿你心安。")
        await expect(picture).to_have_js_property("naturalHeight", 120)
        await expect(work(page).locator("h2")).to_have_text("中秋快乐")
        await expect(work(page)).to_contain_text("由算法绘写，未使用 AI 模型")
        await expect(page.locator("#news")).to_have_text("致林晚晴的贺卡做好了")
        async with page.expect_download() as saving:
            await work(page).locator(".save").click()
        download = await saving.value
        assert re.fullmatch(r"huajian-[0-9a-f]{8}\.png", download.suggested_filename)
        await download.save_as(tmp_path / "card.png")
        assert (tmp_path / "card.png").read_bytes().startswith(b"\x89PNG")

    async def test_progress_is_shown_while_it_is_made(self, arrive: Arrive) -> None:
        page = (await arrive(reduced_motion="no-preference")).page
        await page.evaluate(RECORD_PROGRESS)
        await write_card(page, "steps=40 sleep=.05")
        await press(page)
        await expect(work(page)).to_be_visible()
        seen: list[float] = await page.evaluate("[...window.seen]")
        assert len(set(seen) - {0, 100}) >= 3, seen
        assert seen == sorted(seen)
        await expect(page.locator("#jobs")).not_to_contain_text("落笔中")

    async def test_whoever_waits_is_told_how_many_are_before_them(self, arrive: Arrive) -> None:
        first, second, third = [(await arrive()).page for _ in range(3)]
        await write_card(first, "steps=9 stay=1")  # cards are made one at a time
        await press(first)
        await expect(state(first)).to_have_text("落笔中")
        for page, place in ((second, "下一个就是你"), (third, "前面还有 1 件")):
            await write_card(page)
            await press(page)
            await expect(state(page)).to_have_text("排队中")
            await expect(page.locator("#jobs .detail")).to_contain_text(place)
        await first.click("#jobs .cancel")
        for page in (second, third):
            await expect(work(page)).to_be_visible()

    async def test_own_words_and_choices_are_sent(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await write_card(page)
        await expect(page.locator("#card-message")).to_be_hidden()
        await page.check("input[name=words][value=own]")
        await page.fill("#card-message", "月色如水，\n愿你心安。")
        await page.check("#form-card input[name=style][value=plum]")
        await page.click(".panel:not([hidden]) summary")
        await page.check("input[name=direction][value=vertical]")
        await page.fill("#card-qr_url", "https://example.com/a")
        await page.check("#form-card input[name=format][value=webp]")
        async with page.expect_request("**/v1/generations") as asked:
            await press(page)
        spec = spec_of(await asked.value)
        assert (spec["message"], spec["style"], spec["direction"]) == (
            "月色如水，\n愿你心安。",
            "plum",
            "vertical",
        )
        assert (spec["qr_url"], spec["format"]) == ("https://example.com/a", "webp")
        await expect(work(page)).to_be_visible()


class TestOtherKinds:
    async def test_a_lyric_is_set_with_its_rhymes_checked(self, arrive: Arrive) -> None:
        visitor = await arrive("/?kind=lyrics")
        page = visitor.page
        await page.fill("#lyrics-theme", "雨夜归家")
        await page.fill("#lyrics-words", "晚晴，小满、")
        async with page.expect_request("**/v1/generations") as asked:
            await press(page)
        spec = spec_of(await asked.value)
        assert spec["words"] == ["晚晴", "小满"]
        assert spec["sections"] == ["verse", "chorus", "verse", "chorus"]
        lyric = work(page).locator(".lyrics")
        await expect(lyric.locator("h2")).to_have_text("雨夜归家")
        await expect(lyric.locator("h3")).to_have_text(["主歌一", "副歌"])
        await expect(lyric.locator(".line-text")).to_have_count(8)
        await expect(lyric.locator(".mark").first).to_have_text("A江阳")
        await expect(lyric.locator(".mark.missed")).to_have_count(1)
        await expect(lyric.locator(".verdict")).to_have_text("有 1 句未押上（十三辙）")
        await expect(lyric.locator(".lyrics-label")).to_have_text("算法生成 · 花笺")
        await visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await work(page).locator(".copy").click()
        await expect(page.locator("#news")).to_have_text("已复制")
        assert (await page.evaluate("navigator.clipboard.readText()")).startswith("雨夜归家\n\n[主歌一]")

    async def test_an_image_is_made_in_the_size_that_was_chosen(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await page.click("#tab-image")
        await page.fill("#image-prompt", "雪后的梅枝，天刚亮")
        await page.check("input[name=size][value='1536x864']")
        await press(page)
        picture = work(page).locator("img")
        await expect(picture).to_have_js_property("naturalWidth", 1536)
        await expect(picture).to_have_attribute("alt", "图片《雪后的梅枝，天刚亮》")
        await expect(work(page).locator(".copy")).to_be_hidden()


class TestEndings:
    async def test_a_running_job_is_cancelled_and_its_credit_returned(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await write_card(page, "steps=9 stay=1")
        await press(page)
        await expect(state(page)).to_have_text("落笔中")
        await expect_left(page, "还剩 2 次")
        await page.click("#jobs .cancel")
        await expect(state(page)).to_have_text("已取消")
        await expect_left(page, "还剩 3 次")
        await expect(page.locator("#jobs .cancel")).to_be_hidden()
        await page.click("#jobs .dismiss")
        await expect(page.locator("#jobs .job")).to_have_count(0)

    async def test_a_refused_result_says_so_and_costs_nothing(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await write_card(page, "reject")
        await press(page)
        await expect(state(page)).to_have_text("成品未通过审核")
        await expect(page.locator("#jobs .refusal")).to_contain_text("次数已经退回")
        await expect(page.locator("#jobs .refusal")).to_contain_text("涉及暴力")
        await expect_left(page, "还剩 3 次")

    async def test_a_failure_of_ours_says_so_in_english_too(self, arrive: Arrive) -> None:
        page = (await arrive(locale="en-GB")).page
        await write_card(page, "invalid")
        await press(page)
        await expect(state(page)).to_have_text("This one could not be made")
        await expect_left(page, "3 left")

    async def test_a_new_work_takes_the_place_of_the_finished_one(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await write_card(page)
        await press(page)
        await expect(work(page)).to_be_visible()
        await write_card(page, "小满")
        await press(page)
        await expect(page.locator("#news")).to_have_text("致小满的贺卡做好了")
        await expect(page.locator("#jobs article.job")).to_have_count(1)


class TestFaults:
    async def test_missing_and_overlong_fields_are_named_where_they_are(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await page.fill("#card-sender", "好" * 21)
        await press(page)
        recipient, sender = page.locator("#card-recipient"), page.locator("#card-sender")
        await expect(recipient).to_be_focused()
        for field, text in ((recipient, "请填写这一项"), (sender, "最多 20 个字，现在有 21 个")):
            await expect(field).to_have_attribute("aria-invalid", "true")
            await expect(field).to_have_accessible_description(text)
        await recipient.fill("林")
        await expect(recipient).not_to_have_attribute("aria-invalid", "true")
        await expect(page.locator("#jobs .job")).to_have_count(0)

    async def test_a_family_of_emoji_is_one_character(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await write_card(page, "👨‍👩‍👧‍👦" * 14 + "好" * 6)
        await press(page)
        await expect(work(page)).to_be_visible()

    async def test_what_only_the_server_finds_is_named_at_the_field_too(self, arrive: Arrive) -> None:
        visitor = await arrive()
        visitor.expected.add(422)
        page = visitor.page
        await write_card(page, "林\u202d\u0600")
        await page.evaluate("document.querySelector('#card-recipient').value = 'a\\u0001b'")
        await press(page)
        await expect(page.locator("#card-recipient")).to_have_accessible_description("含有无法显示的字符")
        await expect(page.locator("#card-recipient")).to_be_focused()
        await expect(page.locator("#card-refusal")).to_contain_text("请求内容有误")

    async def test_words_that_are_refused_say_why_in_the_readers_language(self, arrive: Arrive) -> None:
        visitor = await arrive()
        visitor.expected.add(403)
        page = visitor.page
        await write_card(page)
        await page.check("input[name=words][value=own]")
        await page.fill("#card-message", "有事打我电话 13812345678")
        await press(page)
        refusal = page.get_by_role("alert").filter(visible=True)
        await expect(refusal).to_contain_text("内容未通过审核")
        await expect(refusal).to_contain_text("涉及个人信息")
        await expect(page.locator("#jobs .job")).to_have_count(0)

    async def test_a_link_that_is_none_is_found_inside_the_folded_options(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await write_card(page)
        await page.click(".panel:not([hidden]) summary")
        await page.fill("#card-qr_url", "example.com")
        await page.click(".panel:not([hidden]) summary")
        await press(page)
        await expect(page.locator("#card-qr_url")).to_be_focused()
        await expect(page.locator("#card-qr_url-error")).to_have_text("链接要以 https:// 开头，且不含空格")
