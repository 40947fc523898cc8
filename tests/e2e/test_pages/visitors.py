"""People in front of browsers. A profile is used again once everything in it is forgotten."""

import json
from dataclasses import dataclass, field
from typing import Any, Final

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page

PATIENCE_MS: Final = 60_000
USUAL: Final[dict[str, Any]] = {
    "locale": "zh-CN",
    "viewport": {"width": 390, "height": 844},
    "timezone_id": "Asia/Shanghai",
    "reduced_motion": "reduce",  # nothing slides while a test looks at it
}


@dataclass
class Visitor:
    """A person with a browser of their own, and what went wrong in it.

    expected: statuses with which this test lets the server refuse; a browser reports each as an error.
    """

    page: Page
    context: BrowserContext
    kind: str
    expected: set[int] = field(default_factory=set)
    complaints: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        """Collect what a page complains about."""
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        statuses = (f"the server responded with a status of {status}" for status in self.expected)
        if message.type in ("error", "warning") and not any(text in message.text for text in statuses):
            self.complaints.append(f"{message.type}: {message.text} {message.location}")

    async def another_tab(self, path: str = "/") -> Page:
        page = await self.context.new_page()
        self.listen(page)
        await page.goto(path)
        return page


class Profiles:
    """Browser profiles by what they are like: a new one costs two seconds of a processor, a used one none."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser = browser
        self._url = url
        self._idle: dict[str, list[Visitor]] = {}

    async def take(self, **options: Any) -> Visitor:
        """Somebody who has never been here."""
        wanted = USUAL | options
        kind = json.dumps(wanted, sort_keys=True)
        idle = self._idle.setdefault(kind, [])
        return idle.pop() if idle else await self._open(kind, wanted)

    async def give_back(self, visitor: Visitor) -> list[str]:
        """Forget the person; what their pages complained about."""
        context, page, complaints = visitor.context, visitor.page, list(visitor.complaints)
        for other in context.pages:
            if other != page:
                await other.close()
        await page.unroute_all()
        await page.goto("/health/live")  # of our origin, and without a script that could still write
        await page.evaluate("localStorage.clear(); sessionStorage.clear()")
        await context.clear_cookies()
        await context.clear_permissions()
        visitor.complaints, visitor.expected = [], set()
        self._idle[visitor.kind].append(visitor)
        return complaints

    async def _open(self, kind: str, options: dict[str, Any]) -> Visitor:
        context = await self._browser.new_context(base_url=self._url, **options)
        context.set_default_timeout(PATIENCE_MS)
        visitor = Visitor(await context.new_page(), context, kind)
        visitor.listen(visitor.page)
        return visitor
