"""`huajian stripe`: what an operator sees and does."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
import structlog
from prometheus_client import REGISTRY
from typer.testing import CliRunner, Result

from core.clock import utc_now
from core.settings import load_settings
from service.engines.endpoints import Endpoints
from service.flows.change_membership import Member, withdraw_membership
from service.flows.return_money import return_money
from service.main.cli import app
from service.rehearsal.server import Rehearsal
from service.texts import CONSENT_VERSION
from service.wiring import Services
from service.workers.payment_chores import PaymentChores
from tests.factories.orders import buy, checkout_of, credits_of, empty_inbox, order, payment_of, state_of
from tests.factories.people import SignIn
from tests.fakes.stripe_server.deliveries import Deliveries
from tests.fakes.stripe_server.keys import API_KEY, WEBHOOK_SECRET


@pytest.fixture(autouse=True)
def keep_this_process() -> Iterator[None]:
    load_settings()
    before = structlog.get_config()
    yield
    structlog.configure(**before)


class Cli:
    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment

    async def __call__(self, *arguments: str) -> Result:
        return await asyncio.to_thread(CliRunner().invoke, app, ["stripe", *arguments], env=self._environment)


@pytest.fixture
def cli(endpoints: Endpoints, tmp_path: Path, rehearsal: Rehearsal) -> Cli:
    return Cli(
        {
            "HUAJIAN_DATABASE_URL": endpoints.database_url,
            "HUAJIAN_REDIS_URL": endpoints.redis_url,
            "HUAJIAN_DATA_DIR": str(tmp_path / "data"),
            "HUAJIAN_STRIPE__SECRET_KEY": API_KEY,
            "HUAJIAN_STRIPE__WEBHOOK_SECRET": WEBHOOK_SECRET,
            "HUAJIAN_STRIPE__API_URL": rehearsal.url,
        }
    )


class TestStripe:
    async def test_prices_are_synchronised_once(self, cli: Cli, rehearsal: Rehearsal) -> None:
        first, second = await cli("sync"), await cli("sync")
        assert "+ price huajian:pack:small:cny:1200" in first.output
        assert (second.exit_code, second.output) == (0, "Nothing to do.\n")
        rehearsal.objects.all("price")[0]["lookup_key"] = "huajian:old"
        assert "- price huajian:old" in (await cli("sync", "--retire")).output

    async def test_what_came_is_shown_and_replayed_and_what_did_not_come_is_healed(
        self,
        cli: Cli,
        client: httpx.AsyncClient,
        services: Services,
        rehearsal: Rehearsal,
        deliveries: Deliveries,
        sign_in: SignIn,
    ) -> None:
        buyer = await sign_in()
        bought = await order(client, buyer)
        rehearsal.bank.pay(checkout_of(bought))
        await deliveries.deliver()
        await empty_inbox(services)
        shown = (await cli("inbox", "--state", "handled")).output
        assert "checkout.session.completed" in shown
        assert str(bought["id"]) not in shown
        assert (await cli("inbox", "--replay", shown.split()[0])).output == "1 events wait again.\n"
        assert "checkout.session.completed" in (await cli("inbox", "--state", "waiting")).output
        assert (await cli("inbox", "--replay-dead")).output == "0 events wait again.\n"
        rehearsal.bank.warn(payment_of(rehearsal, bought))
        rehearsal.bank.refund(payment_of(rehearsal, bought), 600)
        await deliveries.deliver()
        await empty_inbox(services)
        assert await credits_of(client, buyer) == (3, 0)
        assert (await cli("trust", str(bought["id"]))).exit_code == 0
        assert await credits_of(client, buyer) == (8, 0)
        assert (await cli("trust", str(buyer.id))).exit_code == 1
        missed = await order(client, buyer)
        rehearsal.bank.pay(checkout_of(missed))
        swept = await cli("sweep")
        assert (swept.exit_code, "1 orders healed" in swept.output) == (0, True)
        assert await state_of(client, buyer, missed) == "paid"

    async def test_money_that_did_not_go_back_is_shown_and_asked_for_again(
        self,
        cli: Cli,
        client: httpx.AsyncClient,
        services: Services,
        rehearsal: Rehearsal,
        deliveries: Deliveries,
        sign_in: SignIn,
    ) -> None:
        buyer = await sign_in()
        bought = (await buy(client, buyer, "membership:silver", consent_version=CONSENT_VERSION)).json()
        rehearsal.biller.begin(checkout_of(bought))
        await deliveries.deliver()
        await empty_inbox(services)
        assert services.payments is not None
        member = Member(services.sessions, services.payments, services.rules, buyer.id)
        await withdraw_membership(member, UUID(bought["id"]), now=services.clock())
        rehearsal.bank.fail_refund(rehearsal.objects.all("refund")[0]["id"])
        await deliveries.deliver()
        await empty_inbox(services)
        await PaymentChores(services, services.payments).measure()
        states = ("under_way", "again", "given_up")
        assert [REGISTRY.get_sample_value("huajian_returns", {"state": one}) for one in states] == [0, 1, 0]
        shown = (await cli("returns")).output
        for words in (bought["id"], "500 CNY", "withdrawn", "failed 1", "again 20"):
            assert words in shown
        assert (await cli("returns", "--again", str(buyer.id))).exit_code == 1
        assert (await cli("returns", "--again", bought["id"])).exit_code == 0
        later = utc_now() + timedelta(seconds=1)  # the command has the real time
        await return_money(services.sessions, services.payments, rules=services.rules, now=later)
        assert len(rehearsal.objects.all("refund")) == 2
        await deliveries.deliver()
        await empty_inbox(services)
        assert (await cli("returns")).output == ""

    async def test_without_keys_it_says_which(self, endpoints: Endpoints, tmp_path: Path) -> None:
        bare = Cli(
            {
                "HUAJIAN_DATABASE_URL": endpoints.database_url,
                "HUAJIAN_REDIS_URL": endpoints.redis_url,
                "HUAJIAN_DATA_DIR": str(tmp_path / "data"),
            }
        )
        refused = await bare("sync")
        assert refused.exit_code == 2
        assert "HUAJIAN_STRIPE__SECRET_KEY" in refused.output
