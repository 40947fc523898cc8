"""What is bought: an item of the catalogue in one currency, as it will be frozen in the order."""

from dataclasses import dataclass

from billing.catalog import Catalog
from billing.errors import UnknownItemError
from billing.stripe_catalog import price_key


@dataclass(frozen=True, slots=True)
class Terms:
    item: str
    credits: int
    days: int
    amount_minor: int
    currency: str
    price_key: str


def terms_of(catalog: Catalog, item: str, currency: str) -> Terms:
    """Raises: UnknownItemError, UnsoldCurrencyError."""
    catalog.sale.require(currency)
    kind, _, name = item.partition(":")
    if kind != "pack" or name not in catalog.packs:
        raise UnknownItemError(f"{item} is not for sale.")
    pack = catalog.packs[name]
    amount_minor = pack.prices[currency]
    return Terms(
        item, pack.credits, pack.days, amount_minor, currency, price_key(item, currency, amount_minor)
    )
