"""Test payments: a page of our own, never where real money moves."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from billing.memberships import queries as memberships
from core.settings import Environment, Settings, StripeSettings
from service.main.rehearsing import open_rehearsal
from service.rehearsal.clock import RehearsalClock
from service.rehearsal.objects import Objects
from service.rehearsal.server import Rehearsal
from service.texts import CONSENT_VERSION
from service.wiring import Services
from tests.factories.orders import buy, checkout_of, empty_inbox, order, state_of
from tests.factories.people import Person, SignIn

KEYS = StripeSettings(secret_key=SecretStr("rk_live_1"), webhook_secret=SecretStr("whsec_1"))


class TestSettings:
    @pytest.mark.parametrize("others", [{"stripe": KEYS}, {"environment": Environment.PRODUCTION}])
    def test_pretended_money_goes_neither_with_keys_nor_with_production(
        self, others: dict[str, object]
    ) -> None:
        with pytest.raises(ValidationError, match="HUAJIAN_TEST_PAYMENTS"):
            Settings(test_payments=True, **others)  # type: ignore[arg-type]

    async def test_nothing_is_rehearsed_unless_asked_for(self, settings: Settings) -> None:
        async with open_rehearsal(settings) as opened:
            assert opened == (None, None)


class TestPage:
    @pytest.fixture
    async def rehearsing(
        self, client: httpx.AsyncClient, services: Services, rehearsal: Rehearsal
    ) -> AsyncIterator[Services]:
        rehearsing = replace(services, rehearsal=rehearsal)
        client._transport.app.state.services = rehearsing  # type: ignore[attr-defined]
        yield rehearsing

    @pytest.fixture
    async def ticking(
        self, client: httpx.AsyncClient, services: Services, rehearsal: Rehearsal, tmp_path: Path
    ) -> AsyncIterator[Services]:
        """With a clock that the page may move on, for the service and the bank alike."""
        clock = RehearsalClock(tmp_path / "clock.json")
        rehearsal.objects.now = lambda: int(clock().timestamp())
        ticking = replace(services, rehearsal=replace(rehearsal, clock=clock), clock=clock)
        client._transport.app.state.services = ticking  # type: ignore[attr-defined]
        yield ticking

    @pytest.fixture
    async def buyer(self, sign_in: SignIn) -> Person:
        return await sign_in()

    @pytest.mark.parametrize(
        ("acts", "state"),
        [
            (["pay"], "paid"),
            (["decline", "pay"], "paid"),
            (["promise"], "pending"),
            (["promise", "keep_promise"], "paid"),
            (["promise", "break_promise"], "failed"),
            (["expire"], "expired"),
            (["pay", "refund"], "refunded"),
            (["pay", "dispute"], "disputed"),
            (["pay", "dispute", "win_dispute"], "paid"),
            (["pay", "dispute", "lose_dispute"], "disputed"),
        ],
    )
    async def test_whatever_is_chosen_happens_to_the_order(
        self,
        client: httpx.AsyncClient,
        rehearsing: Services,
        buyer: Person,
        acts: list[str],
        state: str,
    ) -> None:
        bought = await order(client, buyer)
        page = f"/test-payment/{checkout_of(bought)}"
        for act in acts:
            shown = await client.get(page, headers={"accept-language": "en"})
            assert f'value="{act}"' in shown.text
            assert "no real money moves" in shown.text
            assert (await client.post(page, data={"act": act})).status_code == 303
            await empty_inbox(rehearsing)
        assert await state_of(client, buyer, bought) == state

    async def test_what_is_not_possible_changes_nothing(
        self, client: httpx.AsyncClient, rehearsing: Services, buyer: Person
    ) -> None:
        bought = await order(client, buyer)
        page = f"/test-payment/{checkout_of(bought)}"
        for act in ("refund", "keep_promise", "win_dispute", "nonsense"):
            assert (await client.post(page, data={"act": act})).headers["location"] == page
        await empty_inbox(rehearsing)
        assert await state_of(client, buyer, bought) == "pending"

    async def test_there_is_no_such_page_without_a_rehearsal(
        self, client: httpx.AsyncClient, services: Services, buyer: Person
    ) -> None:
        assert services.rehearsal is None
        page = f"/test-payment/{checkout_of(await order(client, buyer))}"
        assert (await client.get(page)).status_code == 404
        assert (await client.post(page, data={"act": "pay"})).status_code == 404

    async def test_nor_for_a_checkout_that_is_none(
        self, client: httpx.AsyncClient, rehearsing: Services
    ) -> None:
        assert (await client.get("/test-payment/cs_test_1")).status_code == 404
        assert (await client.post("/test-payment/cs_test_1", data={"act": "pay"})).status_code == 404

    @pytest.mark.parametrize(
        ("acts", "state"),
        [
            (["subscribe"], "active"),
            (["subscribe", "wait_for_notice", "wait_for_renewal"], "active"),
            (["subscribe", "break_card", "wait_for_renewal"], "past_due"),
            (["subscribe", "break_card", "wait_for_renewal", "mend_card"], "active"),
            (["subscribe", "break_card", "wait_for_renewal", "give_up"], "ended"),
            (["subscribe", "refund_month"], "ended"),
        ],
    )
    async def test_time_a_card_and_a_bank_do_to_a_membership_what_is_chosen(
        self, client: httpx.AsyncClient, ticking: Services, sign_in: SignIn, acts: list[str], state: str
    ) -> None:
        buyer = await sign_in()
        bought = await buy(client, buyer, "membership:silver", consent_version=CONSENT_VERSION)
        page = f"/test-payment/{checkout_of(bought.json())}"
        for act in acts:
            shown = await client.get(page, headers={"accept-language": "zh"})
            assert f'value="{act}"' in shown.text
            assert (await client.post(page, data={"act": act})).status_code == 303
            await empty_inbox(ticking)
            link = re.search(r"/test-portal/sub_\w+", (await client.get(page)).text)
            page = link[0] if link else page
        async with ticking.sessions() as session:
            membership = await memberships.find_newest(session, buyer.id)
        assert membership is not None and membership.state == state

    async def test_a_portal_is_of_one_subscription_and_nonsense_of_none(
        self, client: httpx.AsyncClient, rehearsing: Services
    ) -> None:
        for portal in ("bps_1", "sub_1", "x"):
            assert (await client.get(f"/test-portal/{portal}")).status_code == 404
            assert (await client.post(f"/test-portal/{portal}", data={"act": "give_up"})).status_code == 404


class TestKeeping:
    def test_a_restart_forgets_nothing(self, tmp_path: Path) -> None:
        path = tmp_path / "deep" / "objects.json"
        first = Objects(lambda: 7, path)
        made = first.add("product", {"name": "花笺"})
        first.save()
        assert Objects(lambda: 8, path).get("product", made["id"]) == made


class TestClock:
    def test_it_moves_on_and_never_back_and_a_restart_keeps_it(self, tmp_path: Path) -> None:
        path = tmp_path / "deep" / "clock.json"
        clock = RehearsalClock(path)
        later = clock() + timedelta(days=31)
        clock.advance_to(later)
        assert clock() >= later
        clock.advance_to(later - timedelta(days=30))
        assert clock() >= later
        assert RehearsalClock(path)() >= later
        assert RehearsalClock(tmp_path / "another.json")() < later
