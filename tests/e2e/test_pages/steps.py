"""What people do on the pages, as tests tell it."""

import json
from typing import Any
from uuid import UUID

from playwright.async_api import Locator, Page, Request, Response, expect

from service.wiring import Services
from tests.factories.credits import give


async def write_card(page: Page, recipient: str = "林晚晴", sender: str = "知夏") -> None:
    await page.fill("#card-recipient", recipient)
    await page.fill("#card-sender", sender)


async def press(page: Page) -> None:
    """Press the button of the form that is open."""
    await page.click(".panel:not([hidden]) button[type=submit]")


async def make_card(page: Page) -> None:
    """Make a card and wait for this very one: an earlier work may still be on the stage."""
    await write_card(page)
    async with page.expect_response(_is_accepted) as accepted:
        await press(page)
    job: dict[str, Any] = await (await accepted.value).json()
    await expect(page.locator(f'#jobs [data-job="{job["id"]}"] .work')).to_be_visible()


def _is_accepted(response: Response) -> bool:
    return response.request.method == "POST" and response.url.endswith("/v1/generations") and response.ok


def work(page: Page) -> Locator:
    """The finished work on the stage."""
    return page.locator("#jobs .work")


def state(page: Page) -> Locator:
    """What the job on the stage says about itself."""
    return page.locator("#jobs .state")


def spec_of(request: Request) -> dict[str, Any]:
    """What a press asked for."""
    spec: dict[str, Any] = json.loads(request.post_data or "{}")["spec"]
    return spec


async def expect_left(page: Page, text: str) -> None:
    await expect(page.locator("#quota")).to_have_text(text)


async def ask(page: Page, method: str, path: str, body: object = None) -> dict[str, Any]:
    """Call the API as the person in this browser, beside the page's own scripts."""
    answer: dict[str, Any] = await page.evaluate(
        """async ([method, path, body]) => {
            const ours = { "X-Requested-With": "huajian" };
            const session = await (await fetch("/session/refresh", { method: "POST", headers: ours })).json();
            const headers = { Authorization: `Bearer ${session.access_token}`,
                              "Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID() };
            const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body) });
            return { status: answer.status, user: session.user, body: await answer.json() };
        }""",
        [method, path, body],
    )
    return answer


async def grant(page: Page, services: Services, credits: int) -> None:
    """Give the person in this browser credits of their own."""
    answer = await ask(page, "GET", "/v1/me")
    async with services.sessions.begin() as session:
        await give(session, UUID(answer["user"]["id"]), credits, now=services.clock())
