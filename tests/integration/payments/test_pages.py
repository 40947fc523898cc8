"""The pages about buying, as a browser gets them."""

from dataclasses import replace

import httpx
import pytest

from service.wiring import Services
from tests.factories.orders import order
from tests.factories.people import SignIn
from tests.integration.test_pages import Markup


class TestPlans:
    @pytest.mark.parametrize(
        ("language", "texts"),
        [
            ("zh", ["小加速包", "¥12.00", "每次 ¥1.20", "不会自动续费", "测试付款"]),
            ("en", ["Small pack", "$1.99", "$0.20 each", "never renews", "no real money"]),
        ],
    )
    async def test_prices_are_what_one_pays(
        self, client: httpx.AsyncClient, language: str, texts: list[str]
    ) -> None:
        page = (await client.get("/plans", headers={"accept-language": language})).text
        for text in texts:
            assert text in page
        assert {"deal", "packs-title"} <= set(Markup(page).ids)

    async def test_a_currency_can_be_chosen_and_nonsense_is_none(self, client: httpx.AsyncClient) -> None:
        assert "€1.99" in (await client.get("/plans?currency=EUR")).text
        assert "$1.99" in (await client.get("/plans?currency=XXX", headers={"accept-language": "en"})).text

    async def test_the_studio_offers_packs_to_who_has_nothing_left(self, client: httpx.AsyncClient) -> None:
        assert 'href="/plans">Small pack: 10 credits, $1.99' in (await client.get("/")).text

    async def test_where_nobody_takes_money_nothing_is_offered(
        self, client: httpx.AsyncClient, services: Services
    ) -> None:
        client._transport.app.state.services = replace(services, payments=None)  # type: ignore[attr-defined]
        page = (await client.get("/plans")).text
        assert "Nothing is for sale" in page
        assert 'class="button buy"' not in page
        assert "purse-packs" not in (await client.get("/")).text
        assert (await client.get("/v1/catalog")).json()["packs"] == []
        refused = await client.post("/webhooks/stripe", content=b"{}")
        assert (refused.status_code, refused.json()["code"]) == (409, "not_selling")


class TestOrder:
    async def test_the_page_says_nothing_of_anybody(self, client: httpx.AsyncClient, sign_in: SignIn) -> None:
        """It is the same for everybody; its script asks as whoever reads it."""
        bought = await order(client, await sign_in())
        page = await client.get(f"/orders/{bought['id']}")
        assert page.status_code == 200
        assert "Small pack" not in page.text
        assert (await client.get("/orders/nonsense")).status_code == 422
