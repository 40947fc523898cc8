"""A browser signs in by cookie, and only from our own pages."""

from dataclasses import replace
from http.cookies import Morsel, SimpleCookie

import httpx
import pytest
from fastapi import FastAPI

from core.settings import Settings
from service.wiring import Services
from tests.fakes.clock import MovableClock

OURS = {"x-requested-with": "huajian"}
DEVICE = {"device_id": "0123456789abcdef0123456789abcdef"}


def cookie_of(answer: httpx.Response) -> "Morsel[str]":
    """The session cookie as it was set, attributes included."""
    jar = SimpleCookie(answer.headers["set-cookie"])
    assert list(jar) == ["huajian_session"]
    return jar["huajian_session"]


async def enter(client: httpx.AsyncClient, **body: object) -> httpx.Response:
    answer = await client.post("/session", json={**DEVICE, **body}, headers=OURS)
    client.cookies.clear()  # these tests send cookies by hand
    return answer


async def refresh(client: httpx.AsyncClient, token: str | None) -> httpx.Response:
    cookie = {"cookie": f"huajian_session={token}"} if token else {}
    answer = await client.post("/session/refresh", headers={**OURS, **cookie})
    client.cookies.clear()
    return answer


class TestEntering:
    async def test_the_refresh_token_is_only_in_a_strict_cookie(
        self, client: httpx.AsyncClient, settings: Settings
    ) -> None:
        answer = await enter(client)
        assert answer.status_code == 201
        assert set(answer.json()) == {"access_token", "token_type", "expires_in", "user"}
        assert answer.headers["cache-control"] == "no-store"
        cookie = cookie_of(answer)
        assert cookie.value not in answer.text
        assert (cookie["path"], cookie["samesite"].lower()) == ("/session", "strict")
        assert cookie["httponly"] is True
        assert int(cookie["max-age"]) == settings.auth.refresh_token_days * 86_400
        assert cookie["domain"] == ""

    @pytest.mark.parametrize(("scheme", "is_secure"), [("http", False), ("https", True)])
    async def test_the_cookie_is_secure_over_https(
        self, client: httpx.AsyncClient, scheme: str, *, is_secure: bool
    ) -> None:
        answer = await client.post(f"{scheme}://huajian/session", json=DEVICE, headers=OURS)
        assert bool(cookie_of(answer)["secure"]) is is_secure

    async def test_the_cookie_is_secure_where_our_address_says_so(
        self, client: httpx.AsyncClient, app: FastAPI, services: Services
    ) -> None:
        """Behind a proxy whose word is not trusted, every request looks like plain HTTP."""
        settings = services.settings.model_copy(update={"public_url": "https://huajian.example"})
        app.state.services = replace(services, settings=settings)
        assert cookie_of(await client.post("/session", json=DEVICE, headers=OURS))["secure"]

    async def test_the_same_browser_is_the_same_guest(self, client: httpx.AsyncClient) -> None:
        first, second = await enter(client), await enter(client)
        assert first.json()["user"]["id"] == second.json()["user"]["id"]

    async def test_without_a_device_everybody_is_somebody_new(self, client: httpx.AsyncClient) -> None:
        first, second = await enter(client, device_id=None), await enter(client, device_id=None)
        assert first.json()["user"]["id"] != second.json()["user"]["id"]

    @pytest.mark.parametrize(
        ("timezone", "expected"), [("America/Lima", "America/Lima"), ("Mars/Olympus", "Asia/Shanghai")]
    )
    async def test_the_browsers_time_zone_counts_if_it_is_known(
        self, client: httpx.AsyncClient, timezone: str, expected: str
    ) -> None:
        answer = await enter(client, timezone=timezone, locale="zh")
        headers = {"authorization": f"Bearer {answer.json()['access_token']}"}
        me = await client.get("/v1/me", headers=headers)
        assert (me.json()["timezone"], me.json()["locale"]) == (expected, "zh")


class TestForeignSites:
    @pytest.mark.parametrize(
        ("method", "path"), [("POST", "/session"), ("POST", "/session/refresh"), ("DELETE", "/session")]
    )
    @pytest.mark.parametrize("header", [None, "XMLHttpRequest"])
    async def test_a_request_without_our_header_is_refused(
        self, client: httpx.AsyncClient, method: str, path: str, header: str | None
    ) -> None:
        headers = {"x-requested-with": header} if header else {}
        answer = await client.request(method, path, headers=headers, json=DEVICE)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert "set-cookie" not in answer.headers

    async def test_no_other_site_may_send_our_header(self, client: httpx.AsyncClient) -> None:
        """A browser asks first; any answer without these headers means no."""
        asking = {
            "origin": "https://elsewhere.example",
            "access-control-request-method": "POST",
            "access-control-request-headers": "x-requested-with",
        }
        answer = await client.options("/session/refresh", headers=asking)
        assert not any(name.startswith("access-control-allow") for name in answer.headers)


class TestRefreshing:
    async def test_a_refresh_replaces_the_cookie_and_keeps_the_person(
        self, client: httpx.AsyncClient
    ) -> None:
        entered = await enter(client)
        answer = await refresh(client, cookie_of(entered).value)
        assert answer.status_code == 200
        assert answer.json()["user"] == entered.json()["user"]
        assert cookie_of(answer).value != cookie_of(entered).value

    @pytest.mark.parametrize("token", [None, "never-issued", "x" * 4000])
    async def test_an_invalid_cookie_is_taken_away(
        self, client: httpx.AsyncClient, token: str | None
    ) -> None:
        answer = await refresh(client, token)
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
        cookie = cookie_of(answer)
        assert (cookie.value, cookie["max-age"], cookie["path"]) == ("", "0", "/session")

    async def test_two_tabs_may_refresh_at_the_same_moment(self, client: httpx.AsyncClient) -> None:
        token = cookie_of(await enter(client)).value
        first, second = await refresh(client, token), await refresh(client, token)
        assert (first.status_code, second.status_code) == (200, 200)
        for answer in (first, second):
            assert (await refresh(client, cookie_of(answer).value)).status_code == 200

    async def test_a_copied_cookie_ends_the_session_for_both(
        self, client: httpx.AsyncClient, clock: MovableClock
    ) -> None:
        stolen = cookie_of(await enter(client)).value
        renewed = cookie_of(await refresh(client, stolen)).value
        clock.advance(seconds=11)  # past the grace
        assert (await refresh(client, stolen)).status_code == 401
        assert (await refresh(client, renewed)).status_code == 401

    async def test_a_session_ends_with_its_cookie(
        self, client: httpx.AsyncClient, clock: MovableClock, settings: Settings
    ) -> None:
        token = cookie_of(await enter(client)).value
        clock.advance(days=settings.auth.refresh_token_days, seconds=1)
        assert (await refresh(client, token)).status_code == 401


class TestLeaving:
    async def test_signing_out_ends_the_session_and_takes_the_cookie(
        self, client: httpx.AsyncClient, clock: MovableClock
    ) -> None:
        token = cookie_of(await enter(client)).value
        answer = await client.delete("/session", headers={**OURS, "cookie": f"huajian_session={token}"})
        assert answer.status_code == 204
        assert cookie_of(answer)["max-age"] == "0"
        assert (await refresh(client, token)).status_code == 401

    async def test_leaving_twice_is_no_error(self, client: httpx.AsyncClient) -> None:
        assert (await client.delete("/session", headers=OURS)).status_code == 204


class TestLimits:
    async def test_making_sessions_counts_like_signing_up(
        self, client: httpx.AsyncClient, services: Services
    ) -> None:
        answer = await enter(client)
        assert answer.headers["ratelimit-policy"].startswith('"sign-up"')
        assert (await refresh(client, "x")).headers["ratelimit-policy"].startswith('"secret"')

    async def test_the_endpoints_are_described(self, client: httpx.AsyncClient) -> None:
        paths = (await client.get("/openapi.json")).json()["paths"]
        assert set(paths["/session"]) == {"post", "delete"}
        names = {parameter["name"] for parameter in paths["/session/refresh"]["post"]["parameters"]}
        assert names == {"x-requested-with", "huajian_session"}
        assert {"401", "403"} <= set(paths["/session/refresh"]["post"]["responses"])
