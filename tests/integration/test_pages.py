"""Pages as they are sent: language, policy, assets, markup, words."""

import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from typing import Final

import httpx
import pytest
from fastapi import FastAPI
from obstore.store import S3Store

from service.pages import texts
from service.pages.forms import MAX_GRAPHEMES
from service.storage.store import FileStore
from service.wiring import Services

PAGES: Final = (
    "/",
    "/?kind=lyrics",
    "/works",
    "/problems/insufficient-credits",
    "/unlock-links",
    "/console",
    "/verify",
    "/membership",
)
VOID: Final = frozenset({"br", "hr", "img", "source", "input", "link", "meta"})


class Markup(HTMLParser):
    """Reads a page strictly: every element closed in order, every id once, no button awake before its script.

    Collects what the page refers to.
    """

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.covers: list[bool] = []  # whether each of those hides what is in it, or posts without a script
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.feed(html)
        self.close()
        assert self.open == [], f"left open: {self.open}"
        assert len(self.ids) == len(set(self.ids)), "an id is used twice"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"<{tag}> repeats an attribute"
        found = dict(attrs)
        self.elements.append((tag, found))
        if found.get("id"):
            self.ids.append(str(found["id"]))
        self._look_at_button(tag, found)
        if tag not in VOID:
            self.open.append(tag)
            self.covers.append(
                tag in ("dialog", "template") or "hidden" in found or found.get("method") == "post"
            )

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._close()

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self._close()

    def _close(self) -> None:
        self.open.pop()
        self.covers.pop()

    def _look_at_button(self, tag: str, found: dict[str, str | None]) -> None:
        """One in sight waits for the script that serves it; scripts show the others."""
        if tag == "button" and "hidden" not in found and not any(self.covers):
            assert {"disabled", "data-needs-script"} <= set(found), f"<button {found}> does not wait"

    def attributes(self, name: str) -> list[str]:
        return [value for _, found in self.elements if (value := found.get(name))]


async def read(client: httpx.AsyncClient, path: str, **headers: str) -> httpx.Response:
    answer = await client.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer


def language_of(answer: httpx.Response) -> str:
    found = re.search(r'<html lang="([^"]+)">', answer.text)
    assert found is not None
    return found[1]


class TestLanguage:
    @pytest.mark.parametrize(
        ("accepted", "shown"),
        [("zh-CN,zh;q=0.9", "zh-Hans"), ("en-GB", "en"), ("fr,zh;q=0.5,en;q=0.4", "zh-Hans"), ("fr", "en")],
    )
    async def test_the_browsers_language_is_followed(
        self, client: httpx.AsyncClient, accepted: str, shown: str
    ) -> None:
        answer = await read(client, "/", **{"accept-language": accepted})
        assert language_of(answer) == shown

    async def test_the_cookie_outweighs_the_browser_and_the_address_outweighs_both(
        self, client: httpx.AsyncClient
    ) -> None:
        headers = {"accept-language": "zh", "cookie": "huajian_lang=en"}
        assert language_of(await read(client, "/", **headers)) == "en"
        assert language_of(await read(client, "/?lang=zh", **headers)) == "zh-Hans"

    async def test_an_unknown_choice_is_ignored(self, client: httpx.AsyncClient) -> None:
        headers = {"accept-language": "zh", "cookie": "huajian_lang=xx"}
        assert language_of(await read(client, "/?lang=%3Cscript%3E", **headers)) == "zh-Hans"

    async def test_every_page_offers_itself_in_the_other_language(self, client: httpx.AsyncClient) -> None:
        for path in PAGES:
            answer = await read(client, path, **{"accept-language": "zh"})
            elements = Markup(answer.text).elements
            link = next(found for _, found in elements if found.get("class") == "language")
            assert link["lang"] == "en"
            other = await read(client, str(link["href"]), **{"accept-language": "zh"})
            assert language_of(other) == "en"
            assert other.url.path == answer.url.path

    async def test_reading_sets_no_cookie_and_caches_know_what_it_depends_on(
        self, client: httpx.AsyncClient
    ) -> None:
        answer = await read(client, "/?lang=en")
        assert "set-cookie" not in answer.headers
        assert {"Accept-Language", "Cookie"} <= set(answer.headers["vary"].split(", "))


class TestPolicy:
    async def test_nothing_foreign_and_nothing_inline_may_run(self, client: httpx.AsyncClient) -> None:
        for path in PAGES:
            policy = (await read(client, path)).headers["content-security-policy"]
            rules = dict(rule.strip().partition(" ")[::2] for rule in policy.split(";"))
            assert rules == {
                "default-src": "'none'",
                "script-src": "'self'",
                "style-src": "'self'",
                "img-src": "'self' blob: data:",
                "media-src": "'self'",
                "frame-src": "'self'",
                "connect-src": "'self'",
                "form-action": "'self'",
                "base-uri": "'none'",
                "frame-ancestors": "'none'",
            }

    async def test_pictures_may_come_from_the_store_that_links_redirect_to(
        self, app: FastAPI, services: Services, client: httpx.AsyncClient
    ) -> None:
        bucket = S3Store(
            "pictures",
            region="eu-west-1",
            access_key_id="id",
            secret_access_key="secret",
            endpoint="https://store.example",
        )
        app.state.services = replace(services, store=FileStore(bucket))
        policy = (await read(client, "/")).headers["content-security-policy"]
        assert "img-src 'self' blob: data: https://store.example;" in policy
        for kind in ("media", "frame"):
            assert f"{kind}-src 'self' https://store.example;" in policy

    async def test_the_api_documentation_still_works(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/docs")
        assert answer.status_code == 200
        assert "content-security-policy" not in answer.headers

    async def test_no_markup_asks_for_what_the_policy_forbids(self, client: httpx.AsyncClient) -> None:
        for path in PAGES:
            for tag, found in Markup((await read(client, path)).text).elements:
                assert "style" not in found, tag
                assert not [name for name in found if name.startswith("on")], tag
                assert tag != "script" or found.get("type") == "application/json" or found.get("src")
                assert tag != "style"


class TestMarkup:
    @pytest.mark.parametrize("language", ["zh", "en"])
    async def test_pages_are_well_formed_and_refer_to_what_they_have(
        self, client: httpx.AsyncClient, language: str
    ) -> None:
        late = {"viewer-title"}  # the dialog's title comes with the work
        for path in PAGES:
            markup = Markup((await read(client, path, **{"accept-language": language})).text)
            for name in ("for", "aria-controls", "aria-labelledby", "aria-describedby"):
                for value in markup.attributes(name):
                    assert set(value.split()) - late <= set(markup.ids), f"{path}: {name}={value}"

    async def test_a_head_request_is_answered(self, client: httpx.AsyncClient) -> None:
        for path in PAGES:
            answer = await client.head(path)
            assert (answer.status_code, answer.content) == (200, b"")

    async def test_hostile_parameters_are_not_echoed(self, client: httpx.AsyncClient) -> None:
        hostile = "</script><script>alert(1)</script>"
        answer = await client.get("/", params={"kind": hostile[:20], "x": hostile})
        assert "<script>alert" not in answer.text
        Markup(answer.text)

    async def test_bounds_are_those_of_the_specs(self, client: httpx.AsyncClient) -> None:
        """What the form lets through the API takes, and one more it does not."""
        texts_by_field = {
            "recipient": ("card", {"occasion": "birthday", "sender": "a"}, "name"),
            "message": ("card", {"occasion": "birthday", "sender": "a", "recipient": "b"}, "message"),
            "theme": ("lyrics", {}, "theme"),
            "prompt": ("image", {}, "prompt"),
        }
        guest = await client.post("/v1/auth/guest", json={"device_id": "d" * 32})
        for name, (kind, rest, limit) in texts_by_field.items():
            for length, is_valid in ((MAX_GRAPHEMES[limit], True), (MAX_GRAPHEMES[limit] + 1, False)):
                spec = {**rest, name: "好" * length}
                answer = await client.post(
                    "/v1/generations",
                    json={"kind": kind, "spec": spec},
                    headers={
                        "authorization": f"Bearer {guest.json()['access_token']}",
                        "idempotency-key": f"{name}{length}",
                    },
                )
                assert (answer.status_code != 422) is is_valid, (name, length, answer.text)


class TestProblemPages:
    async def test_every_problem_has_a_page_that_says_what_to_do(self, client: httpx.AsyncClient) -> None:
        for code, titles in texts.PROBLEM_TITLES.items():
            address = f"/problems/{code.replace('_', '-')}"
            for language in ("zh", "en"):
                answer = await read(client, address, **{"accept-language": language})
                page = unescape(answer.text)
                assert f"<h1>{titles[language]}</h1>" in page
                assert texts.ADVICE.get(code, texts.GENERAL_ADVICE)[language] in page

    async def test_unknown_problems_have_none(self, client: httpx.AsyncClient) -> None:
        for slug in ("no-such-problem", "insufficient_credits", "%00", "INTERNAL-ERROR"):
            answer = await client.get(f"/problems/{slug}")
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
