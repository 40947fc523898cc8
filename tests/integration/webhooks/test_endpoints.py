"""What owners do with their endpoints: secrets once, limits, rotation, tests, replays, leaving."""

import asyncio
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import func, select

from models.webhook import WebhookDelivery, WebhookEndpoint
from service.outbox.delivering import Courier
from service.outbox.endpoints import MOST_ENDPOINTS
from service.wiring import Services
from service.workers.webhook_chores import WebhookChores
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
from tests.fakes.webhook_receiver import Receiver

URL = "https://shop.example.com/hooks"


class TestCreation:
    async def test_the_secret_is_shown_once_and_kept_sealed(
        self, client: httpx.AsyncClient, services: Services, owner: Person, clock: MovableClock
    ) -> None:
        key = str(uuid4())
        made = await post(client, owner, body={"url": URL}, key=key)
        assert (made.status_code, made.headers["idempotency-replayed"]) == (201, "false")
        endpoint, secret = made.json(), made.json()["secret"]
        assert secret.startswith("whsec_")
        assert endpoint["event_types"] is None
        assert (await client.get(made.headers["location"], headers=owner.headers)).status_code == 200
        again = await post(client, owner, body={"url": URL}, key=key)
        assert (again.json(), again.headers["idempotency-replayed"]) == (endpoint, "true")
        clock.advance(hours=2)
        owner = await renew(client, owner)
        late = await post(client, owner, body={"url": URL}, key=key)
        assert late.json() == {**endpoint, "secret": None}
        assert "secret" not in await see(client, owner, endpoint)
        listed = await client.get(PATH, headers=owner.headers)
        assert [one["id"] for one in listed.json()["items"]] == [endpoint["id"]]
        assert secret not in listed.text
        assert secret.removeprefix("whsec_")[:12].encode() not in (await row(services, endpoint)).secret

    async def test_a_key_is_for_one_request(self, client: httpx.AsyncClient, owner: Person) -> None:
        key = str(uuid4())
        assert (await post(client, owner, body={"url": URL}, key=key)).status_code == 201
        other = await post(client, owner, body={"url": URL + "/other"}, key=key)
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        none = await client.post(PATH, json={"url": URL}, headers=owner.headers)
        assert (none.status_code, none.json()["code"]) == (400, "idempotency_key_required")

    async def test_there_are_at_most_five_also_when_six_race(
        self, client: httpx.AsyncClient, owner: Person
    ) -> None:
        answers = await asyncio.gather(*(post(client, owner, body={"url": URL}) for _ in range(6)))
        assert sorted(answer.status_code for answer in answers) == [201] * MOST_ENDPOINTS + [409]
        (refused,) = [answer.json() for answer in answers if answer.status_code == 409]
        assert (refused["code"], refused["limit"]) == ("too_many_webhook_endpoints", MOST_ENDPOINTS)

    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("http://shop.example.com/", "scheme"),
            ("ftp://127.0.0.1/", "scheme"),
            ("https://10.0.0.1/", "address_refused"),
            ("https://user:password@shop.example.com/", "malformed"),
            ("https://shop.example.com/#part", "malformed"),
            ("https:///nowhere", "malformed"),
            ("https://shop.example.com/a b", "malformed"),
            ("\x00", "malformed"),
        ],
    )
    async def test_where_nothing_is_sent_nothing_is_kept(
        self, client: httpx.AsyncClient, owner: Person, url: str, reason: str
    ) -> None:
        refused = await post(client, owner, body={"url": url})
        assert (refused.status_code, refused.json()["code"]) == (422, "webhook_url_refused")
        assert refused.json()["reason"] == reason
        endpoint = await add_endpoint(client, owner, URL)
        moved = await client.patch(f"{PATH}/{endpoint['id']}", json={"url": url}, headers=owner.headers)
        assert moved.json()["reason"] == reason
        assert (await see(client, owner, endpoint))["url"] == URL


class TestChanges:
    async def test_only_what_is_named_changes(
        self, client: httpx.AsyncClient, services: Services, owner: Person
    ) -> None:
        endpoint = await add_endpoint(client, owner, URL, event_types=["order.paid", "batch.finished"])
        path = f"{PATH}/{endpoint['id']}"
        moved = await client.patch(path, json={"url": URL + "/new"}, headers=owner.headers)
        assert moved.json()["event_types"] == ["batch.finished", "order.paid"]
        heard = await client.patch(path, json={"event_types": ["order.refunded"]}, headers=owner.headers)
        assert (heard.json()["url"], heard.json()["event_types"]) == (URL + "/new", ["order.refunded"])
        await happen(services, owner.id, 1)
        everything = await client.patch(path, json={"event_types": None}, headers=owner.headers)
        assert everything.json()["event_types"] is None
        await happen(services, owner.id, 2)
        (kept,) = await deliveries(client, owner, endpoint)
        assert kept["payload"]["data"] == {"order_id": 2}
        wrong: list[dict[str, object]] = [{"state": "disabled"}, {"event_types": []}, {"event_types": ["x"]}]
        for body in [*wrong, {"x": 1}]:
            refused = await client.patch(path, json=body, headers=owner.headers)
            assert (refused.status_code, refused.json()["code"]) == (422, "invalid_request")

    async def test_a_deleted_one_is_gone_with_its_deliveries(
        self, client: httpx.AsyncClient, services: Services, courier: Courier, owner: Person
    ) -> None:
        endpoint = await add_endpoint(client, owner, URL)
        await happen(services, owner.id, 1)
        path = f"{PATH}/{endpoint['id']}"
        assert (await client.delete(path, headers=owner.headers)).status_code == 204
        assert (await client.delete(path, headers=owner.headers)).status_code == 404
        assert await courier.deliver_due() == 0
        async with services.sessions() as session:
            assert await session.scalar(select(func.count()).select_from(WebhookDelivery)) == 0


class TestRotation:
    async def test_both_secrets_sign_for_a_day(
        self,
        client: httpx.AsyncClient,
        services: Services,
        courier: Courier,
        owner: Person,
        receiver: Receiver,
        clock: MovableClock,
    ) -> None:
        endpoint = await add_endpoint(client, owner, receiver.url)
        key = str(uuid4())
        rotated = await post(client, owner, f"/{endpoint['id']}/secret", key=key)
        assert rotated.json()["previous_secret_expires_at"] == "2026-11-12T08:00:00.000Z"
        again = await post(client, owner, f"/{endpoint['id']}/secret", key=key)
        assert again.json() == rotated.json()
        old, new = endpoint["secret"], rotated.json()["secret"]
        await happen(services, owner.id, 1)
        await courier.deliver_due()
        clock.advance(hours=24)
        await happen(services, owner.id, 2)
        await courier.deliver_due()
        during, after = receiver.received
        assert len(during.headers["webhook-signature"].split(" ")) == 2
        assert (verify(old, during), verify(new, during)) == (True, True)
        assert (verify(old, after), verify(new, after)) == (False, True)

    async def test_a_secret_of_another_installation_is_said_and_mended_by_rotation(
        self,
        client: httpx.AsyncClient,
        services: Services,
        courier: Courier,
        owner: Person,
        receiver: Receiver,
        clock: MovableClock,
    ) -> None:
        endpoint = await add_endpoint(client, owner, receiver.url)
        async with services.sessions.begin() as session:
            (await session.get_one(WebhookEndpoint, (await row(services, endpoint)).id)).secret = bytes(60)
        await happen(services, owner.id, 1)
        await courier.deliver_due()
        (tried,) = await deliveries(client, owner, endpoint)
        assert tried["failure"]["code"] == "secret_unreadable"
        secret = (await post(client, owner, f"/{endpoint['id']}/secret")).json()["secret"]
        clock.advance(seconds=10)
        await courier.deliver_due()
        assert [verify(secret, one) for one in receiver.received] == [True]


class TestDeliveries:
    async def test_a_test_is_sent_once_for_each_key_whatever_is_subscribed_to(
        self, client: httpx.AsyncClient, courier: Courier, owner: Person, receiver: Receiver
    ) -> None:
        endpoint = await add_endpoint(client, owner, receiver.url, event_types=["order.paid"])
        key = str(uuid4())
        first, again = [await post(client, owner, f"/{endpoint['id']}/test", key=key) for _ in range(2)]
        assert (first.status_code, first.json()) == (202, again.json())
        assert await courier.deliver_due() == 1
        assert receiver.types() == ["webhook.test"]
        assert receiver.received[0].id == first.json()["event_id"]
        (sent,) = await deliveries(client, owner, endpoint)
        assert (sent["state"], sent["answer_status"], sent["attempts"]) == ("delivered", 200, 1)

    async def test_the_list_is_paged_and_its_cursor_is_its_own(
        self, client: httpx.AsyncClient, services: Services, owner: Person
    ) -> None:
        endpoint, other = [await add_endpoint(client, owner, URL) for _ in range(2)]
        await happen(services, owner.id, *range(5))
        path, found, cursor = f"{PATH}/{endpoint['id']}/deliveries", [], None
        while True:
            query = {"limit": "2", **({"cursor": cursor} if cursor else {})}
            page = (await client.get(path, params=query, headers=owner.headers)).json()
            found += [one["payload"]["data"]["order_id"] for one in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = page["next_cursor"]
        assert found == [4, 3, 2, 1, 0]
        foreign = f"{PATH}/{other['id']}/deliveries?cursor={cursor}"
        assert (await client.get(foreign, headers=owner.headers)).json()["code"] == "invalid_cursor"
        none = await client.get(f"{path}?state=delivered", headers=owner.headers)
        assert none.json()["items"] == []

    async def test_a_replay_sends_again_in_order_before_what_is_new(
        self,
        client: httpx.AsyncClient,
        services: Services,
        courier: Courier,
        owner: Person,
        receiver: Receiver,
        clock: MovableClock,
    ) -> None:
        endpoint = await add_endpoint(client, owner, receiver.url)
        await happen(services, owner.id, 1)
        clock.advance(minutes=1)
        since = clock().isoformat()
        await happen(services, owner.id, 2, 3)
        await courier.deliver_due()
        await happen(services, owner.id, 4)
        key, path = str(uuid4()), f"/{endpoint['id']}/replay"
        for _ in range(2):
            answer = await post(client, owner, path, {"since": since}, key=key)
            assert (answer.status_code, answer.json()) == (202, {"replayed": 2})
        await courier.deliver_due()
        again = await post(client, owner, path, {"since": since}, key=key)
        assert again.json() == {"replayed": 2}
        reused = await post(client, owner, path, {"since": "2026-11-11T07:00:00Z"}, key=key)
        assert reused.json()["code"] == "idempotency_key_reused"
        assert await courier.deliver_due() == 0
        assert numbers(receiver.received) == [1, 2, 3, 2, 3, 4]
        assert receiver.received[1].id == receiver.received[3].id
        for wrong in ("2026-11-11T07:00:00", "0001-01-01T00:00:00+14:00", "yesterday"):
            assert (await post(client, owner, path, {"since": wrong})).status_code == 422

    async def test_one_delivery_is_sent_again_once_for_each_key(
        self,
        client: httpx.AsyncClient,
        services: Services,
        courier: Courier,
        owner: Person,
        receiver: Receiver,
    ) -> None:
        endpoint = await add_endpoint(client, owner, receiver.url)
        await happen(services, owner.id, 1, 2)
        await courier.deliver_due()
        oldest = (await deliveries(client, owner, endpoint))[-1]
        key, path = str(uuid4()), f"/{endpoint['id']}/deliveries/{oldest['id']}/replay"
        answer = await post(client, owner, path, key=key)
        assert (answer.status_code, answer.json()["state"]) == (202, "waiting")
        await courier.deliver_due()
        assert (await post(client, owner, path, key=key)).json()["state"] == "delivered"
        assert await courier.deliver_due() == 0
        assert numbers(receiver.received) == [1, 2, 1]
        unknown = await post(client, owner, f"/{endpoint['id']}/deliveries/{uuid4()}/replay")
        assert (unknown.status_code, unknown.json()["code"]) == (404, "webhook_delivery_not_found")
        other = await add_endpoint(client, owner, URL)
        elsewhere = await post(client, owner, f"/{other['id']}/deliveries/{oldest['id']}/replay")
        assert elsewhere.status_code == 404

    async def test_old_deliveries_are_forgotten_and_the_queue_goes_on(
        self,
        client: httpx.AsyncClient,
        services: Services,
        courier: Courier,
        owner: Person,
        receiver: Receiver,
        clock: MovableClock,
    ) -> None:
        await add_endpoint(client, owner, receiver.url)
        await happen(services, owner.id, 1)
        clock.advance(days=30, seconds=1)
        await WebhookChores(services).purge()
        assert await courier.deliver_due() == 0
        await happen(services, owner.id, 2)
        assert await courier.deliver_due() == 1
        assert numbers(receiver.received) == [2]
