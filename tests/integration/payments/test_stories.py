"""What buyers, banks and Stripe do, to the cent: credits, the order's state, our books, Stripe's balance."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import pytest

from billing.invariants import find_breaches
from billing.orders.errors import OrderUnpaidError
from billing.payments import WarningFacts
from service.flows.apply_payments import apply_report, complete
from service.invariants import JOB_INVARIANTS
from service.rehearsal.bank import DISPUTE_FEE
from service.rehearsal.server import Rehearsal
from service.wiring import Services
from tests.factories.credits import skip_month
from tests.factories.orders import (
    books,
    buy,
    checkout_of,
    credits_of,
    empty_inbox,
    order,
    payment_of,
    state_of,
)
from tests.factories.people import Person, SignIn, create
from tests.fakes.clock import MovableClock
from tests.fakes.stripe_server.deliveries import Deliveries

FEE = 1200 * 29 // 1000 + 30


class Story:
    """One buyer of the small pack for CNY 12.00, and everybody who has a say in it."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        services: Services,
        rehearsal: Rehearsal,
        deliveries: Deliveries,
        buyer: Person,
    ) -> None:
        self.client = client
        self.services = services
        self.bank = rehearsal.bank
        self.rehearsal = rehearsal
        self.deliveries = deliveries
        self.buyer = buyer
        self.order: dict[str, Any] = {}

    async def start(self) -> str:
        """The checkout's id."""
        self.order = await order(self.client, self.buyer)
        return checkout_of(self.order)

    async def pay(self) -> str:
        """The payment's id."""
        self.bank.pay(await self.start())
        await self.settle()
        return payment_of(self.rehearsal, self.order)

    async def spend(self, count: int) -> None:
        for _ in range(count):
            assert (await create(self.client, self.buyer)).status_code == 202

    async def settle(self) -> None:
        await self.deliveries.deliver()
        await empty_inbox(self.services)

    async def state(self) -> str:
        return await state_of(self.client, self.buyer, self.order)

    async def credits(self) -> tuple[int, int]:
        return await credits_of(self.client, self.buyer)

    async def lot(self) -> dict[str, Any]:
        read = await self.client.get("/v1/credits", headers=self.buyer.headers)
        found: dict[str, Any] = read.json()["lots"][0]
        return found

    async def renew(self) -> None:
        """Sign in again: days have passed."""
        tokens = {"grant_type": "refresh_token", "refresh_token": self.buyer.refresh_token}
        renewed = (await self.client.post("/v1/auth/token", json=tokens)).json()
        self.buyer = replace(
            self.buyer, access_token=renewed["access_token"], refresh_token=renewed["refresh_token"]
        )

    async def books(self) -> dict[str, int]:
        return await books(self.services)


@pytest.fixture
async def story(
    client: httpx.AsyncClient,
    services: Services,
    rehearsal: Rehearsal,
    deliveries: Deliveries,
    sign_in: SignIn,
    clock: MovableClock,
) -> AsyncIterator[Story]:
    """In the end every invariant holds, and our books of Stripe's balance are Stripe's balance."""
    buyer = await sign_in()
    async with services.sessions.begin() as session:
        await skip_month(session, buyer.id, now=clock())
    told = Story(client, services, rehearsal, deliveries, buyer)
    yield told
    async with services.sessions() as session:
        assert await find_breaches(session, JOB_INVARIANTS) == []
    assert sum((await told.books()).values()) == 0
    assert (await told.books()).get("1110", 0) == rehearsal.objects.balance().get("cny", 0)


class TestPaying:
    async def test_credits_come_with_the_money_and_not_before(self, story: Story) -> None:
        checkout = await story.start()
        assert (story.order["state"], story.order["price"]) == (
            "pending",
            {"currency": "CNY", "amount_minor": 1200, "text": "CN¥12.00"},
        )
        story.bank.pay(checkout)
        assert (await story.state(), await story.credits()) == ("pending", (0, 0))
        await story.settle()
        assert (await story.state(), await story.credits()) == ("paid", (10, 0))
        assert await story.books() == {"1110": 1200 - FEE, "2010": -1200, "5010": FEE}

    async def test_money_that_takes_three_days_brings_credits_after_three_days(
        self, story: Story, clock: MovableClock
    ) -> None:
        checkout = await story.start()
        story.bank.promise(checkout)
        await story.settle()
        assert (await story.state(), await story.credits()) == ("pending", (0, 0))
        clock.advance(days=3)
        story.bank.keep_promise(checkout)
        await story.settle()
        await story.renew()
        assert (await story.state(), await story.credits()) == ("paid", (10, 0))

    async def test_money_that_does_not_come_fails_the_order(self, story: Story) -> None:
        checkout = await story.start()
        story.bank.promise(checkout)
        story.bank.break_promise(checkout)
        await story.settle()
        assert (await story.state(), await story.credits()) == ("failed", (0, 0))
        assert await story.books() == {}

    async def test_a_checkout_that_nobody_pays_expires(self, story: Story) -> None:
        story.bank.expire(await story.start())
        await story.settle()
        assert (await story.state(), await story.books()) == ("expired", {})

    async def test_a_declined_card_leaves_the_order_to_another_card(self, story: Story) -> None:
        checkout = await story.start()
        story.bank.decline(checkout)
        await story.settle()
        assert await story.state() == "pending"
        story.bank.pay(checkout, card="fp_other")
        await story.settle()
        assert (await story.state(), await story.credits()) == ("paid", (10, 0))


class TestRefunds:
    async def test_before_anything_is_spent_all_credits_go(self, story: Story) -> None:
        story.bank.refund(await story.pay())
        await story.settle()
        assert (await story.state(), await story.credits()) == ("refunded", (0, 0))
        assert await story.books() == {"1110": -FEE, "5010": FEE}

    async def test_what_was_spent_becomes_a_debt_that_the_next_pack_fills(self, story: Story) -> None:
        payment = await story.pay()
        await story.spend(4)
        story.bank.refund(payment)
        await story.settle()
        assert (await story.state(), await story.credits()) == ("refunded", (0, 4))
        # 6 credits of 120 were still owed; the 4 that were spent are refunded out of revenue.
        assert await story.books() == {"1110": -FEE, "2010": -480, "4900": 480, "5010": FEE}
        await story.pay()
        assert await story.credits() == (6, 0)

    async def test_refunds_in_parts_take_credits_in_parts_and_all_of_them_in_the_end(
        self, story: Story
    ) -> None:
        payment = await story.pay()
        left = []
        for amount in (500, 130, 570):
            story.bank.refund(payment, amount)
            await story.settle()
            left.append((await story.state(), (await story.credits())[0]))
        assert left == [("paid", 6), ("paid", 5), ("refunded", 0)]
        assert await story.books() == {"1110": -FEE, "5010": FEE}

    async def test_a_refund_that_fails_gives_the_credits_back(self, story: Story) -> None:
        refund = story.bank.refund(await story.pay(), status="pending")
        await story.settle()
        assert (await story.state(), await story.credits()) == ("refunded", (0, 0))
        story.bank.fail_refund(refund["id"])
        await story.settle()
        assert (await story.state(), await story.credits()) == ("paid", (10, 0))
        assert await story.books() == {"1110": 1200 - FEE, "2010": -1200, "5010": FEE}
        story.bank.refund(payment_of(story.rehearsal, story.order))
        await story.settle()
        assert (await story.state(), await story.credits()) == ("refunded", (0, 0))


class TestDisputes:
    async def test_credits_are_frozen_while_it_is_open_and_come_back_with_their_time(
        self, story: Story, clock: MovableClock
    ) -> None:
        dispute = story.bank.dispute(await story.pay())
        await story.settle()
        assert (await story.state(), await story.credits()) == ("disputed", (0, 0))
        assert (await story.books())["1310"] == 1200
        lot = await story.lot()
        assert lot["is_frozen"]
        clock.advance(days=20)
        story.bank.win_dispute(dispute["id"])
        await story.settle()
        await story.renew()
        assert (await story.state(), await story.credits()) == ("paid", (10, 0))
        assert (await story.lot())["expires_at"][:10] == "2027-12-01"  # 365 days and the 20 it was frozen
        assert await story.books() == {
            "1110": 1200 - FEE - DISPUTE_FEE,
            "2010": -1200,
            "5010": FEE,
            "5030": DISPUTE_FEE,
        }

    async def test_lost_it_takes_what_is_left_and_the_rest_is_a_debt_and_a_loss(self, story: Story) -> None:
        payment = await story.pay()
        await story.spend(3)
        dispute = story.bank.dispute(payment)
        await story.settle()
        story.bank.lose_dispute(dispute["id"])
        await story.settle()
        assert (await story.state(), await story.credits()) == ("disputed", (0, 3))
        assert await story.books() == {
            "1110": -FEE - DISPUTE_FEE,
            "2010": -360,
            "5010": FEE,
            "5030": 360 + DISPUTE_FEE,
        }

    async def test_an_inquiry_moves_and_freezes_nothing(self, story: Story) -> None:
        inquiry = story.bank.dispute(await story.pay(), is_inquiry=True)
        await story.settle()
        assert (await story.state(), await story.credits()) == ("paid", (10, 0))
        story.bank.win_dispute(inquiry["id"])
        await story.settle()
        assert (await story.state(), await story.credits()) == ("paid", (10, 0))

    async def test_after_a_partial_refund_only_the_rest_is_disputed(self, story: Story) -> None:
        payment = await story.pay()
        story.bank.refund(payment, 200)
        dispute = story.bank.dispute(payment)
        story.bank.lose_dispute(dispute["id"])
        await story.settle()
        assert (await story.state(), await story.credits()) == ("disputed", (0, 0))
        # 200 are a credit and 80 more, which the refund takes from revenue and the loss gives back.
        assert await story.books() == {
            "1110": -FEE - DISPUTE_FEE,
            "4900": 80,
            "5010": FEE,
            "5030": DISPUTE_FEE - 80,
        }

    async def test_a_warning_of_fraud_freezes_what_is_left(self, story: Story) -> None:
        story.bank.warn(await story.pay())
        await story.settle()
        assert (await story.state(), await story.credits()) == ("paid", (0, 0))
        assert (await story.lot())["is_frozen"]

    async def test_a_warning_of_fraud_before_the_money_waits_for_it(self, story: Story) -> None:
        session = story.bank.promise(await story.start())
        await story.settle()
        services, order_id = story.services, UUID(story.order["id"])
        assert services.payments is not None
        facts = WarningFacts("issfr_early", session["payment_intent"], order_id, "made_with_stolen_card")
        report = await complete(services.sessions, services.payments, facts)
        async with services.sessions() as tried:
            with pytest.raises(OrderUnpaidError):
                await apply_report(tried, report, rules=services.rules, now=services.clock())
        assert await story.state() == "pending"


class TestOrders:
    async def test_the_same_key_is_the_same_order_and_another_item_is_refused(self, story: Story) -> None:
        first, second = [await buy(story.client, story.buyer, key="k") for _ in range(2)]
        assert first.json() == second.json()
        assert [answer.headers["idempotency-replayed"] for answer in (first, second)] == ["false", "true"]
        other = await buy(story.client, story.buyer, "pack:large", key="k")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
        assert len(story.rehearsal.objects.all("checkout.session")) == 1

    async def test_an_order_belongs_to_its_buyer(self, story: Story, sign_in: SignIn) -> None:
        await story.start()
        stranger = await sign_in()
        answer = await story.client.get(f"/v1/orders/{story.order['id']}", headers=stranger.headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "order_not_found")
        assert (await story.client.get("/v1/orders", headers=stranger.headers)).json()["items"] == []

    async def test_what_is_not_in_the_catalogue_is_not_for_sale(self, story: Story) -> None:
        for item in ("pack:huge", "pack:small:2", "small", "pack:"):
            answer = await buy(story.client, story.buyer, item)
            assert (answer.status_code, answer.json()["code"]) == (422, "unknown_item")
