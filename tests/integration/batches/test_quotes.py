"""What is sent is checked row by row and priced; nothing is held before the start."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select

from models.batch import Batch, BatchRow
from models.generation import Generation
from service.flows.quote_batch import MAX_QUOTES
from service.wiring import Services
from tests.factories.batches import TEMPLATE, credits_of, quote, read, rows, start
from tests.factories.people import Person, SignIn
from tests.factories.photos import sent
from tests.fakes.clock import MovableClock

CSV = "姓名,祝福语\n林晚晴,愿你平安喜乐。\n陆知远,\n"


async def send_csv(
    client: httpx.AsyncClient, person: Person, content: bytes, **fields: str
) -> httpx.Response:
    return await client.post(
        "/v1/batches",
        files={"rows": ("list.csv", content, "text/csv")},
        data=fields or {"template": json.dumps(TEMPLATE)},
        headers={**person.headers, "idempotency-key": str(uuid4())},
    )


class TestQuote:
    async def test_good_rows_have_a_price_and_bad_ones_a_line_and_a_reason(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        answer = await quote(
            client,
            firm,
            [
                {"recipient": "林晚晴", "message": "中秋快乐"},
                {"recipient": ""},
                {"recipient": "陆知远", "colour": "red"},
                {"recipient": "苏叶", "message": "加我微信 wxid_12345678，代开发票"},
                {"recipient": "周明", "message": None, "style": "lantern"},
                {"message": "没有名字"},
                {"recipient": "na\x00me"},
                {"recipient": "叶舟", "photo_id": "\x00"},  # which the message about it quotes
            ],
        )
        assert answer.status_code == 201, answer.text
        body = answer.json()
        assert answer.headers["location"] == f"/v1/batches/{body['id']}"
        assert (body["state"], body["rows"]) == ("quoted", {"total": 8, "good": 2, "bad": 6})
        assert body["price_credits"] == 2
        assert body["expires_at"] == "2026-11-12T08:00:00.000Z"
        found = [(problem["line"], problem["loc"], problem["code"]) for problem in body["problems"]]
        assert found == [
            (2, ["recipient"], "invalid_spec"),
            (3, ["colour"], "invalid_spec"),
            (4, [], "prompt_rejected"),
            (6, ["recipient"], "invalid_spec"),
            (7, ["recipient"], "invalid_spec"),
            (8, ["photo_id"], "invalid_spec"),
        ]
        assert all(problem["msg"] for problem in body["problems"])
        assert "wxid" not in answer.text
        assert await credits_of(services, firm.id) == (600, 0)
        assert (await read(client, firm, body["id"])) == body

    async def test_a_key_means_one_batch(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        first = await quote(client, firm, rows("林晚晴"), key="k")
        again = await quote(client, firm, rows("林晚晴"), key="k")
        other = await quote(client, firm, rows("陆知远"), key="k")
        assert first.json() == again.json()
        assert [answer.headers.get("idempotency-replayed") for answer in (first, again)] == ["false", "true"]
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        async with services.sessions() as session:
            assert await session.scalar(select(func.count()).select_from(Batch)) == 1

    async def test_a_key_is_required(self, client: httpx.AsyncClient, firm: Person) -> None:
        answer = await client.post("/v1/batches", json={"rows": rows("a")}, headers=firm.headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")

    async def test_a_wrong_template_is_told_at_once(self, client: httpx.AsyncClient, firm: Person) -> None:
        answer = await quote(client, firm, rows("林晚晴"), template={"occasion": "doomsday"})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_spec")
        assert answer.json()["errors"][0]["loc"] == ["template", "occasion"]

    @pytest.mark.parametrize(
        "body", ["[]", "{}", '{"rows": []}', '{"rows": ["a"]}', '{"rows": [{}], "x": 1}']
    )
    async def test_what_is_no_batch_is_refused(
        self, client: httpx.AsyncClient, firm: Person, body: str
    ) -> None:
        headers = {**firm.headers, "idempotency-key": "k", "content-type": "application/json"}
        answer = await client.post("/v1/batches", content=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_spec")

    async def test_no_more_than_five_hundred_rows(self, client: httpx.AsyncClient, firm: Person) -> None:
        most = await quote(client, firm, rows(*["晚晴"] * 500))
        assert (most.status_code, most.json()["rows"]["good"]) == (201, 500)
        more = await quote(client, firm, rows(*["晚晴"] * 501))
        assert (more.status_code, more.json()["errors"][0]["loc"]) == (422, ["rows"])

    async def test_a_quote_ends_and_its_rows_are_forgotten(
        self, client: httpx.AsyncClient, services: Services, firm: Person, clock: MovableClock
    ) -> None:
        from service.workers.chores import Chores

        batch_id = (await quote(client, firm, rows("林晚晴"))).json()["id"]
        clock.advance(minutes=14)
        assert (await read(client, firm, batch_id))["state"] == "quoted"
        async with services.sessions.begin() as session:
            batch = (await session.scalars(select(Batch))).one()
            batch.expires_at = clock()
        late = await start(client, firm, batch_id)
        assert (late.status_code, late.json()["code"]) == (409, "quote_expired")
        assert (await read(client, firm, batch_id))["state"] == "expired"
        await Chores(services).expire_quotes()
        async with services.sessions() as session:
            assert (await session.scalars(select(BatchRow))).all() == []
        late = await start(client, firm, batch_id)
        assert (late.status_code, late.json()["code"]) == (409, "quote_expired")
        assert await credits_of(services, firm.id) == (600, 0)

    async def test_quotes_that_wait_are_counted(self, client: httpx.AsyncClient, firm: Person) -> None:
        kept = [(await quote(client, firm, rows("林晚晴"))).json()["id"] for _ in range(MAX_QUOTES)]
        more = await quote(client, firm, rows("林晚晴"))
        assert (more.status_code, more.json()["code"], more.json()["limit"]) == (409, "too_many_quotes", 20)
        assert (await client.post(f"/v1/batches/{kept[0]}/cancel", headers=firm.headers)).status_code == 200
        assert (await quote(client, firm, rows("林晚晴"))).status_code == 201

    async def test_a_photo_must_be_ones_own(
        self, client: httpx.AsyncClient, firm: Person, sign_in: SignIn
    ) -> None:
        mine = (await sent(client, firm))["id"]
        theirs = (await sent(client, await sign_in()))["id"]
        answer = await quote(
            client,
            firm,
            [{"recipient": "林晚晴", "photo_id": mine}, {"recipient": "陆知远", "photo_id": theirs}],
        )
        assert answer.json()["rows"] == {"total": 2, "good": 1, "bad": 1}
        assert (answer.json()["problems"][0]["line"], answer.json()["problems"][0]["loc"]) == (
            2,
            ["photo_id"],
        )


class TestTables:
    async def test_a_form_with_a_file_and_json(self, client: httpx.AsyncClient, firm: Person) -> None:
        answer = await send_csv(client, firm, CSV.encode())
        assert answer.status_code == 201, answer.text
        assert answer.json()["rows"] == {"total": 2, "good": 2, "bad": 0}

    async def test_a_form_with_the_template_in_its_own_fields(
        self, client: httpx.AsyncClient, services: Services, firm: Person
    ) -> None:
        answer = await send_csv(
            client, firm, CSV.encode("gb18030"), occasion="new_home", sender="知夏", start="true"
        )
        assert (answer.status_code, answer.json()["state"]) == (201, "running")
        async with services.sessions() as session:
            jobs = (await session.scalars(select(Generation).order_by(Generation.id))).all()
        assert [(job.spec["recipient"], job.spec["message"]) for job in jobs] == [
            ("林晚晴", "愿你平安喜乐。"),
            ("陆知远", None),
        ]
        assert {job.spec["occasion"] for job in jobs} == {"new_home"}

    async def test_the_file_alone(self, client: httpx.AsyncClient, firm: Person) -> None:
        content = "name,from,occasion\nAda,Bea,birthday\n,,\nCleo,Bea,doomsday\n"
        headers = {**firm.headers, "idempotency-key": "k", "content-type": "text/csv"}
        answer = await client.post("/v1/batches", content=content, headers=headers)
        assert (answer.status_code, answer.json()["rows"]["good"]) == (201, 1)
        assert [(found["line"], found["loc"]) for found in answer.json()["problems"]] == [(4, ["occasion"])]

    @pytest.mark.parametrize(
        ("content", "status", "code"),
        [
            (b"name\n" + b"a\n" * 501, 422, "unreadable_table"),
            (b"name\n" + b"a\n" * 1_000_000, 413, "body_too_large"),
            (b"\xff\xfen\x00a\x00", 422, "unreadable_table"),
            (b"name,phone\na,1\n", 422, "unreadable_table"),
            (b"", 422, "unreadable_table"),
        ],
    )
    async def test_a_bad_file_is_refused_whole(
        self, client: httpx.AsyncClient, firm: Person, content: bytes, status: int, code: str
    ) -> None:
        answer = await send_csv(client, firm, content)
        assert (answer.status_code, answer.json()["code"]) == (status, code)

    @pytest.mark.parametrize(
        "fields", [{"template": "{"}, {"template": "[]"}, {"colour": "red"}, {"start": "perhaps"}]
    )
    async def test_a_bad_form_is_refused(
        self, client: httpx.AsyncClient, firm: Person, fields: dict[str, Any]
    ) -> None:
        assert (await send_csv(client, firm, CSV.encode(), **fields)).status_code == 422

    async def test_a_form_without_a_table_and_another_media_type(
        self, client: httpx.AsyncClient, firm: Person
    ) -> None:
        headers = {**firm.headers, "idempotency-key": "k"}
        form = await client.post("/v1/batches", files={"a": ("a", b"", "text/csv")}, headers=headers)
        assert (form.status_code, form.json()["code"]) == (422, "unreadable_table")
        other = await client.post(
            "/v1/batches", content=b"<a/>", headers={**headers, "content-type": "text/xml"}
        )
        assert (other.status_code, other.json()["code"]) == (415, "unsupported_media_type")
