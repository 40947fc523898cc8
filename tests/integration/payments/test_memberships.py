"""Memberships as a client sees them: ordering with consent, reading, changing, ending, taking back."""

import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import select

from core.ids import new_id
from models.letter import Letter, LetterKind
from models.order import Order
from models.user import Role
from models.webhook import WebhookDelivery
from service.flows.build_export import describe_account
from service.flows.pass_membership_time import pass_membership_time
from service.flows.return_money import return_money
from service.flows.write_notices import write_notices
from service.identity.tokens import Principal
from service.rehearsal.server import Rehearsal
from service.texts import CONSENT_VERSION
from service.wiring import Services
from tests.factories.orders import checkout_of, empty_inbox
from tests.factories.people import Person, SignIn
from tests.fakes.clock import MovableClock
from tests.fakes.stripe_server.deliveries import Deliveries

HEARD = {"url": "https://hooks.example.com/huajian", "event_types": None}


class Desk:
    """A member at their client, and the bank behind it."""

    def __init__(
        self, client: httpx.AsyncClient, services: Services, rehearsal: Rehearsal, deliveries: Deliveries
    ) -> None:
        self.client = client
        self.services = services
        self.rehearsal = rehearsal
        self.deliveries = deliveries

    async def order(self, person: Person, item: str, **body: Any) -> httpx.Response:
        asked = {"item": item, "currency": "CNY", "consent_version": CONSENT_VERSION, **body}
        headers = {**self.headers(person), "idempotency-key": uuid4().hex}
        return await self.client.post("/v1/checkouts", json=asked, headers=headers)

    def headers(self, person: Person) -> dict[str, str]:
        """Of a token that has not expired, however much time has passed."""
        token = self.services.access_tokens.issue(Principal(person.id, Role.USER, new_id()))
        return {"authorization": f"Bearer {token}"}

    async def subscribe(
        self, person: Person, tier: str = "silver", *, card: str = "fp_own"
    ) -> dict[str, Any]:
        bought = await self.order(person, f"membership:{tier}")
        assert bought.status_code == 201, bought.text
        order: dict[str, Any] = bought.json()
        self.rehearsal.biller.begin(checkout_of(order), card="fp_own")
        await self.rest()
        return order

    async def rest(self) -> None:
        """Bring what is under way to its end."""
        services = self.services
        assert services.payments is not None
        for _ in range(2):
            self.rehearsal.biller.tick()
            await self.deliveries.deliver()
            await empty_inbox(services)
            now = services.clock()
            await return_money(services.sessions, services.payments, rules=services.rules, now=now)
            await pass_membership_time(services.sessions, rules=services.rules, now=now, limit=50)

    async def ask(
        self, person: Person, method: str, path: str = "", *, key: str | None = None, **options: Any
    ) -> httpx.Response:
        headers = {**self.headers(person), "accept-language": "en"}
        if key is not None:
            headers["idempotency-key"] = key
        return await self.client.request(method, f"/v1/membership{path}", headers=headers, **options)

    async def credits(self, person: Person) -> int:
        answer = await self.client.get("/v1/credits", headers=self.headers(person))
        return int(answer.json()["available"])

    async def read(self, person: Person) -> dict[str, Any]:
        answer = await self.ask(person, "GET")
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body


@pytest.fixture
def desk(client: httpx.AsyncClient, services: Services, rehearsal: Rehearsal, deliveries: Deliveries) -> Desk:
    return Desk(client, services, rehearsal, deliveries)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


class TestOrdering:
    async def test_what_starts_at_once_needs_a_consent_in_todays_words(
        self, desk: Desk, sign_in: SignIn
    ) -> None:
        person = await sign_in()
        for item in ("membership:gold", "months:gold:3"):
            for version in (None, "2020-01-01"):
                refused = await desk.order(person, item, consent_version=version)
                assert code(refused) == (422, "consent_required")
                assert refused.json()["consent_version"] == CONSENT_VERSION
        assert (await desk.order(person, "pack:small", consent_version=None)).status_code == 201

    async def test_the_order_keeps_what_was_agreed_to_and_its_first_price(
        self, desk: Desk, services: Services, sign_in: SignIn
    ) -> None:
        person = await sign_in()
        assert (await desk.read(person))["has_first_month"]
        bought = (await desk.order(person, "membership:gold")).json()
        assert (bought["kind"], bought["price"]["amount_minor"], bought["credits"]) == ("membership", 900, 0)
        async with services.sessions() as session:
            kept = (await session.scalars(select(Order.consent_version))).all()
        assert kept == [CONSENT_VERSION]

    async def test_only_what_the_catalogue_has_can_be_ordered_here(self, desk: Desk, sign_in: SignIn) -> None:
        person = await sign_in()
        for item in ("membership:free", "membership:", "months:gold:2", "months:gold", "certification"):
            assert code(await desk.order(person, item)) == (422, "unknown_item"), item

    async def test_one_membership_at_a_time(self, desk: Desk, sign_in: SignIn) -> None:
        person = await sign_in()
        await desk.subscribe(person)
        refused = await desk.order(person, "months:gold:3")
        assert code(refused) == (409, "already_member")
        assert refused.json()["tier"] == "silver"


class TestReading:
    async def test_who_has_none_is_told_so(self, desk: Desk, sign_in: SignIn) -> None:
        read = await desk.read(await sign_in())
        assert (read["state"], read["tier"], read["can"], read["payments"]) == ("none", "free", [], [])

    async def test_a_member_sees_what_comes_next_and_can_cancel_and_undo_it(
        self, desk: Desk, sign_in: SignIn
    ) -> None:
        person, other = await sign_in(), await sign_in()
        order = await desk.subscribe(person)
        read = await desk.read(person)
        assert (read["state"], read["name"], read["has_first_month"]) == ("active", "Silver", False)
        assert read["next_charge"]["at"] == read["paid_until"]
        assert read["next_charge"]["price"]["amount_minor"] == 1000
        assert [(one["order_id"], one["price"]["amount_minor"]) for one in read["payments"]] == [
            (order["id"], 500)
        ]
        assert read["can"] == ["change", "cancel", "portal", "withdraw"]
        for _ in range(2):
            cancelled = (await desk.ask(person, "POST", "/cancel")).json()
            assert (cancelled["next_charge"], cancelled["cancels_at_period_end"]) == (None, True)
            assert cancelled["paid_until"] == read["paid_until"]
        assert (await desk.ask(person, "POST", "/resume")).json() == read
        assert (await desk.read(other))["state"] == "none"

    async def test_months_in_advance_do_not_renew_and_can_be_prolonged(
        self, desk: Desk, sign_in: SignIn, clock: MovableClock
    ) -> None:
        person = await sign_in()
        bought = (await desk.order(person, "months:gold:3")).json()
        desk.rehearsal.bank.pay(checkout_of(bought), card=None)
        await desk.rest()
        read = await desk.read(person)
        assert (read["renews"], read["next_charge"], read["monthly_credits"]) == (False, None, 30)
        assert read["can"] == ["months", "withdraw"]
        assert code(await desk.ask(person, "POST", "/cancel")) == (404, "no_membership")
        clock.advance(days=100)
        await desk.rest()
        ended = await desk.read(person)
        assert (ended["state"], ended["end_reason"], ended["can"]) == ("ended", "over", [])


class TestChanging:
    async def test_an_upgrade_costs_what_was_shown_and_comes_with_its_credits(
        self, desk: Desk, sign_in: SignIn, clock: MovableClock
    ) -> None:
        person = await sign_in()
        await desk.subscribe(person)
        clock.advance(days=10)
        shown = (await desk.ask(person, "GET", "/change", params={"tier": "gold"})).json()
        assert (shown["is_upgrade"], shown["then"]["amount_minor"]) == (True, 2500)
        before = await desk.credits(person)
        clock.advance(minutes=30)
        body = {"tier": "gold", "at": shown["at"]}
        for _ in range(2):  # the reply was lost
            changed = await desk.ask(person, "POST", "/change", key="up", json=body)
            assert changed.status_code == 200, changed.text
            await desk.rest()
        read = await desk.read(person)
        assert (read["tier"], read["next_charge"]["price"]["amount_minor"]) == ("gold", 2500)
        assert [one["kind"] for one in read["payments"]] == ["upgrade", "month"]
        assert read["payments"][0]["price"]["amount_minor"] == shown["due_now"]["amount_minor"]
        assert await desk.credits(person) == before + shown["credits_now"]

    async def test_a_lower_tier_waits_and_can_be_undone(self, desk: Desk, sign_in: SignIn) -> None:
        person = await sign_in()
        await desk.subscribe(person, "gold")
        shown = (await desk.ask(person, "GET", "/change", params={"tier": "silver"})).json()
        assert (shown["is_upgrade"], shown["due_now"]["amount_minor"]) == (False, 0)
        body = {"tier": "silver", "at": shown["at"]}
        planned = (await desk.ask(person, "POST", "/change", key="down", json=body)).json()
        assert (planned["tier"], planned["scheduled"]) == ("gold", {"tier": "silver", "name": "Silver"})
        assert planned["next_charge"]["price"]["amount_minor"] == 1000
        undone = await desk.ask(person, "POST", "/change", key="undo", json={**body, "tier": "gold"})
        assert (undone.json()["scheduled"], undone.json()["tier"]) == (None, "gold")

    async def test_a_price_that_was_shown_long_ago_or_never_is_not_charged(
        self, desk: Desk, sign_in: SignIn, clock: MovableClock
    ) -> None:
        person = await sign_in()
        await desk.subscribe(person)
        for late in (timedelta(hours=-1, seconds=-1), timedelta(minutes=1)):
            body = {"tier": "gold", "at": (clock() + late).isoformat()}
            refused = await desk.ask(person, "POST", "/change", key="k", json=body)
            assert code(refused) == (409, "preview_expired")
        body = {"tier": "gold", "at": clock().isoformat()}
        assert code(await desk.ask(person, "POST", "/change", json=body)) == (400, "idempotency_key_required")
        assert code(await desk.ask(person, "GET", "/change", params={"tier": "x"})) == (422, "unknown_tier")

    async def test_the_portal_is_the_channels_and_leads_back(self, desk: Desk, sign_in: SignIn) -> None:
        person = await sign_in()
        assert code(await desk.ask(person, "POST", "/portal")) == (404, "no_membership")
        await desk.subscribe(person)
        url = (await desk.ask(person, "POST", "/portal")).json()["url"]
        portal = desk.rehearsal.objects.get("billing_portal.session", url.rpartition("/")[2])
        assert portal["return_url"] == "http://huajian/membership"

    async def test_what_the_channel_does_not_know_cannot_be_changed_there(
        self, desk: Desk, sign_in: SignIn, clock: MovableClock
    ) -> None:
        person = await sign_in()
        await desk.subscribe(person)
        forgotten: dict[str, Any] = {"subscription": {}, "customer": {}}  # such as after a change of keys
        desk.rehearsal.objects.restore(json.dumps(forgotten))
        asked = {"tier": "gold", "at": clock().isoformat()}
        for answer in (
            await desk.ask(person, "POST", "/cancel"),
            await desk.ask(person, "POST", "/resume"),
            await desk.ask(person, "POST", "/portal"),
            await desk.ask(person, "GET", "/change", params={"tier": "gold"}),
            await desk.ask(person, "POST", "/change", key="k", json=asked),
        ):
            assert code(answer) == (409, "membership_change_refused"), answer.url


class TestCopy:
    async def test_a_copy_of_ones_data_holds_ones_membership_and_letters(
        self, desk: Desk, services: Services, sign_in: SignIn
    ) -> None:
        person, other = await sign_in(), await sign_in()
        order = await desk.subscribe(person)
        async with services.sessions() as session:
            mine = await describe_account(session, person.id)
            others = await describe_account(session, other.id)
        (membership,) = mine["memberships"]
        assert membership["tier"] == "silver"
        assert [str(period["order_id"]) for period in membership["periods"]] == [order["id"]]
        assert [letter["kind"] for letter in mine["letters"]] == [LetterKind.ORDER_CONFIRMED]
        assert (others["memberships"], others["letters"]) == ([], [])


class TestWithdrawing:
    async def test_all_of_the_money_goes_back_once(
        self, desk: Desk, services: Services, sign_in: SignIn, client: httpx.AsyncClient
    ) -> None:
        person, other = await sign_in(), await sign_in()
        order = await desk.subscribe(person)
        offered = (await desk.read(person))["withdrawal"]
        assert (offered["order_id"], offered["refund"]["amount_minor"]) == (order["id"], 500)
        assert (offered["kept"]["amount_minor"], len(offered["parts"])) == (0, 1)
        body = {"order_id": order["id"]}  # as clients do that know nothing of amounts
        for person_asking, order_id in ((other, order["id"]), (person, uuid4().hex)):
            refused = await desk.ask(person_asking, "POST", "/withdraw", json={"order_id": order_id})
            assert code(refused) == (409, "not_withdrawable")
        assert (await desk.read(person))["withdrawal"] == offered
        for _ in range(2):
            taken = await desk.ask(person, "POST", "/withdraw", json=body)
            assert taken.status_code == 200, taken.text
            assert taken.json()["is_withdrawn"]
        await desk.rest()
        read = await desk.read(person)
        assert (read["state"], read["end_reason"], read["withdrawal"]) == ("ended", "refunded", None)
        assert read["payments"][0]["refunded"]["amount_minor"] == 500
        assert (await desk.ask(person, "POST", "/withdraw", json=body)).json()["state"] == "ended"
        shown = (await client.get(f"/v1/orders/{order['id']}", headers=person.headers)).json()
        assert (shown["state"], shown["return_reason"]) == ("refunded", "withdrawn")
        async with services.sessions() as session:
            letters = (await session.scalars(select(Letter).order_by(Letter.id))).all()
        assert {(one.kind, tuple(one.facts["terms"])) for one in letters if "terms" in one.facts} == {
            (LetterKind.ORDER_CONFIRMED, ("renews", "withdrawal")),
            (LetterKind.ORDER_WITHDRAWN, ("withdrawn_ended", "withdrawn_whole")),
            (LetterKind.ORDER_RETURNED, ("returned_withdrawn",)),
        }

    async def test_what_was_shown_goes_back_or_nothing_is_done(
        self, desk: Desk, sign_in: SignIn, clock: MovableClock, client: httpx.AsyncClient
    ) -> None:
        person = await sign_in()
        order = await desk.subscribe(person)
        clock.advance(days=3, hours=23)
        shown = (await desk.read(person))["withdrawal"]
        (part,) = shown["parts"]
        assert (shown["refund"]["text"], shown["kept"]["text"]) == ("CN¥4.50", "CN¥0.50")
        assert (part["is_use_paid"], part["used_credits"], part["all_credits"]) == (True, 0, 10)
        assert (part["used_days"], part["all_days"]) == (3, 30)
        clock.advance(hours=2)
        body = {"order_id": order["id"], "refund_minor": shown["refund"]["amount_minor"]}
        refused = await desk.ask(person, "POST", "/withdraw", json=body)
        assert code(refused) == (409, "withdrawal_changed")
        facts = {name: refused.json()[name] for name in ("refund_minor", "kept_minor", "currency")}
        assert facts == {"refund_minor": 434, "kept_minor": 66, "currency": "CNY"}
        assert (await desk.read(person))["state"] == "active"
        for _ in range(2):  # the reply was lost
            taken = await desk.ask(person, "POST", "/withdraw", json={**body, "refund_minor": 434})
            assert (taken.json()["state"], taken.json()["is_withdrawn"]) == ("ended", True)
        await desk.rest()
        (payment,) = (await desk.read(person))["payments"]
        assert (payment["refunded"]["amount_minor"], payment["kept"]["amount_minor"]) == (434, 66)
        read = (await client.get(f"/v1/orders/{order['id']}", headers=desk.headers(person))).json()
        assert (read["state"], read["kept"]["amount_minor"]) == ("refunded", 66)

    async def test_that_the_bank_is_away_is_no_refusal(
        self, desk: Desk, rehearsal: Rehearsal, sign_in: SignIn, clock: MovableClock
    ) -> None:
        person = await sign_in()
        order = await desk.subscribe(person)
        charge = rehearsal.objects.all("charge")[0]
        charge["disputed"] = True  # which nobody has told us yet
        taken = await desk.ask(person, "POST", "/withdraw", json={"order_id": order["id"]})
        assert (taken.status_code, taken.json()["is_withdrawn"]) == (200, True)
        charge["disputed"] = False
        clock.advance(minutes=1)
        await desk.rest()
        assert (await desk.read(person))["payments"][0]["refunded"]["amount_minor"] == 500

    async def test_not_after_fourteen_days(self, desk: Desk, sign_in: SignIn, clock: MovableClock) -> None:
        person = await sign_in()
        order = await desk.subscribe(person)
        clock.advance(days=14)
        assert (await desk.read(person))["withdrawal"] is None
        refused = await desk.ask(person, "POST", "/withdraw", json={"order_id": order["id"]})
        assert code(refused) == (409, "not_withdrawable")


class TestTelling:
    async def test_letters_and_webhooks_tell_each_thing_once(
        self, desk: Desk, services: Services, sign_in: SignIn, clock: MovableClock
    ) -> None:
        person = await sign_in()
        made = await desk.client.post(
            "/v1/webhook-endpoints", json=HEARD, headers={**person.headers, "idempotency-key": "k"}
        )
        assert made.status_code == 201, made.text
        order = await desk.subscribe(person)
        subscription_id = await self._subscription(services, order)
        end = (await desk.read(person))["paid_until"]
        notice = services.rules.notice
        for days in (24, 2, 1):  # the notice is due once the second of these is over
            clock.advance(days=days)
            await write_notices(services.sessions, notice=notice, now=clock(), limit=10)
        assert (await desk.read(person))["renews_soon"]
        desk.rehearsal.biller.break_card(subscription_id)
        clock.advance(days=4)
        await desk.rest()
        assert (await desk.read(person))["state"] == "past_due"
        clock.advance(days=8)
        await desk.rest()
        desk.rehearsal.biller.give_up(subscription_id)
        await desk.rest()
        assert (await desk.read(person))["end_reason"] == "unpaid"
        assert await self._letters(services) == [
            (LetterKind.ORDER_CONFIRMED, None),
            (LetterKind.RENEWAL_DUE, 1000),
            (LetterKind.PAYMENT_FAILED, 1000),
            (LetterKind.MEMBERSHIP_ENDED, None),
        ]
        told = await self._told(services)
        assert [event for event in told if event[0].startswith("membership.")] == [
            ("membership.started", "active"),
            ("membership.past_due", "past_due"),
            ("membership.changed", "unpaid"),
            ("membership.ended", "ended"),
        ]
        assert end.startswith("2026-12-11")

    async def test_what_was_taken_back_is_told_to_have_ended_once(
        self, desk: Desk, services: Services, sign_in: SignIn
    ) -> None:
        person = await sign_in()
        headers = {**person.headers, "idempotency-key": "k"}
        await desk.client.post("/v1/webhook-endpoints", json=HEARD, headers=headers)
        order = await desk.subscribe(person)
        await desk.ask(person, "POST", "/withdraw", json={"order_id": order["id"]})
        await desk.rest()
        assert await self._told(services) == [
            ("order.paid", "paid"),
            ("membership.started", "active"),
            ("membership.ended", "ended"),
            ("order.refunded", "refunded"),
        ]

    async def test_who_cancelled_is_told_of_no_renewal(
        self, desk: Desk, services: Services, sign_in: SignIn, clock: MovableClock
    ) -> None:
        person = await sign_in()
        await desk.subscribe(person)
        await desk.ask(person, "POST", "/cancel")
        clock.advance(days=28)
        await write_notices(services.sessions, notice=services.rules.notice, now=clock(), limit=10)
        await desk.ask(person, "POST", "/resume")
        await write_notices(services.sessions, notice=services.rules.notice, now=clock(), limit=10)
        assert [kind for kind, _ in await self._letters(services)] == [
            LetterKind.ORDER_CONFIRMED,
            LetterKind.RENEWAL_DUE,
        ]

    async def _subscription(self, services: Services, order: dict[str, Any]) -> str:
        async with services.sessions() as session:
            found = await session.scalar(select(Order.subscription_id).where(Order.id == order["id"]))
        assert found is not None
        return found

    async def _letters(self, services: Services) -> list[tuple[LetterKind, int | None]]:
        """Kinds and what each says will be charged."""
        async with services.sessions() as session:
            letters = (await session.scalars(select(Letter).order_by(Letter.id))).all()
        is_bill = (LetterKind.RENEWAL_DUE, LetterKind.PAYMENT_FAILED)
        return [(one.kind, one.facts["price_minor"] if one.kind in is_bill else None) for one in letters]

    async def _told(self, services: Services) -> list[tuple[str, str]]:
        async with services.sessions() as session:
            deliveries = await session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.position))
            bodies = [json.loads(one.body) for one in deliveries]
        return [(body["type"], body["data"]["state"]) for body in bodies]
