"""A buyer's back end is told of its orders, and a copy of one's data holds them."""

import json

import httpx
from sqlalchemy import select

from models.letter import Letter, LetterKind
from models.webhook import WebhookDelivery
from service.flows.build_export import describe_account
from service.letters.writing import write
from service.rehearsal.server import Rehearsal
from service.wiring import Services
from tests.factories.orders import checkout_of, empty_inbox, order, payment_of
from tests.factories.people import SignIn
from tests.fakes.stripe_server.deliveries import Deliveries


class TestOutbox:
    async def test_paid_and_refunded_are_told_once_each(
        self,
        client: httpx.AsyncClient,
        services: Services,
        rehearsal: Rehearsal,
        deliveries: Deliveries,
        sign_in: SignIn,
    ) -> None:
        buyer, other = await sign_in(), await sign_in()
        for person in (buyer, other):
            made = await client.post(
                "/v1/webhook-endpoints",
                json={"url": "https://hooks.example.com/huajian"},
                headers={**person.headers, "idempotency-key": "k"},
            )
            assert made.status_code == 201, made.text
        bought = await order(client, buyer)
        rehearsal.bank.pay(checkout_of(bought))
        rehearsal.bank.refund(payment_of(rehearsal, bought), 500)
        await deliveries.deliver(copies=2)
        renamed = [{**event, "id": f"{event['id']}_again"} for event in rehearsal.objects.all("event")]
        for event in renamed:
            await deliveries.send(event)
        await empty_inbox(services)
        async with services.sessions() as session:
            told = (await session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.position))).all()
        bodies = [json.loads(delivery.body) for delivery in told]
        assert [(body["type"], body["data"]["refunded_minor"]) for body in bodies] == [
            ("order.paid", 0),
            ("order.refunded", 500),
        ]
        assert bodies[0]["data"] == {
            "order_id": bought["id"],
            "item": "pack:small",
            "credits": 10,
            "state": "paid",
            "currency": "CNY",
            "amount_minor": 1200,
            "refunded_minor": 0,
            "kept_minor": 0,
        }


class TestCopy:
    async def test_a_copy_of_ones_data_holds_ones_orders(
        self, client: httpx.AsyncClient, services: Services, sign_in: SignIn
    ) -> None:
        buyer, other = await sign_in(), await sign_in()
        mine = await order(client, buyer)
        await order(client, other)
        async with services.sessions() as session:
            described = await describe_account(session, buyer.id)
        assert [str(one["id"]) for one in described["orders"]] == [mine["id"]]


class TestConfirmation:
    async def test_what_was_bought_is_confirmed_once(
        self,
        client: httpx.AsyncClient,
        services: Services,
        rehearsal: Rehearsal,
        deliveries: Deliveries,
        sign_in: SignIn,
    ) -> None:
        buyer = await sign_in()
        bought = await order(client, buyer)
        await order(client, buyer)  # nobody pays this one
        rehearsal.bank.pay(checkout_of(bought))
        await deliveries.deliver(copies=2)
        await empty_inbox(services)
        async with services.sessions() as session:
            (letter,) = (await session.scalars(select(Letter))).all()
        assert (letter.kind, letter.user_id) == (LetterKind.ORDER_CONFIRMED, buyer.id)
        assert (letter.facts["order"], letter.facts["price_minor"]) == (bought["id"], 1200)
        written = write(
            letter.kind, letter.facts, catalog=services.catalog, language="zh", timezone="UTC", base_url=""
        )
        assert "小加速包" in written.subject
        assert f"http://huajian/orders/{bought['id']}" in written.body
