"""What is told: beside the change that it tells of, or not at all."""

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event as sqlalchemy_event

from service.flows.give_up_waiting import give_up_waiting
from service.http.webhook_events import SHAPES
from service.outbox import queries as outbox
from service.outbox.delivering import Courier
from service.outbox.events import TEST_EVENT, EventType
from service.wiring import Services
from tests.factories.batches import quote, read, rows
from tests.factories.jobs import PATIENCE_SECONDS, running_worker, until
from tests.factories.people import CARD, Person, create
from tests.factories.webhooks import add_endpoint, deliveries, post
from tests.fakes.webhook_receiver import Receiver

URL = "https://shop.example.com/hooks"


def scripted(words: str) -> dict[str, Any]:
    """A card that the scripted producer makes as these words say."""
    return {**CARD, "spec": {**CARD["spec"], "recipient": words}}


async def told(client: httpx.AsyncClient, owner: Person, endpoint: dict[str, Any]) -> list[dict[str, Any]]:
    """Payloads, oldest first."""
    return [one["payload"] for one in (await deliveries(client, owner, endpoint))[::-1]]


async def until_ended(client: httpx.AsyncClient, owner: Person, batch_id: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if (await read(client, owner, batch_id))["state"] != "running":
                return
            await asyncio.sleep(0.05)


class TestEvents:
    async def test_a_made_work_is_told_with_its_ids_and_nothing_of_its_words(
        self,
        client: httpx.AsyncClient,
        services: Services,
        courier: Courier,
        owner: Person,
        receiver: Receiver,
    ) -> None:
        await add_endpoint(client, owner, receiver.url)
        async with running_worker(services):
            job_id = (await create(client, owner)).json()["id"]
            await until(services, UUID(job_id))
        assert await courier.deliver_due() == 1
        (received,) = receiver.received
        job = (await client.get(f"/v1/generations/{job_id}", headers=owner.headers)).json()
        assert received.event["type"] == "generation.succeeded"
        assert received.event["data"] == {
            "generation_id": job_id,
            "kind": "card",
            "work_id": job["work"]["id"],
            "batch_id": None,
        }
        assert "林晚晴" not in received.body.decode()

    @pytest.mark.parametrize(("words", "expected"), [("reject", "rejected"), ("invalid", "failed")])
    async def test_other_ends_of_a_worker_are_told(
        self, client: httpx.AsyncClient, services: Services, owner: Person, words: str, expected: str
    ) -> None:
        endpoint = await add_endpoint(client, owner, URL)
        async with running_worker(services):
            job_id = (await create(client, owner, scripted(words))).json()["id"]
            assert (await until(services, UUID(job_id))).state.value == expected
        (payload,) = await told(client, owner, endpoint)
        assert payload["type"] == f"generation.{expected}"

    async def test_what_was_cancelled_or_given_up_is_told(
        self, client: httpx.AsyncClient, services: Services, owner: Person
    ) -> None:
        endpoint = await add_endpoint(client, owner, URL)
        first, second = [(await create(client, owner)).json()["id"] for _ in range(2)]
        for _ in range(2):
            await client.post(f"/v1/generations/{first}/cancel", headers=owner.headers)
        now = services.clock() + timedelta(hours=7)
        async with services.sessions.begin() as session:
            assert await give_up_waiting(session, wait=timedelta(hours=6), now=now) == [UUID(second)]
        found = await told(client, owner, endpoint)
        assert [one["type"] for one in found] == ["generation.cancelled", "generation.failed"]

    async def test_a_batch_is_told_after_its_rows(
        self, client: httpx.AsyncClient, services: Services, owner: Person
    ) -> None:
        endpoint = await add_endpoint(client, owner, URL)
        batch = (await quote(client, owner, rows("林晚晴", "知夏"), start=True)).json()
        async with running_worker(services):
            await until_ended(client, owner, batch["id"])
        found = await told(client, owner, endpoint)
        assert [one["type"] for one in found] == ["generation.succeeded"] * 2 + ["batch.finished"]
        assert {one["data"]["batch_id"] for one in found} == {batch["id"]}
        assert found[-1]["data"] == {"batch_id": batch["id"], "state": "done"}

    async def test_a_cancelled_batch_tells_of_each_row_and_then_of_itself(
        self, client: httpx.AsyncClient, owner: Person
    ) -> None:
        endpoint = await add_endpoint(client, owner, URL)
        batch = (await quote(client, owner, rows("林晚晴", "知夏"), start=True)).json()
        for _ in range(2):
            await client.post(f"/v1/batches/{batch['id']}/cancel", headers=owner.headers)
        found = await told(client, owner, endpoint)
        assert [one["type"] for one in found] == ["generation.cancelled"] * 2 + ["batch.finished"]
        assert found[-1]["data"] == {"batch_id": batch["id"], "state": "cancelled"}


class TestOutbox:
    async def test_what_is_rolled_back_was_never_told(
        self, client: httpx.AsyncClient, services: Services, courier: Courier, owner: Person
    ) -> None:
        endpoint = await add_endpoint(client, owner, URL)
        async with services.sessions() as session:
            await outbox.append(
                session, owner.id, EventType.ORDER_PAID, {"order_id": 1}, now=services.clock()
            )
            await session.rollback()
        assert await told(client, owner, endpoint) == []
        assert await courier.claim() is None

    async def test_one_event_has_one_id_at_every_endpoint_that_listens(
        self, client: httpx.AsyncClient, services: Services, owner: Person
    ) -> None:
        kinds = (["order.paid"], None, ["order.refunded"])
        endpoints = [await add_endpoint(client, owner, URL, event_types=kind) for kind in kinds]
        async with services.sessions.begin() as session:
            await outbox.append(
                session, owner.id, EventType.ORDER_PAID, {"order_id": 1}, now=services.clock()
            )
        found = [await deliveries(client, owner, endpoint) for endpoint in endpoints]
        assert [len(each) for each in found] == [1, 1, 0]
        assert found[0][0]["event_id"] == found[1][0]["event_id"]

    async def test_without_an_endpoint_an_event_costs_one_statement(
        self, services: Services, owner: Person
    ) -> None:
        statements: list[str] = []

        def note(_: object, __: object, statement: str, *___: object) -> None:
            statements.append(statement)

        sqlalchemy_event.listen(services.engine.sync_engine, "before_cursor_execute", note)
        try:
            async with services.sessions.begin() as session:
                await outbox.append(session, owner.id, EventType.ORDER_PAID, {}, now=services.clock())
        finally:
            sqlalchemy_event.remove(services.engine.sync_engine, "before_cursor_execute", note)
        assert len(statements) == 1


class TestDocument:
    def test_every_event_is_described_with_the_headers_it_has(self, app: FastAPI) -> None:
        document = app.openapi()
        assert document["webhooks"].keys() == {*EventType, TEST_EVENT}
        for section in document["webhooks"].values():
            headers = {parameter["name"] for parameter in section["post"]["parameters"]}
            assert headers == {"webhook-id", "webhook-timestamp", "webhook-signature"}
            shape = section["post"]["requestBody"]["content"]["application/json"]["schema"]["$ref"]
            assert shape.rpartition("/")[2] in document["components"]["schemas"]

    async def test_what_is_sent_has_the_shape_that_is_described(
        self,
        client: httpx.AsyncClient,
        services: Services,
        courier: Courier,
        owner: Person,
        receiver: Receiver,
    ) -> None:
        endpoint = await add_endpoint(client, owner, receiver.url)
        batch = (await quote(client, owner, rows("林晚晴"), start=True)).json()
        await client.post(f"/v1/batches/{batch['id']}/cancel", headers=owner.headers)
        await post(client, owner, f"/{endpoint['id']}/test")
        await courier.deliver_due()
        assert receiver.types() == ["generation.cancelled", "batch.finished", "webhook.test"]
        for received in receiver.received:
            shape, _ = SHAPES[received.event["type"]]
            read = shape.model_validate_json(received.body, extra="forbid")
            assert json.loads(read.model_dump_json()) == received.event
