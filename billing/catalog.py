"""The catalogue: tiers, packs, memberships and prices, read once from `catalog.toml` and checked whole."""

import functools
import itertools
import tomllib
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, Field, model_validator

from billing.errors import UnsoldCurrencyError

FREE: Final = "free"
Texts = dict[Annotated[str, Field(pattern="^(zh|en)$")], str]
Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
# Minor units. The bound is what payment providers take for one charge.
Prices = dict[Currency, Annotated[int, Field(gt=0, lt=100_000_000)]]
# Stripe counts these in units other than ISO 4217 does: a price in them would be wrong by a hundred.
ODD_CURRENCIES: Final = frozenset({"HUF", "ISK", "TWD", "UGX"})


class Tier(BaseModel, frozen=True, extra="forbid"):
    """`weight` is the share of the queue under load; `in_flight` caps jobs queued or running.

    batch_rows: caps the rows of batches that are queued or running, which `in_flight` does not count.
    """

    rank: int = Field(ge=0)
    monthly_credits: int = Field(gt=0)
    weight: int = Field(gt=0, le=1000)
    in_flight: int = Field(gt=0)
    batch_rows: int = Field(ge=0)
    max_image_px: int = Field(gt=0)
    name: Texts


class Sale(BaseModel, frozen=True, extra="forbid"):
    """In which currencies one can pay, and which is proposed to readers of a language."""

    currencies: tuple[Currency, ...] = Field(min_length=1)
    preferred: dict[Annotated[str, Field(pattern="^(zh|en)$")], Currency]

    def require(self, currency: str) -> None:
        """Raises: UnsoldCurrencyError."""
        if currency not in self.currencies:
            raise UnsoldCurrencyError(self.currencies)


class Pack(BaseModel, frozen=True, extra="forbid"):
    """`days`: how long its credits can be used."""

    credits: int = Field(gt=0, le=1_000_000)
    days: int = Field(gt=0, le=3660)
    prices: Prices
    name: Texts


class Membership(BaseModel, frozen=True, extra="forbid"):
    """What a paid tier costs a month; `first` is the first month's price, once per person.

    months: months paid in advance, by their number, for who cannot or will not pay by itself each month.
    """

    prices: Prices
    first: Prices
    months: dict[Annotated[int, Field(gt=0, le=24)], Prices] = Field(min_length=1)


class Certification(BaseModel, frozen=True, extra="forbid"):
    credits: int = Field(gt=0)
    prices: Prices


class Catalog(BaseModel, frozen=True, extra="forbid"):
    prices: dict[str, Annotated[int, Field(gt=0)]]
    tiers: dict[str, Tier]
    sale: Sale
    packs: dict[Annotated[str, Field(pattern="^[a-z]{1,32}$")], Pack] = Field(min_length=1)
    memberships: dict[str, Membership]
    certification: Certification

    @model_validator(mode="after")
    def _has_distinct_ranks_and_free(self) -> Self:
        if FREE not in self.tiers:
            raise ValueError("the catalogue needs a tier named free")
        if len({tier.rank for tier in self.tiers.values()}) != len(self.tiers):
            raise ValueError("two tiers share a rank")
        return self

    @model_validator(mode="after")
    def _is_sold_in_every_currency(self) -> Self:
        odd = ODD_CURRENCIES & set(self.sale.currencies)
        if odd:
            raise ValueError(f"cannot sell in {', '.join(sorted(odd))}")
        if not set(self.sale.preferred.values()) <= set(self.sale.currencies):
            raise ValueError("a preferred currency is not sold in")
        priced = [self.certification.prices, *(pack.prices for pack in self.packs.values())]
        for membership in self.memberships.values():
            priced += [membership.prices, membership.first, *membership.months.values()]
        if any(set(prices) != set(self.sale.currencies) for prices in priced):
            raise ValueError("every price needs every currency, and no other")
        return self

    @model_validator(mode="after")
    def _first_month_is_the_cheapest_way_in(self) -> Self:
        if set(self.memberships) != set(self.tiers) - {FREE}:
            raise ValueError("every tier but the free one needs a membership price, and no other")
        for currency in self.sale.currencies:
            smallest = min(pack.prices[currency] for pack in self.packs.values())
            for name, membership in self.memberships.items():
                if not membership.first[currency] < min(smallest, membership.prices[currency]):
                    raise ValueError(f"the first month of {name} must cost less than any pack and month")
        return self

    @model_validator(mode="after")
    def _more_months_never_cost_more_each(self) -> Self:
        for name, membership in self.memberships.items():
            for currency, month_minor in membership.prices.items():
                offers = sorted((count, prices[currency]) for count, prices in membership.months.items())
                for (fewer, cheaper), (count, price_minor) in itertools.pairwise([(0, 0), *offers]):
                    if not cheaper < price_minor <= (count - fewer) * month_minor + cheaper:
                        raise ValueError(f"{count} months of {name} cost less than fewer, or more each")
        return self

    def tier(self, name: str) -> Tier:
        """The tier of that name; a tier that was withdrawn from sale counts as free."""
        return self.tiers.get(name, self.tiers[FREE])


@functools.cache
def load_catalog(path: Path = Path(__file__).parent / "catalog.toml") -> Catalog:
    """Raises: pydantic.ValidationError when the file breaks a rule; the process must not start."""
    return Catalog.model_validate(tomllib.loads(path.read_text("utf-8")))
