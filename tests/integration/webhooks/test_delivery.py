"""At least once, in order, signed; patient for a day, then kept until the owner says go."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from unittest.mock import ANY

import httpx
import pytest

from models.webhook import EndpointState
from service.outbox.delivering import Courier, Outcome
from service.wiring import Services
from tests.factories.people import Person
from tests.factories.webhooks import (
    PATH,
    add_endpoint,
    deliveries,
    happen,
    numbers,
    post,
    renew,
    row,
    see,
    verify,
)
from tests.fakes.clock import MovableClock
from tests.fakes.webhook_receiver import ENDLESS, Receiver, receiving


@pytest.fixture
def other() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


class TestDelivery:
    async def test_events_arrive_once_in_order_and_signed(
        self,
        client: httpx.AsyncClient,
        services: Services,
        courier: Courier,
        owner: Person,
        receiver: Receiver,
        clock: MovableClock,
    ) -> None:
        endpoint = await add_endpoint(client, owner, f"{receiver.url}/hooks?shop=7")
        await happen(services, owner.id, *range(5))
        assert await courier.deliver_due() == 5
        assert await courier.deliver_due() == 0
        assert numbers(receiver.received) == [0, 1, 2, 3, 4]
        first = receiver.received[0]
        assert first.path == "/hooks?shop=7"
        assert first.headers["host"] == receiver.url.removeprefix("http://")
        assert first.headers["content-type"] == "application/json"
        assert first.headers["webhook-timestamp"] == str(int(clock().timestamp()))
        assert first.event == {
            "type": "order.paid",
            "timestamp": "2026-11-11T08:00:00.000Z",
            "data": {"order_id": 0},
        }
        assert all(verify(endpoint["secret"], one) for one in receiver.received)
        assert not verify("whsec_" + "A" * 43 + "=", first)
        assert len({one.id for one in receiver.received}) == 5

    async def test_a_failure_is_tried_again_and_what_comes_later_waits(
        self,
        client: httpx.AsyncClient,
        services: Services,
        courier: Courier,
        owner: Person,
        receiver: Receiver,
        clock: MovableClock,
    ) -> None:
        endpoint = await add_endpoint(client, owner, receiver.url)
        receiver.statuses = [500, 503]
        await happen(services, owner.id, 1)
        assert await courier.deliver_due() == 1
        await happen(services, owner.id, 2)
        assert await courier.deliver_due() == 0, "a new event does not hurry an old one"
        failing = await see(client, owner, endpoint)
        assert failing["failing_since"] == "2026-11-11T08:00:00.000Z"
        clock.advance(seconds=7)
        assert await courier.deliver_due() == 1
        assert await courier.deliver_due() == 0
        clock.advance(seconds=25)
        assert await courier.deliver_due() == 2
        assert numbers(receiver.received) == [1, 1, 1, 2]
        assert len({one.id for one in receiver.received}) == 2
        assert len({one.body for one in receiver.received}) == 2
        stamps = [int(one.headers["webhook-timestamp"]) for one in receiver.received]
        assert stamps[0] < stamps[1] < stamps[2]
        assert all(verify(endpoint["secret"], one) for one in receiver.received)
        assert (await see(client, owner, endpoint))["failing_since"] is None

    async def test_it_waits_longer_each_time_and_pauses_after_a_day(
        self,
        client: httpx.AsyncClient,
        services: Services,
        courier: Courier,
        owner: Person,
        receiver: Receiver,
        clock: MovableClock,
    ) -> None:
        endpoint = await add_endpoint(client, owner, receiver.url)
        receiver.statuses = [500] * 100
        await happen(services, owner.id, 1, 2)
        began, waits = clock(), []
        assert await courier.deliver_next() is Outcome.FAILED
        for _ in range(100):
            state = await row(services, endpoint)
            if state.state is not EndpointState.ENABLED:
                break
            due = state.next_attempt_at
            assert due is not None
            waits.append((due - clock()).total_seconds())
            assert await courier.deliver_next() is None
            clock.now = due + timedelta(seconds=1)
            await courier.deliver_next()
        assert 4 <= waits[0] <= 6
        assert all(later > 2 * earlier for earlier, later in pairwise(waits[:6]))
        assert max(waits) <= 3.6 * 3600
        assert timedelta(days=1) <= clock() - began < timedelta(days=1, minutes=1)
        assert 10 <= len(receiver.received) <= 20
        owner = await renew(client, owner)
        seen = await see(client, owner, endpoint)
        assert (seen["state"], seen["reason"]["code"]) == ("paused", "failed_for_a_day")
        assert "for a day" in seen["reason"]["text"]
        clock.advance(days=3)
        await happen(services, owner.id, 3)
        receiver.statuses, receiver.received = [], []
        owner = await renew(client, owner)
        await client.patch(f"{PATH}/{endpoint['id']}", json={"state": "enabled"}, headers=owner.headers)
        assert await courier.deliver_due() == 3
        assert numbers(receiver.received) == [1, 2, 3]

    async def test_a_paused_endpoint_keeps_its_events_and_goes_on_in_order(
        self,
        client: httpx.AsyncClient,
        services: Services,
        courier: Courier,
        owner: Person,
        receiver: Receiver,
    ) -> None:
        endpoint = await add_endpoint(client, owner, receiver.url)
        await happen(services, owner.id, 1)
        path = f"{PATH}/{endpoint['id']}"
        paused = await client.patch(path, json={"state": "paused"}, headers=owner.headers)
        assert (paused.json()["state"], paused.json()["reason"]["code"]) == ("paused", "by_owner")
        await happen(services, owner.id, 2, 3)
        assert await courier.deliver_due() == 0
        refused = await post(client, owner, f"/{endpoint['id']}/test")
        assert (refused.status_code, refused.json()["code"]) == (409, "webhook_endpoint_not_enabled")
        resumed = await client.patch(path, json={"state": "enabled"}, headers=owner.headers)
        assert (resumed.json()["state"], resumed.json()["reason"]) == ("enabled", None)
        assert await courier.deliver_due() == 3
        assert numbers(receiver.received) == [1, 2, 3]

    async def test_gone_is_an_end_and_a_redirect_is_not_followed(
        self,
        client: httpx.AsyncClient,
        services: Services,
        courier: Courier,
        owner: Person,
        receiver: Receiver,
        clock: MovableClock,
    ) -> None:
        endpoint = await add_endpoint(client, owner, receiver.url)
        receiver.statuses = [302, 410]
        await happen(services, owner.id, 1)
        assert await courier.deliver_next() is Outcome.FAILED
        (tried,) = await deliveries(client, owner, endpoint)
        assert (tried["answer_status"], tried["failure"]["code"]) == (302, "redirect")
        clock.advance(seconds=10)
        assert await courier.deliver_next() is Outcome.DISABLED
        assert [one.path for one in receiver.received] == ["/", "/"]
        await happen(services, owner.id, 2)
        assert len(await deliveries(client, owner, endpoint)) == 1
        state = await see(client, owner, endpoint)
        assert (state["state"], state["reason"]["code"]) == ("disabled", "gone")

    async def test_an_answer_without_end_is_not_read(
        self,
        client: httpx.AsyncClient,
        services: Services,
        courier: Courier,
        owner: Person,
        receiver: Receiver,
    ) -> None:
        await add_endpoint(client, owner, receiver.url)
        receiver.statuses = [ENDLESS]
        await happen(services, owner.id, 1)
        assert await courier.deliver_next() is Outcome.DELIVERED

    async def test_nobody_there_is_a_failure_with_a_reason(
        self, client: httpx.AsyncClient, services: Services, courier: Courier, owner: Person
    ) -> None:
        with receiving() as gone:
            url = gone.url
        endpoint = await add_endpoint(client, owner, url)
        await happen(services, owner.id, 1)
        assert await courier.deliver_next() is Outcome.FAILED
        (tried,) = await deliveries(client, owner, endpoint, language="zh")
        assert (tried["answer_status"], tried["failure"]) == (None, {"code": "connection", "text": ANY})
        assert "无法建立连接" in tried["failure"]["text"]
