"""The hot route and its neighbours, over HTTP."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select

from models.generation import Generation
from service.wiring import Services
from tests.factories.people import CARD, SignIn, create


class TestCreate:
    async def test_a_guest_gets_three_and_the_fourth_is_402_with_the_reset(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        person = await sign_in()
        for _ in range(3):
            answer = await create(client, person)
            assert answer.status_code == 202
            body = answer.json()
            assert set(body) == {"id", "kind", "state", "price_credits", "created_at"}
            assert (body["state"], body["price_credits"]) == ("queued", 1)
            assert answer.headers["location"] == f"/v1/generations/{body['id']}"
            assert answer.headers["retry-after"] == "1"
        refused = await create(client, person)
        assert refused.status_code == 402
        assert refused.headers["content-type"] == "application/problem+json"
        problem = refused.json()
        assert problem["type"].endswith("/insufficient-credits")
        assert problem["code"] == "insufficient_credits"
        assert (problem["needed_credits"], problem["available_credits"]) == (1, 0)
        assert problem["next_reset_at"] == "2026-12-01T00:00:00Z"
        assert problem["packs"] == []
        unlock = problem["unlock"]
        assert unlock["available"] and unlock["reason"] is None
        assert unlock["create_url"] == "/v1/unlock-links"
        assert (unlock["goal"], unlock["reward_credits"]) == (3, 1)
        assert "link" in unlock["channels"] and "wechat" not in unlock["channels"]

    async def test_a_retry_with_the_same_key_is_the_same_job(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        person = await sign_in()
        quoted, bare = [await create(client, person, key=key) for key in ('"k1"', "k1")]
        assert quoted.json() == bare.json()
        assert [answer.headers["idempotency-replayed"] for answer in (quoted, bare)] == ["false", "true"]
        other = await create(client, person, {**CARD, "spec": {**CARD["spec"], "seed": 8}}, key="k1")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")

    async def test_a_missing_key_is_refused(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        person = await sign_in()
        answer = await client.post("/v1/generations", json=CARD, headers=person.headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")

    async def test_a_seed_is_chosen_when_none_was_given(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        person = await sign_in()
        body = {**CARD, "spec": {k: v for k, v in CARD["spec"].items() if k != "seed"}}
        answer = await create(client, person, body)
        job = await client.get(answer.headers["location"], headers=person.headers)
        assert 0 <= job.json()["spec"]["seed"] < 2**53

    async def test_titles_follow_the_language(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        person = await sign_in()
        titles = []
        for accept in ("zh-CN,zh;q=0.9,en;q=0.8", "en-GB", "fr"):
            headers = {**person.headers, "accept-language": accept}
            titles.append((await client.post("/v1/generations", json=CARD, headers=headers)).json()["title"])
        assert titles[0] == "缺少 Idempotency-Key 请求头"
        assert titles[1] == titles[2] == "An Idempotency-Key header is required"

    async def test_limits_are_told_and_kept(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services
    ) -> None:
        answer = await create(client, await sign_in())
        assert answer.headers["ratelimit-policy"] == '"user";q=100000;w=60'
        assert answer.headers["ratelimit"].startswith('"user";r=99999;t=')

    async def test_a_prompt_that_is_refused_leaves_nothing(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services
    ) -> None:
        person = await sign_in()
        spec = {**CARD["spec"], "message": "加我电话 13800138000 聊"}
        answer = await create(client, person, {**CARD, "spec": spec})
        assert answer.status_code == 403
        problem = answer.json()
        assert problem["code"] == "prompt_rejected"
        assert problem["category"]
        assert "13800138000" not in answer.text
        async with services.sessions() as session:
            assert await session.scalar(select(func.count()).select_from(Generation)) == 0


BAD_SPECS: list[tuple[dict[str, Any], list[str | int]]] = [
    ({"kind": "song", "spec": {}}, []),
    ({"kind": "card"}, ["card", "spec"]),
    ({**CARD, "spec": {**CARD["spec"], "recipient": "长" * 10_000}}, ["card", "spec", "recipient"]),
    ({**CARD, "spec": {**CARD["spec"], "recipient": "a\x00b"}}, ["card", "spec", "recipient"]),
    ({**CARD, "spec": {**CARD["spec"], "unknown": 1}}, ["card", "spec", "unknown"]),
    ({**CARD, "spec": {**CARD["spec"], "seed": -1}}, ["card", "spec", "seed"]),
    ({**CARD, "spec": {**CARD["spec"], "seed": 2**60}}, ["card", "spec", "seed"]),
    ({**CARD, "spec": {**CARD["spec"], "qr_url": "javascript:alert(1)"}}, ["card", "spec", "qr_url"]),
    ({"kind": "image", "spec": {"prompt": "x", "width_px": -8}}, ["image", "spec", "width_px"]),
    ({"kind": "lyrics", "spec": {"theme": "x", "sections": []}}, ["lyrics", "spec", "sections"]),
    ({"kind": "lyrics", "spec": {"theme": "x", "rhyme": "ABAB" * 9}}, ["lyrics", "spec", "rhyme"]),
]


class TestBadInput:
    @pytest.mark.parametrize(("body", "location"), BAD_SPECS)
    async def test_a_spec_that_does_not_fit_names_its_field(
        self,
        client: httpx.AsyncClient,
        sign_in: SignIn,
        services: Services,
        body: dict[str, Any],
        location: list[str],
    ) -> None:
        person = await sign_in()
        answer = await create(client, person, body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_spec")
        if location:
            assert location in [error["loc"] for error in answer.json()["errors"]]
        async with services.sessions() as session:
            assert await session.scalar(select(func.count()).select_from(Generation)) == 0

    @pytest.mark.parametrize(
        ("content", "status", "code"),
        [
            (b"{" * 1000, 400, "malformed_json"),
            (b'{"kind":' + b"[" * 5000 + b"]" * 5000 + b"}", 400, "malformed_json"),
            (
                b'{"kind":"card","spec":{"occasion":"love","sender":"b","recipient":"\\ud800"}}',
                400,
                "malformed_json",
            ),
            (
                b'{"kind":"card","spec":{"occasion":"love","sender":"b","recipient":"\xff\xfe"}}',
                400,
                "malformed_json",
            ),
            (b'{"kind":"image","spec":{"prompt":"x","width_px":1e400}}', 422, "invalid_spec"),
            (b"", 400, "malformed_json"),
            (b"[]", 422, "invalid_spec"),
            (b"x" * 2_000_000, 413, "body_too_large"),
        ],
    )
    async def test_a_body_that_is_not_a_request_is_a_problem(
        self, client: httpx.AsyncClient, sign_in: SignIn, content: bytes, status: int, code: str
    ) -> None:
        person = await sign_in()
        headers = {**person.headers, "idempotency-key": "k", "content-type": "application/json"}
        answer = await client.post("/v1/generations", content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    async def test_a_chunked_body_is_bounded_too(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        person = await sign_in()

        async def endless() -> Any:  # noqa: ANN401
            for _ in range(100):
                yield b"x" * 10_000

        headers = {**person.headers, "idempotency-key": "k", "content-type": "application/json"}
        answer = await client.post("/v1/generations", content=endless(), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        guest = await client.post(
            "/v1/auth/guest", content=endless(), headers={"content-type": "application/json"}
        )
        assert (guest.status_code, guest.json()["code"]) == (413, "body_too_large")

    async def test_a_length_of_thousands_of_digits_is_refused(self, client: httpx.AsyncClient) -> None:
        answer = await client.get("/v1/catalog", headers={"content-length": "0" * 5000})
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")

    async def test_another_media_type_is_refused(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        person = await sign_in()
        headers = {**person.headers, "idempotency-key": "k", "content-type": "text/plain"}
        answer = await client.post("/v1/generations", content=b"{}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")

    @pytest.mark.parametrize("key", ["", '""', "a" * 256, "a\tb", "ключ".encode().decode("latin-1")])
    async def test_a_key_that_is_none_is_refused(
        self, client: httpx.AsyncClient, sign_in: SignIn, key: str
    ) -> None:
        person = await sign_in()
        raw = [
            (b"idempotency-key", key.encode("latin-1")),
            (b"authorization", person.headers["authorization"].encode()),
        ]
        answer = await client.post("/v1/generations", json=CARD, headers=raw)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")

    @pytest.mark.parametrize("header", ["", "Bearer", "Bearer x.y.z", "Basic abc", "Bearer " + "a" * 5000])
    async def test_without_a_good_token_nothing_is_done(self, client: httpx.AsyncClient, header: str) -> None:
        headers = {"authorization": header, "idempotency-key": "k"}
        answer = await client.post("/v1/generations", json=CARD, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"].startswith("Bearer")


class TestReadAndCancel:
    async def test_a_queued_job_knows_its_place(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        first, second = await sign_in(), await sign_in()
        await create(client, first)
        job = (await create(client, second)).json()
        read = (await client.get(f"/v1/generations/{job['id']}", headers=second.headers)).json()
        assert (read["state"], read["queue_position"], read["progress"]) == ("queued", 2, 0.0)
        assert read["work"] is None and read["problem"] is None

    async def test_lists_page_through_everything_once(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        person = await sign_in(credits=7)
        created = [(await create(client, person)).json()["id"] for _ in range(7)]
        seen, cursor = [], ""
        for _ in range(5):
            query = {"limit": "3", **({"cursor": cursor} if cursor else {})}
            page = (await client.get("/v1/generations", params=query, headers=person.headers)).json()
            seen += [item["id"] for item in page["items"]]
            cursor = page["next_cursor"]
            if not cursor:
                break
        assert seen == created[::-1]

    async def test_a_cursor_of_another_list_or_a_made_up_one_is_refused(
        self, client: httpx.AsyncClient, sign_in: SignIn, services: Services
    ) -> None:
        person = await sign_in()
        for cursor in ("abc", "ÿ", services.cursors.seal("works:", str(uuid4()))):
            answer = await client.get("/v1/generations", params={"cursor": cursor}, headers=person.headers)
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid_cursor")

    async def test_a_cancelled_job_returns_its_credit(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        person = await sign_in()
        job = (await create(client, person)).json()
        for _ in range(2):
            answer = await client.post(f"/v1/generations/{job['id']}/cancel", headers=person.headers)
            assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
        credits = (await client.get("/v1/credits", headers=person.headers)).json()
        assert (credits["available"], credits["held"]) == (3, 0)

    async def test_fifty_posts_with_one_key_at_once_are_one_job(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        person = await sign_in()
        answers = await asyncio.gather(*(create(client, person, key="same") for _ in range(50)))
        assert {answer.status_code for answer in answers} == {202}
        assert len({answer.json()["id"] for answer in answers}) == 1
