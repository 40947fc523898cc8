"""What an item costs, as it will be frozen in an order."""

import pytest

from billing.catalog import load_catalog
from billing.errors import UnknownItemError, UnsoldCurrencyError
from billing.orders.terms import terms_of
from billing.stripe_catalog import coupon_id, list_coupons, price_of
from models.order import ItemKind

CATALOG = load_catalog()


class TestTerms:
    @pytest.mark.parametrize(
        ("item", "kind", "amount_minor", "credits"),
        [
            ("pack:small", ItemKind.PACK, 1200, 10),
            ("membership:gold", ItemKind.MEMBERSHIP, 2500, 0),
            ("months:gold:3", ItemKind.MONTHS, 6900, 0),
            ("certification", ItemKind.CERTIFICATION, 500, 0),
        ],
    )
    def test_each_kind_has_its_price(
        self, item: str, kind: ItemKind, amount_minor: int, credits: int
    ) -> None:
        terms = terms_of(CATALOG, item, "CNY")
        assert (terms.kind, terms.amount_minor, terms.credits) == (kind, amount_minor, credits)
        assert price_of(terms.price_key) == amount_minor

    def test_a_first_month_is_charged_less_than_the_price_it_names(self) -> None:
        terms = terms_of(CATALOG, "membership:gold", "CNY", is_first_month=True)
        assert (terms.amount_minor, price_of(terms.price_key), terms.is_first_month) == (900, 2500, True)
        assert coupon_id(terms.price_key, 2500 - 900) in {coupon["id"] for coupon in list_coupons(CATALOG)}
        assert not terms_of(CATALOG, "months:gold:1", "CNY", is_first_month=True).is_first_month

    @pytest.mark.parametrize(
        "item",
        [
            "", "pack", "pack:", "pack:huge", "pack:small:1", "membership:free", "membership:gold:1",
            "membership", "months:gold", "months:gold:2", "months:gold:03", "months:gold:-1", "months:free:1",
            "certification:1", "moon:gold", "pack:small\n",
        ],
    )  # fmt: skip
    def test_nothing_else_is_for_sale(self, item: str) -> None:
        with pytest.raises(UnknownItemError):
            terms_of(CATALOG, item, "CNY")

    def test_neither_is_anything_in_a_currency_that_we_do_not_take(self) -> None:
        with pytest.raises(UnsoldCurrencyError):
            terms_of(CATALOG, "membership:gold", "JPY")
