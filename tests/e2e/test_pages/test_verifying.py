"""Pages about verifying: a file is put down and judged; a certificate is checked by the browser itself."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from playwright.async_api import Page, expect

from generators.specs import Kind
from tests.e2e.test_pages.audit import find_barriers
from tests.e2e.test_pages.conftest import Arrive, Site
from tests.factories.certified import certified
from tests.factories.credits import give
from tests.factories.tampering import flipped
from tests.factories.works import finish_work

pytestmark = pytest.mark.e2e


@dataclass(frozen=True)
class Shelf:
    """Files on somebody's disk, and the certificate of the first."""

    folder: Path
    number: str

    def __getitem__(self, name: str) -> str:
        return str(self.folder / name)


@pytest.fixture(scope="session")
async def shelf(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """A certified picture, a copy with another byte, a stranger's, and a drawing."""
    folder = tmp_path_factory.mktemp("shelf")
    async with httpx.AsyncClient(base_url=site.url, timeout=60) as client:
        signed_in = (await client.post("/v1/auth/guest", json={"device_id": uuid4().hex})).json()
        owner_id = UUID(signed_in["user"]["id"])
        async with site.services.sessions.begin() as session:
            await give(session, owner_id, 4, now=site.services.clock())
        work_id = await finish_work(site.services, owner_id, Kind.IMAGE)

        async def post(path: str, **body: Any) -> dict[str, Any]:
            headers = {
                "authorization": f"Bearer {signed_in['access_token']}",
                "idempotency-key": str(uuid4()),
            }
            answer: dict[str, Any] = (await client.post(path, json=body, headers=headers)).json()
            return answer

        number = (await post(f"/v1/works/{work_id}/certificate", show_work=True))["number"]
        content = (
            await client.get((await post(f"/v1/works/{work_id}/exports", format="jpeg"))["url"])
        ).content
    for name, held in {
        "梅花.jpg": content,
        "altered.jpg": flipped(content, len(content) - 1500),
        "stranger.webp": certified("image/webp").content,
        "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "large.png": bytes(33 << 20),
    }.items():
        (folder / name).write_bytes(held)
    return Shelf(folder, number)


async def put(page: Page, path: str) -> None:
    await page.locator("#verify-file").set_input_files(path)


class TestVerifyPage:
    async def test_each_answer_is_seen_at_a_glance(self, arrive: Arrive, shelf: Shelf) -> None:
        page = (await arrive("/verify")).page
        assert await find_barriers(page) == []
        for name, answer, title in (
            ("梅花.jpg", "intact", "完好"),
            ("altered.jpg", "altered", "已被改动"),
            ("stranger.webp", "signer_unknown", "签名者未知"),
        ):
            await put(page, shelf[name])
            await expect(page.locator("#verdict")).to_have_attribute("data-answer", answer)
            await expect(page.get_by_role("heading", name=title)).to_be_visible()
            await expect(page.locator("#verdict")).to_be_focused()
            assert await find_barriers(page) == []
            if answer == "intact":
                link = page.locator("#verdict-certificate").get_by_role("link")
                await expect(link).to_have_attribute("href", f"/c/{shelf.number}")
            await page.get_by_role("button", name="再查一份").press("Enter")
            await expect(page.locator("#verify-file")).to_be_focused()

    async def test_what_cannot_be_verified_is_said_before_or_after_it_is_sent(
        self, arrive: Arrive, shelf: Shelf
    ) -> None:
        visitor = await arrive("/verify", color_scheme="dark")
        visitor.expected = {422}
        page = visitor.page
        for name, title in (("large.png", "文件太大"), ("drawing.svg", "这种文件无法查验")):
            await put(page, shelf[name])
            await expect(page.locator("#verify-refusal")).to_contain_text(title)
            await expect(page.locator("#verdict")).to_be_hidden()


class TestCertificatePage:
    async def test_it_is_checked_by_the_browser_and_told_to_machines(
        self, arrive: Arrive, shelf: Shelf
    ) -> None:
        page = (await arrive(f"/c/{shelf.number}")).page
        assert await find_barriers(page) == []
        await expect(page.get_by_role("heading", name="plum blossom in snow")).to_be_visible()
        checks = page.locator("#certificate-check-list .check")
        await expect(checks).to_have_count(3)
        for number in range(3):
            await expect(checks.nth(number)).to_have_attribute("data-outcome", "passed")
        picture = page.locator(".certificate-piece img")
        assert await picture.evaluate("image => image.complete && image.naturalWidth > 0")
        told = json.loads(await page.locator("script[type='application/ld+json']").inner_text())
        assert told["hasCertification"]["certificationIdentification"] == shelf.number
        assert told["name"] == "plum blossom in snow"

    async def test_a_certificate_that_is_forged_on_the_way_is_noticed(
        self, arrive: Arrive, shelf: Shelf
    ) -> None:
        page = (await arrive("/verify")).page

        async def forge(route: Any) -> None:  # noqa: ANN401
            answer = await route.fetch()
            told = await answer.json()
            told["document"]["statement"]["work"]["content_sha256"] = "0" * 64
            await route.fulfill(response=answer, json=told)

        await page.route(f"**/v1/certificates/{shelf.number}", forge)
        await page.goto(f"/c/{shelf.number}")
        checks = page.locator("#certificate-check-list .check")
        await expect(checks.first).to_have_attribute("data-outcome", "failed")
        await expect(checks.nth(1)).to_have_attribute("data-outcome", "failed")

    async def test_a_wrong_number_is_explained(self, arrive: Arrive) -> None:
        visitor = await arrive("/verify")
        visitor.expected = {404}
        await visitor.page.goto("/c/HJ-0000-0000-0000")
        await expect(visitor.page.get_by_role("heading", name="没有这张证书")).to_be_visible()
