"""What is for sale: at Stripe, in `GET /v1/catalog`, and as the way out of a 402."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from billing.catalog import Catalog, load_catalog
from billing.stripe_catalog import list_products, price_key, synchronise
from billing.stripe_gateway import StripeGateway
from service.rehearsal.server import Rehearsal
from tests.factories.people import SignIn, create
from tests.fakes.stripe_server.keys import settings_for


@pytest.fixture
async def gateway(rehearsal: Rehearsal) -> AsyncIterator[StripeGateway]:
    opened = StripeGateway(settings_for(rehearsal.url))
    yield opened
    await opened.close()


def only_packs(catalog: Catalog) -> Catalog:
    """A small shelf: each price is a question to the channel."""
    return catalog.model_copy(update={"memberships": {}})


def with_pack_price(catalog: Catalog, amount_minor: int) -> Catalog:
    small = catalog.packs["small"]
    cheaper = small.model_copy(update={"prices": {**small.prices, "CNY": amount_minor}})
    return catalog.model_copy(update={"packs": {**catalog.packs, "small": cheaper}})


class TestSynchronise:
    async def test_a_second_time_changes_nothing(self, gateway: StripeGateway) -> None:
        catalog = load_catalog()
        first = await synchronise(gateway, catalog)
        items = len(list(list_products(catalog)))
        assert items == 3 + 3 + 9 + 1
        assert len([line for line in first if line.startswith("+ product")]) == items
        assert len([line for line in first if line.startswith("+ price")]) == items * 3
        assert await synchronise(gateway, catalog) == []

    async def test_a_new_price_stands_beside_the_old_one_until_it_is_retired(
        self, gateway: StripeGateway, rehearsal: Rehearsal
    ) -> None:
        catalog = only_packs(load_catalog())
        await synchronise(gateway, catalog)
        dearer = with_pack_price(catalog, 1300)
        assert await synchronise(gateway, dearer) == [f"+ price {price_key('pack:small', 'CNY', 1300)}"]
        assert all(price["active"] for price in rehearsal.objects.all("price"))
        retired = [f"- price {price_key('pack:small', 'CNY', 1200)}"]
        assert await synchronise(gateway, dearer, retires=True) == retired
        amounts = {price["unit_amount"]: price["active"] for price in rehearsal.objects.all("price")}
        assert (amounts[1200], amounts[1300]) == (False, True)
        back = await synchronise(gateway, catalog)
        assert back[0] == f"+ price {price_key('pack:small', 'CNY', 1200)}"
        assert await synchronise(gateway, catalog) == []

    async def test_a_product_that_was_renamed_or_archived_by_hand_comes_back(
        self, gateway: StripeGateway, rehearsal: Rehearsal
    ) -> None:
        catalog = only_packs(load_catalog())
        await synchronise(gateway, catalog)
        product = rehearsal.objects.get("product", "huajian_pack_small")
        product["name"], product["active"] = "?", False
        assert await synchronise(gateway, catalog) == ["~ product huajian_pack_small: 小加速包 Small pack"]
        assert product["active"]


class TestCatalog:
    @pytest.mark.parametrize(
        ("language", "query", "text", "per_credit"),
        [
            ("zh", {}, "¥12.00", "¥1.20"),
            ("en", {}, "$1.99", "$0.20"),
            ("zh", {"currency": "EUR"}, "€1.99", "€0.20"),
            ("en", {"currency": "CNY"}, "CN¥12.00", "CN¥1.20"),
        ],
    )
    async def test_packs_are_priced_as_the_reader_writes_money(
        self, client: httpx.AsyncClient, language: str, query: dict[str, str], text: str, per_credit: str
    ) -> None:
        answer = await client.get("/v1/catalog", params=query, headers={"accept-language": language})
        pack: dict[str, Any] = answer.json()["packs"][0]
        assert (pack["id"], pack["credits"]) == ("pack:small", 10)
        assert (pack["price"]["text"], pack["price_per_credit"]["text"]) == (text, per_credit)

    async def test_a_currency_that_we_do_not_sell_in_is_refused_with_those_that_we_do(
        self, client: httpx.AsyncClient
    ) -> None:
        answer = await client.get("/v1/catalog", params={"currency": "JPY"})
        assert (answer.status_code, answer.json()["code"]) == (422, "unsold_currency")
        assert answer.json()["currencies"] == ["CNY", "USD", "EUR"]

    async def test_who_has_no_credits_is_shown_the_packs(
        self, client: httpx.AsyncClient, sign_in: SignIn
    ) -> None:
        person = await sign_in()
        answers = [await create(client, person) for _ in range(4)]
        assert answers[-1].status_code == 402
        offered = answers[-1].json()["packs"]
        assert [pack["id"] for pack in offered] == ["pack:small", "pack:medium", "pack:large"]

    async def test_the_second_months_price_stands_beside_the_firsts(self, client: httpx.AsyncClient) -> None:
        read = (await client.get("/v1/catalog", headers={"accept-language": "en"})).json()
        offers: list[dict[str, Any]] = read["memberships"]
        assert [(offer["id"], offer["monthly_credits"]) for offer in offers] == [
            ("membership:silver", 10),
            ("membership:gold", 30),
            ("membership:studio", 100),
        ]
        gold = offers[1]
        assert (gold["first_month"]["text"], gold["second_month"]["text"]) == ("$1.49", "$3.99")
        assert [
            (one["id"], one["name"], one["price"]["text"], one["price_per_month"]["text"])
            for one in gold["months"]
        ] == [
            ("months:gold:1", "Gold membership, 1 month", "$3.99", "$3.99"),
            ("months:gold:3", "Gold membership, 3 months", "$10.99", "$3.67"),
            ("months:gold:12", "Gold membership, 12 months", "$39.99", "$3.34"),
        ]

    async def test_a_certified_work_has_a_price_in_credits_and_in_money(
        self, client: httpx.AsyncClient
    ) -> None:
        read = (await client.get("/v1/catalog", headers={"accept-language": "zh"})).json()
        assert read["certification"] == {
            "id": "certification",
            "credits": 1,
            "price": {"currency": "CNY", "amount_minor": 500, "text": "¥5.00"},
        }
        assert "十四天内仍可以撤回" in read["consent"]["text"]
