"""A photo of one's own in a card: sent, shown, kept, removed, refused."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, expect

from service.flows import keep_photo
from tests.e2e.test_pages.audit import find_barriers
from tests.e2e.test_pages.conftest import Arrive
from tests.e2e.test_pages.photos import choose_file, choose_photo, refusal, remove_button, shown
from tests.e2e.test_pages.steps import ask, press, spec_of, work, write_card
from tests.factories.photos import encoded, picture

pytestmark = pytest.mark.e2e

HEAVY = encoded(picture(2000, 1500).effect_spread(80), quality=95)  # slow to send
FAST_LINE = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 4_000_000}
SLOW_LINE = FAST_LINE | {"uploadThroughput": 40_000}
PART_OF_IT = re.compile(r"^[1-9]\d?%$")


async def photo_ids(page: Page) -> list[str]:
    answer = await ask(page, "GET", "/v1/photos")
    return [photo["id"] for photo in answer["body"]["items"]]


class TestSending:
    async def test_a_photo_is_sent_shown_and_asked_for(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await write_card(page)
        await choose_photo(page, encoded(picture(900, 1200)))
        await expect(remove_button(page)).to_be_visible()
        await expect(shown(page)).to_have_js_property("naturalHeight", 1200)
        assert (await shown(page).get_attribute("src") or "").startswith("/photos/")
        await expect(page.locator("#news")).to_have_text("照片已放好")
        assert await find_barriers(page) == []
        async with page.expect_request("**/v1/generations") as asked:
            await press(page)
        assert [spec_of(await asked.value)["photo_id"]] == await photo_ids(page)
        await expect(work(page)).to_be_visible()

    async def test_how_much_has_gone_is_told_and_a_press_waits_for_it(self, arrive: Arrive) -> None:
        visitor = await arrive()
        page = visitor.page
        await write_card(page)
        line = await visitor.context.new_cdp_session(page)
        await line.send("Network.emulateNetworkConditions", SLOW_LINE)
        await choose_photo(page, HEAVY)
        await expect(page.get_by_role("progressbar", name="照片上传进度")).to_be_visible()
        assert await find_barriers(page) == []
        await press(page)
        await expect(page.locator("#card-photo_id-error")).to_have_text("照片还在上传，请稍等")
        await expect(page.locator(".photo-percent")).to_have_text(PART_OF_IT)
        await line.send("Network.emulateNetworkConditions", FAST_LINE)
        await expect(remove_button(page)).to_be_visible()
        await line.detach()
        await expect(page.locator("#jobs .job")).to_have_count(0)

    async def test_sending_can_be_stopped(self, arrive: Arrive) -> None:
        visitor = await arrive()
        page = visitor.page
        line = await visitor.context.new_cdp_session(page)
        await line.send("Network.emulateNetworkConditions", SLOW_LINE)
        await choose_photo(page, HEAVY)
        await page.click(".photo-stop")
        await expect(page.locator("#card-photo")).to_be_focused()
        await expect(shown(page)).to_be_hidden()
        await expect(refusal(page)).to_be_empty()
        await line.detach()

    async def test_a_photo_survives_a_reload(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await choose_photo(page)
        await expect(remove_button(page)).to_be_visible()
        await page.reload()
        await expect(shown(page)).to_have_js_property("naturalWidth", 640)
        await expect(page.locator("input[name=photo_id]")).to_have_value((await photo_ids(page))[0])

    async def test_a_photo_that_has_gone_meanwhile_is_asked_for_again(self, arrive: Arrive) -> None:
        visitor = await arrive()
        visitor.expected.add(404)
        page = visitor.page
        await choose_photo(page)
        await expect(remove_button(page)).to_be_visible()
        (photo,) = await photo_ids(page)
        await page.evaluate("id => sessionStorage.setItem('huajian.photo.used', id)", photo)
        await page.evaluate(
            """async id => {
                const ours = { "X-Requested-With": "huajian" };
                const answer = await fetch("/session/refresh", { method: "POST", headers: ours });
                const { access_token } = await answer.json();
                const headers = { Authorization: `Bearer ${access_token}` };
                await fetch(`/v1/photos/${id}`, { method: "DELETE", headers });
            }""",
            photo,
        )
        await page.reload()
        await expect(refusal(page)).to_contain_text("请重新选一张")
        await expect(page.locator("input[name=photo_id]")).to_have_value("")
        await expect(shown(page)).to_be_hidden()

    async def test_a_photo_that_did_not_arrive_is_sent_again_under_its_key(self, arrive: Arrive) -> None:
        visitor = await arrive()
        page = visitor.page
        keys: list[str] = []

        async def lose_the_first(route: Route) -> None:
            keys.append(route.request.headers["idempotency-key"])
            await (route.continue_() if len(keys) > 1 else route.abort())

        await page.route("**/v1/photos", lose_the_first)
        await choose_photo(page)
        await expect(refusal(page)).to_contain_text("照片还没有传完")
        await expect(shown(page)).to_be_hidden()
        await page.click(".photo-again")
        await expect(remove_button(page)).to_be_visible()
        await expect(refusal(page)).to_be_empty()
        assert len(keys) == 2 and keys[0] == keys[1]
        assert all("net::ERR_FAILED" in complaint for complaint in visitor.complaints)
        visitor.complaints.clear()


class TestRemoving:
    async def test_a_photo_that_is_removed_is_deleted(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await choose_photo(page)
        await expect(remove_button(page)).to_be_visible()
        async with page.expect_response(lambda answer: answer.request.method == "DELETE") as deleted:
            await remove_button(page).click()
        assert (await deleted.value).status == 204
        await expect(shown(page)).to_be_hidden()
        await expect(page.locator("#card-photo")).to_be_focused()
        assert await photo_ids(page) == []

    async def test_a_photo_that_is_changed_makes_room_for_the_new_one(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await choose_photo(page)
        await expect(remove_button(page)).to_be_visible()
        async with page.expect_response(lambda answer: answer.request.method == "DELETE"):
            await choose_photo(page, encoded(picture(800, 600)))
        await expect(shown(page)).to_have_js_property("naturalWidth", 800)
        assert await photo_ids(page) == [await page.input_value("input[name=photo_id]")]

    async def test_a_photo_of_which_a_work_is_made_is_only_put_away(self, arrive: Arrive) -> None:
        page = (await arrive()).page
        await write_card(page)
        await choose_photo(page)
        await expect(remove_button(page)).to_be_visible()
        await press(page)
        await expect(work(page)).to_be_visible()
        await remove_button(page).click()
        await expect(shown(page)).to_be_hidden()
        assert len(await photo_ids(page)) == 1


class TestRefusals:
    @pytest.mark.parametrize(
        ("locale", "texts"),
        [
            ("zh-CN", ("不支持这种文件", "照片文件太大", "最大 12 MB", "无法读取这张照片", "照片尺寸过小")),
            (
                "en-GB",
                ("is not supported", "file is too large", "At most 12 MB", "cannot be read", "is too small"),
            ),
        ],
    )
    async def test_each_says_what_is_wrong_and_the_photo_before_stays(
        self, arrive: Arrive, locale: str, texts: tuple[str, ...], tmp_path: Path
    ) -> None:
        visitor = await arrive(locale=locale)
        visitor.expected.add(422)
        page = visitor.page
        await choose_photo(page)
        await expect(remove_button(page)).to_be_visible()
        photo = await page.input_value("input[name=photo_id]")
        kind, heavy, most, damaged, small = texts
        await choose_photo(page, b"GIF89a", kind="image/gif")
        await expect(refusal(page)).to_contain_text(kind)
        large = tmp_path / "large.png"
        large.write_bytes(bytes(12 * 1024 * 1024 + 1))
        await choose_file(page, large)
        await expect(refusal(page)).to_contain_text(heavy)
        await expect(refusal(page)).to_contain_text(most)
        await choose_photo(page, b"no picture at all")
        await expect(refusal(page)).to_contain_text(damaged)
        await choose_photo(page, encoded(picture(100, 100)))
        await expect(refusal(page)).to_contain_text(small)
        assert await page.input_value("input[name=photo_id]") == photo
        await expect(shown(page)).to_have_js_property("naturalWidth", 640)
        assert await find_barriers(page) == []

    async def test_whoever_keeps_too_many_deletes_one_and_goes_on(
        self, arrive: Arrive, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        visitor = await arrive()
        visitor.expected.add(409)
        page = visitor.page
        monkeypatch.setattr(keep_photo, "MOST_PHOTOS", 1)
        await choose_photo(page)
        await expect(remove_button(page)).to_be_visible()
        await page.evaluate("sessionStorage.clear()")
        await page.reload()
        await choose_photo(page, encoded(picture(800, 600)))
        await expect(refusal(page)).to_contain_text("保存的照片数量已达上限")
        kept = page.get_by_role("button", name="保存的照片")
        await expect(kept).to_have_count(1)
        await expect(kept.locator("img")).to_have_js_property("naturalWidth", 640)
        assert await find_barriers(page) == []
        await expect(page.locator(".photo-again")).to_be_hidden()
        await kept.click()
        await expect(kept).to_have_count(0)
        await page.click(".photo-again")
        await expect(remove_button(page)).to_be_visible()
        await expect(shown(page)).to_have_js_property("naturalWidth", 800)
        assert len(await photo_ids(page)) == 1
