"""What is bought: an item of the catalogue in one currency, as it will be frozen in the order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from billing.catalog import Catalog
from billing.errors import UnknownItemError
from billing.stripe_catalog import price_key
from models.order import ItemKind


@dataclass(frozen=True, slots=True)
class Terms:
    """credits, days: of a pack, else 0. price_key: of the shelf's price, which a first month is below."""

    item: str
    credits: int
    days: int
    amount_minor: int
    currency: str
    price_key: str
    is_first_month: bool = False

    @property
    def kind(self) -> ItemKind:
        return ItemKind(self.item.partition(":")[0])


def terms_of(catalog: Catalog, item: str, currency: str, *, is_first_month: bool = False) -> Terms:
    """The terms of `pack:small`, `membership:gold`, `months:gold:3` or `certification`.

    Args:
        is_first_month: at the price that a person gets once; heeded for memberships only.
    Raises: UnknownItemError, UnsoldCurrencyError.
    """
    catalog.sale.require(currency)
    kind, *names = item.split(":")
    try:
        terms = FINDERS[kind](catalog, item, names, currency)
    except (KeyError, ValueError):
        raise UnknownItemError(f"{item} is not for sale.") from None
    if is_first_month and kind == ItemKind.MEMBERSHIP:
        first_minor = catalog.memberships[names[0]].first[currency]
        return replace(terms, amount_minor=first_minor, is_first_month=True)
    return terms


def _pack(catalog: Catalog, item: str, names: list[str], currency: str) -> Terms:
    (name,) = names
    pack = catalog.packs[name]
    return _terms(item, pack.prices[currency], currency, credits=pack.credits, days=pack.days)


def _membership(catalog: Catalog, item: str, names: list[str], currency: str) -> Terms:
    (tier,) = names
    return _terms(item, catalog.memberships[tier].prices[currency], currency)


def _months(catalog: Catalog, item: str, names: list[str], currency: str) -> Terms:
    tier, count = names
    offers = {str(months): prices for months, prices in catalog.memberships[tier].months.items()}
    return _terms(item, offers[count][currency], currency)


def _certification(catalog: Catalog, item: str, names: list[str], currency: str) -> Terms:
    () = names
    return _terms(item, catalog.certification.prices[currency], currency)


def _terms(item: str, amount_minor: int, currency: str, *, credits: int = 0, days: int = 0) -> Terms:
    return Terms(item, credits, days, amount_minor, currency, price_key(item, currency, amount_minor))


FINDERS: Final[Mapping[str, Callable[[Catalog, str, list[str], str], Terms]]] = {
    ItemKind.PACK: _pack,
    ItemKind.MEMBERSHIP: _membership,
    ItemKind.MONTHS: _months,
    ItemKind.CERTIFICATION: _certification,
}
