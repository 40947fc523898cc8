"""What arrives at the webhook: hostile, early, twice, in disorder, and while the keeper dies."""

import asyncio
import json
import random
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from billing.payments import PaymentsAwayError
from billing.stripe_signatures import sign
from models.credit import CreditLot, LotSource
from models.inbox import InboxEvent, InboxState
from models.order import Order, OrderState
from service.flows.apply_payments import Report, apply_report
from service.flows.empty_inbox import handle_next
from service.flows.sweep_payments import sweep_payments
from service.inbox.queries import MAX_ATTEMPTS
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
from tests.factories.people import Person, SignIn
from tests.fakes.clock import MovableClock
from tests.fakes.killer import Killed, killing
from tests.fakes.stripe_server.deliveries import Deliveries
from tests.fakes.stripe_server.keys import WEBHOOK_SECRET


@pytest.fixture
async def buyer(sign_in: SignIn, services: Services, clock: MovableClock) -> Person:
    person = await sign_in()
    async with services.sessions.begin() as session:
        await skip_month(session, person.id, now=clock())
    return person


async def kept(services: Services) -> list[InboxEvent]:
    async with services.sessions() as session:
        return list(await session.scalars(select(InboxEvent).order_by(InboxEvent.id)))


class TestHostile:
    async def test_nothing_is_kept_of_what_is_not_signed_by_stripe_now(
        self,
        client: httpx.AsyncClient,
        services: Services,
        rehearsal: Rehearsal,
        deliveries: Deliveries,
        buyer: Person,
        clock: MovableClock,
    ) -> None:
        rehearsal.bank.pay(checkout_of(await order(client, buyer)))
        event = deliveries.waiting()[-1]
        body = json.dumps(event).encode()
        good = sign(body, WEBHOOK_SECRET, clock())
        hostile = [
            (body, sign(body, "whsec_wrong", clock())),
            (body, sign(body, WEBHOOK_SECRET, clock() - timedelta(seconds=301))),
            (body, sign(body, WEBHOOK_SECRET, clock() + timedelta(seconds=301))),
            (body.replace(b"1200", b"1201"), good),
            (body, ""),
            (body, "t=,v1="),
            (body, f"t=99999999999999999999,{good.partition(',')[2]}"),
            (body, f"{good},t=1"),
            (b"[]", sign(b"[]", WEBHOOK_SECRET, clock())),
            (b"\xff", sign(b"\xff", WEBHOOK_SECRET, clock())),
            (b'{"object":"event"}', sign(b'{"object":"event"}', WEBHOOK_SECRET, clock())),
            (b"[" * 100_000, sign(b"[" * 100_000, WEBHOOK_SECRET, clock())),
        ]
        for sent, signature in hostile:
            answer = await deliveries.post(sent, signature)
            assert (answer.status_code, answer.json()["code"]) == (400, "invalid_signature"), sent[:40]
        large = b" " * 5_000_000
        answer = await deliveries.post(large, sign(large, WEBHOOK_SECRET, clock()))
        assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
        assert await kept(services) == []
        assert (await deliveries.post(body, good)).status_code == 202
        assert len(await kept(services)) == 1

    async def test_what_is_none_of_our_business_is_kept_and_counted_but_not_acted_upon(
        self, services: Services, rehearsal: Rehearsal, deliveries: Deliveries
    ) -> None:
        unknown = rehearsal.objects.add("event", {"type": "moon.phase_changed", "data": {"object": {}}})
        live = {**unknown, "id": "evt_live", "type": "refund.created", "livemode": True}
        foreign = rehearsal.objects.add("checkout.session", {"status": "open", "payment_status": "unpaid"})
        theirs = {
            **unknown,
            "id": "evt_theirs",
            "type": "checkout.session.expired",
            "data": {"object": foreign},
        }
        for event in (unknown, live, theirs):
            assert (await deliveries.send(event)).status_code == 202
        await empty_inbox(services)
        assert [(event.state, event.reason) for event in await kept(services)] == [
            (InboxState.IGNORED, "a kind of no concern"),
            (InboxState.IGNORED, "of another mode, test or live"),
            (InboxState.IGNORED, "a checkout of somebody else"),
        ]

    async def test_texts_that_postgres_cannot_hold_do_no_harm_and_buyers_are_not_written_down(
        self, services: Services, rehearsal: Rehearsal, deliveries: Deliveries
    ) -> None:
        subject = {"id": "x\0y", "object": "moon", "status": ["\0"], "customer_email": "a@example.com"}
        strange = {"type": "moon.phase\0_changed", "data": {"object": subject}}
        event = rehearsal.objects.add("event", strange)
        assert (await deliveries.send(event)).status_code == 202
        (only,) = await kept(services)
        assert (only.kind, only.object_id) == ("moon.phase_changed", "xy")
        assert only.envelope == {"api_version": None, "object": "moon", "status": None}


class TestDisorder:
    async def test_an_event_whose_order_is_not_there_waits_longer_each_time_and_is_then_dead(
        self, services: Services, rehearsal: Rehearsal, deliveries: Deliveries, clock: MovableClock
    ) -> None:
        ghost = {"status": "expired", "payment_status": "unpaid", "metadata": {"huajian_order": str(uuid4())}}
        session = rehearsal.objects.add("checkout.session", ghost)
        event = {"type": "checkout.session.expired", "data": {"object": session}}
        await deliveries.send(rehearsal.objects.add("event", event))
        waits = []
        for _ in range(MAX_ATTEMPTS):
            assert await empty_inbox(services) == 1
            (kept_event,) = await kept(services)
            if kept_event.next_attempt_at is not None:
                waits.append((kept_event.next_attempt_at - clock()).total_seconds())
                clock.now = kept_event.next_attempt_at
        assert (waits[:4], waits[-1], len(waits)) == ([2.0, 4.0, 8.0, 16.0], 21_600.0, MAX_ATTEMPTS - 1)
        assert (kept_event.state, kept_event.attempts) == (InboxState.DEAD, MAX_ATTEMPTS)
        assert kept_event.reason is not None
        assert kept_event.reason.startswith("UnknownOrderError")

    async def test_an_event_that_comes_before_its_order_knows_of_a_checkout_is_not_lost(
        self,
        client: httpx.AsyncClient,
        services: Services,
        rehearsal: Rehearsal,
        deliveries: Deliveries,
        buyer: Person,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """We die between opening the checkout and writing down where it is."""

        async def die(*_: object) -> None:
            raise RuntimeError("killed")

        monkeypatch.setattr("billing.orders.queries.note_checkout", die)
        assert (await buy(client, buyer, key="k")).status_code == 500
        monkeypatch.undo()
        (session,) = rehearsal.objects.all("checkout.session")
        rehearsal.bank.pay(session["id"])
        await deliveries.deliver()
        await empty_inbox(services)
        replayed = (await buy(client, buyer, key="k")).json()
        assert (replayed["state"], await credits_of(client, buyer)) == ("paid", (10, 0))

    async def test_while_stripe_is_away_an_order_stays_and_its_key_goes_on_from_there(
        self, client: httpx.AsyncClient, services: Services, buyer: Person, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def away(*_: object) -> None:
            raise PaymentsAwayError("connection refused")

        monkeypatch.setattr(type(services.payments), "open_checkout", away)
        refused = await buy(client, buyer, key="k")
        assert (refused.status_code, refused.json()["code"]) == (503, "payments_away")
        assert "connection" not in refused.text
        monkeypatch.undo()
        listed = (await client.get("/v1/orders", headers=buyer.headers)).json()["items"]
        assert [one["state"] for one in listed] == ["created"]
        assert (await buy(client, buyer, key="k")).json()["id"] == listed[0]["id"]

    @pytest.mark.parametrize("seed", range(4))
    async def test_shuffled_and_repeated_events_end_in_the_same_books(
        self,
        client: httpx.AsyncClient,
        services: Services,
        rehearsal: Rehearsal,
        deliveries: Deliveries,
        buyer: Person,
        seed: int,
    ) -> None:
        chance = random.Random(seed)
        refunded, lost, failed, won = [await order(client, buyer) for _ in range(4)]
        bank = rehearsal.bank
        for one in (refunded, lost, won):
            bank.pay(checkout_of(one))
        bank.promise(checkout_of(failed))
        bank.break_promise(checkout_of(failed))
        for amount in (500, 130, 570):
            bank.refund(payment_of(rehearsal, refunded), amount)
        bank.fail_refund(bank.refund(payment_of(rehearsal, won), status="pending")["id"])
        bank.refund(payment_of(rehearsal, lost), 333)
        bank.lose_dispute(bank.dispute(payment_of(rehearsal, lost))["id"])
        bank.win_dispute(bank.dispute(payment_of(rehearsal, won))["id"])
        bank.warn(payment_of(rehearsal, lost))
        await deliveries.deliver(shuffle=chance, copies=2)
        renamed = [{**event, "id": f"{event['id']}_again"} for event in rehearsal.objects.all("event")]
        for event in chance.sample(renamed, 12):
            assert (await deliveries.send(event)).status_code == 202
        await asyncio.gather(*(empty_inbox(services) for _ in range(3)))  # three keepers at once
        states = [await state_of(client, buyer, one) for one in (refunded, lost, failed, won)]
        assert states == ["refunded", "disputed", "failed", "paid"]
        assert await credits_of(client, buyer) == (10, 0)
        assert await books(services) == {
            "1110": rehearsal.objects.balance()["cny"],
            "2010": -1200,
            "4900": 93,
            "5010": 3 * 64,
            "5030": 2 * 1500 - 93,
        }


class TestOldNews:
    async def test_facts_that_were_read_earlier_and_come_later_change_nothing(
        self,
        client: httpx.AsyncClient,
        services: Services,
        rehearsal: Rehearsal,
        buyer: Person,
        clock: MovableClock,
    ) -> None:
        """A keeper reads, sleeps while another reads and applies what came after, and then applies."""
        channel, bank = services.payments, rehearsal.bank
        assert channel is not None
        returned, lost = await order(client, buyer), await order(client, buyer)
        old = [await channel.read_checkout(checkout_of(returned))]
        for one in (returned, lost):
            bank.pay(checkout_of(one))
        refund = bank.refund(payment_of(rehearsal, returned), status="pending")
        dispute = bank.dispute(payment_of(rehearsal, lost), is_inquiry=True)
        stale = [
            *(Report(channel.name, facts) for facts in old),
            Report(channel.name, await channel.read_refund(refund["id"])),
            Report(channel.name, await channel.read_dispute(dispute["id"])),
        ]
        bank.finish_refund(refund["id"])
        stale.append(Report(channel.name, await channel.read_refund(refund["id"])))
        bank.fail_refund(refund["id"])
        bank.withdraw(dispute["id"])
        stale.append(Report(channel.name, await channel.read_dispute(dispute["id"])))
        bank.lose_dispute(dispute["id"])
        await sweep_payments(services.sessions, channel, rules=services.rules, now=clock())
        ended = (await books(services), await credits_of(client, buyer))
        for report in (*stale, *reversed(stale)):
            async with services.sessions.begin() as session:
                await apply_report(session, report, rules=services.rules, now=clock())
        states = [await state_of(client, buyer, one) for one in (returned, lost)]
        assert states == ["paid", "disputed"]
        swept = await sweep_payments(services.sessions, channel, rules=services.rules, now=clock())
        assert (swept.healed, swept.faults) == (set(), [])
        assert (await books(services), await credits_of(client, buyer)) == ended
        states = [await state_of(client, buyer, one) for one in (returned, lost)]
        assert states == ["paid", "disputed"]
        assert ended[1] == (10, 0)

    async def test_other_money_than_was_agreed_on_pays_nothing_and_is_shown(
        self,
        client: httpx.AsyncClient,
        services: Services,
        rehearsal: Rehearsal,
        deliveries: Deliveries,
        buyer: Person,
    ) -> None:
        cheap, twice = await order(client, buyer), await order(client, buyer)
        rehearsal.objects.get("checkout.session", checkout_of(cheap))["amount_total"] = 1
        rehearsal.bank.pay(checkout_of(cheap))
        rehearsal.bank.pay(checkout_of(twice))
        await deliveries.deliver()
        await empty_inbox(services)
        again = rehearsal.objects.get("checkout.session", checkout_of(twice))
        other = rehearsal.objects.add(
            "checkout.session",
            {name: value for name, value in again.items() if name not in ("id", "object")},
        )
        event = {"type": "checkout.session.completed", "data": {"object": other}}
        await deliveries.send(rehearsal.objects.add("event", event))
        await empty_inbox(services)
        faults = [event.reason for event in await kept(services) if event.state is InboxState.WAITING]
        assert len(faults) == 2
        assert all(reason is not None and reason.startswith("MismatchedPayment") for reason in faults)
        states = [await state_of(client, buyer, one) for one in (cheap, twice)]
        assert (states, await credits_of(client, buyer)) == (["pending", "paid"], (10, 0))


class TestKeeper:
    async def test_killed_between_any_two_steps_it_fulfils_each_order_once(
        self,
        client: httpx.AsyncClient,
        services: Services,
        rehearsal: Rehearsal,
        deliveries: Deliveries,
        buyer: Person,
        clock: MovableClock,
    ) -> None:
        """Dies at its first, second, third… statement, until it comes through; then the next order."""
        deaths = 0
        orders = [await order(client, buyer) for _ in range(4)]
        for one in orders:
            rehearsal.bank.pay(checkout_of(one))
            await deliveries.deliver()
            channel = services.payments
            assert channel is not None
            step, is_done = 0, False
            while not is_done:
                step += 1
                try:
                    with killing(services.engine, at_statement=step):
                        while await handle_next(
                            services.sessions, channel, rules=services.rules, now=clock()
                        ):
                            pass
                    is_done = True
                except Killed:
                    deaths += 1
                    clock.advance(hours=6)
        assert deaths > 60
        assert await empty_inbox(services) == 0
        async with services.sessions() as session:
            assert list(await session.scalars(select(Order.state))) == [OrderState.PAID] * 4
            granted = await session.scalars(select(CreditLot).where(CreditLot.source == LotSource.PACK))
            assert [lot.remaining for lot in granted] == [10] * 4
        assert (await books(services))["2010"] == -4 * 1200


class TestSweep:
    async def test_it_heals_what_no_webhook_told(
        self,
        client: httpx.AsyncClient,
        services: Services,
        rehearsal: Rehearsal,
        deliveries: Deliveries,
        buyer: Person,
        clock: MovableClock,
    ) -> None:
        assert services.payments is not None
        paid, refunded, lost, over = [await order(client, buyer) for _ in range(4)]
        for one in (paid, refunded, lost):
            rehearsal.bank.pay(checkout_of(one))
        rehearsal.bank.refund(payment_of(rehearsal, refunded))
        dispute = rehearsal.bank.dispute(payment_of(rehearsal, lost))
        rehearsal.bank.lose_dispute(dispute["id"])
        rehearsal.bank.expire(checkout_of(over))
        deliveries.forget()
        swept = await sweep_payments(services.sessions, services.payments, rules=services.rules, now=clock())
        assert (len(swept.healed), swept.faults) == (4, [])
        states = [await state_of(client, buyer, one) for one in (paid, refunded, lost, over)]
        assert states == ["paid", "refunded", "disputed", "expired"]
        assert await credits_of(client, buyer) == (10, 0)
        assert (await books(services))["1110"] == rehearsal.objects.balance()["cny"]
        assert swept.gaps == {"CNY": 0}
        again = await sweep_payments(services.sessions, services.payments, rules=services.rules, now=clock())
        assert (again.looked_at, again.healed, again.faults) == (swept.looked_at, set(), [])

    async def test_payouts_and_fees_are_booked_once_and_what_has_no_rule_is_shown(
        self,
        client: httpx.AsyncClient,
        services: Services,
        rehearsal: Rehearsal,
        buyer: Person,
        clock: MovableClock,
    ) -> None:
        assert services.payments is not None
        rehearsal.bank.pay(checkout_of(await order(client, buyer)))
        rehearsal.bank.charge_fee(36, "cny")
        rehearsal.bank.pay_out("cny")
        for _ in range(2):
            swept = await sweep_payments(
                services.sessions, services.payments, rules=services.rules, now=clock()
            )
            assert (swept.faults, swept.gaps) == ([], {"CNY": 0})
        assert await books(services) == {"1010": 1100, "2010": -1200, "5010": 100}
        odd = rehearsal.objects.move(-7, 0, "cny", "x", "topup_of_the_moon")
        swept = await sweep_payments(services.sessions, services.payments, rules=services.rules, now=clock())
        assert swept.faults == [f"{odd['id']}: no rule books a movement of kind topup_of_the_moon"]
        assert swept.gaps == {"CNY": 7}
