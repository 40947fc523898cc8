"""A catalogue that breaks a rule of selling stops the start."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import billing.catalog
from billing.catalog import Catalog
from billing.money import format_money


@pytest.fixture
def raw() -> dict[str, Any]:
    path = Path(str(billing.catalog.__file__)).with_name("catalog.toml")
    return tomllib.loads(path.read_text("utf-8"))


class TestCatalog:
    def test_ours_is_sound(self, raw: dict[str, Any]) -> None:
        assert Catalog.model_validate(raw).packs["small"].credits == 10

    def test_every_price_needs_every_currency(self, raw: dict[str, Any]) -> None:
        del raw["packs"]["large"]["prices"]["EUR"]
        with pytest.raises(ValidationError, match="every currency"):
            Catalog.model_validate(raw)

    def test_a_first_month_may_not_cost_more_than_the_smallest_pack(self, raw: dict[str, Any]) -> None:
        raw["memberships"]["studio"]["first"]["USD"] = 199
        with pytest.raises(ValidationError, match="first month of studio"):
            Catalog.model_validate(raw)

    def test_currencies_that_stripe_counts_differently_are_refused(self, raw: dict[str, Any]) -> None:
        raw["sale"]["currencies"].append("TWD")
        with pytest.raises(ValidationError, match="cannot sell in TWD"):
            Catalog.model_validate(raw)

    def test_every_paid_tier_has_a_price_and_the_free_one_none(self, raw: dict[str, Any]) -> None:
        raw["memberships"]["free"] = raw["memberships"]["silver"]
        with pytest.raises(ValidationError, match="every tier but the free one"):
            Catalog.model_validate(raw)

    @pytest.mark.parametrize(("count", "cny"), [("3", 3001), ("3", 900), ("12", 2800), ("12", 12000)])
    def test_more_months_cost_more_and_never_more_each(
        self, raw: dict[str, Any], count: str, cny: int
    ) -> None:
        raw["memberships"]["silver"]["months"][count]["CNY"] = cny
        with pytest.raises(ValidationError, match="months of silver"):
            Catalog.model_validate(raw)

    def test_months_are_counted_in_numbers(self, raw: dict[str, Any]) -> None:
        assert list(Catalog.model_validate(raw).memberships["gold"].months) == [1, 3, 12]


class TestMoney:
    @pytest.mark.parametrize(
        ("amount_minor", "currency", "language", "text"),
        [
            (1, "CNY", "zh", "¥0.01"),
            (1_234_567, "USD", "en", "$12,345.67"),
            (1200, "JPY", "en", "¥1,200"),
            (199, "EUR", "en", "€1.99"),
        ],
    )
    def test_minor_units_become_what_people_read(
        self, amount_minor: int, currency: str, language: str, text: str
    ) -> None:
        assert format_money(amount_minor, currency, language) == text
