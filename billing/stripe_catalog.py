"""Bring Stripe's products, prices and coupons to what the catalogue says. Doing it twice changes nothing.

A price is never changed: its lookup key names item, currency and amount, so an order keeps the price that its
buyer saw, also while two releases run side by side. What is no longer offered is retired, not deleted.
"""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from billing.catalog import Catalog, Prices

PREFIX: Final = "huajian"


@dataclass(frozen=True, slots=True)
class Product:
    """`item` is what clients call it; `is_monthly` products renew."""

    item: str
    name: str
    prices: Prices
    is_monthly: bool

    @property
    def id(self) -> str:
        return f"{PREFIX}_{self.item.replace(':', '_')}"

    def price_keys(self) -> Mapping[str, str]:
        """The lookup key by currency."""
        return {
            currency: price_key(self.item, currency, amount_minor)
            for currency, amount_minor in self.prices.items()
        }


class Shelf(Protocol):
    """What synchronising needs of Stripe."""

    async def find_product(self, product_id: str) -> Mapping[str, Any] | None: ...
    async def create_product(self, product_id: str, name: str) -> None: ...
    async def rename_product(self, product_id: str, name: str) -> None: ...
    async def create_price(self, params: Mapping[str, Any]) -> None: ...
    async def list_prices(self, product_id: str) -> Sequence[Mapping[str, Any]]: ...
    async def retire_price(self, price_id: str) -> None: ...
    async def find_coupon(self, coupon_id: str) -> Mapping[str, Any] | None: ...
    async def create_coupon(self, params: Mapping[str, Any]) -> None: ...


def price_key(item: str, currency: str, amount_minor: int) -> str:
    return f"{PREFIX}:{item}:{currency.lower()}:{amount_minor}"


def price_of(key: str) -> int:
    """The amount that a price key names, in minor units."""
    return int(key.rpartition(":")[2])


def coupon_id(key: str, off_minor: int) -> str:
    """What makes the first month at that price cheaper by so much, once."""
    item, currency = key.removeprefix(f"{PREFIX}:").split(":")[1:3]
    return f"{PREFIX}_first_{item}_{currency}_{off_minor}"


def list_coupons(catalog: Catalog) -> Iterator[Mapping[str, Any]]:
    """For each tier and currency, so much off one invoice. Who may have it is decided by us."""
    for name, membership in catalog.memberships.items():
        for currency, amount_minor in membership.prices.items():
            off_minor = amount_minor - membership.first[currency]
            yield {
                "id": coupon_id(price_key(f"membership:{name}", currency, amount_minor), off_minor),
                "name": "首月优惠 First month",
                "duration": "once",
                "amount_off": off_minor,
                "currency": currency.lower(),
                "applies_to": {"products": [f"{PREFIX}_membership_{name}"]},
            }


def list_products(catalog: Catalog) -> Iterator[Product]:
    for name, pack in catalog.packs.items():
        yield Product(f"pack:{name}", f"{pack.name['zh']} {pack.name['en']}", pack.prices, is_monthly=False)
    for name, membership in catalog.memberships.items():
        tier = catalog.tier(name)
        label = f"{tier.name['zh']} {tier.name['en']}"
        yield Product(f"membership:{name}", label, membership.prices, is_monthly=True)
        for count, prices in membership.months.items():
            yield Product(f"months:{name}:{count}", _months_label(label, count), prices, is_monthly=False)
    yield Product("certification", "作品认证 Certification", catalog.certification.prices, is_monthly=False)


def _months_label(tier: str, count: int) -> str:
    return f"{tier} · {count} 个月 {count} {'month' if count == 1 else 'months'}"


async def synchronise(shelf: Shelf, catalog: Catalog, *, retires: bool = False) -> list[str]:
    """What was done, a line each; nothing when all was as it should be.

    Args:
        retires: take prices off the shelf that the catalogue has no more. Not while a release that sells
            at them still runs.
    """
    done: list[str] = []
    for product in list_products(catalog):
        done += [line async for line in _put_product(shelf, product)]
        done += [line async for line in _put_prices(shelf, product, retires=retires)]
    for coupon in list_coupons(catalog):
        if await shelf.find_coupon(coupon["id"]) is None:
            await shelf.create_coupon(coupon)
            done.append(f"+ coupon {coupon['id']}")
    return done


async def _put_product(shelf: Shelf, product: Product) -> AsyncIterator[str]:
    found = await shelf.find_product(product.id)
    if found is None:
        await shelf.create_product(product.id, product.name)
        yield f"+ product {product.id}"
    elif found["name"] != product.name or not found["active"]:
        await shelf.rename_product(product.id, product.name)
        yield f"~ product {product.id}: {product.name}"


async def _put_prices(shelf: Shelf, product: Product, *, retires: bool) -> AsyncIterator[str]:
    keys = product.price_keys()
    on_sale = {price["lookup_key"]: price for price in await shelf.list_prices(product.id)}
    for currency, key in keys.items():
        if key not in on_sale:
            await shelf.create_price(_price_params(product, currency, key))
            yield f"+ price {key}"
    for key, price in on_sale.items():
        if retires and key not in keys.values():
            await shelf.retire_price(price["id"])
            yield f"- price {key or price['id']}"


def _price_params(product: Product, currency: str, key: str) -> Mapping[str, Any]:
    """What a buyer sees contains the tax. The key may still hang on a retired price: take it over."""
    params: dict[str, Any] = {
        "product": product.id,
        "currency": currency.lower(),
        "unit_amount": product.prices[currency],
        "lookup_key": key,
        "transfer_lookup_key": True,
        "tax_behavior": "inclusive",
    }
    if product.is_monthly:
        params["recurring"] = {"interval": "month"}
    return params
