"""Our shelf at Stripe: products, prices, coupons of first months; `billing.stripe_catalog` fills it."""

from collections.abc import Mapping
from typing import Any

from billing.payments import UnknownObjectError
from billing.stripe_client import PAGE, StripeClient, ask, plain


class StripeShelf(StripeClient):
    """Obeys `billing.stripe_catalog.Shelf`."""

    async def find_product(self, product_id: str) -> Mapping[str, Any] | None:
        try:
            return plain(await ask(self._client.v1.products.retrieve_async(product_id)))
        except UnknownObjectError:
            return None

    async def create_product(self, product_id: str, name: str) -> None:
        await ask(self._client.v1.products.create_async({"id": product_id, "name": name}))

    async def rename_product(self, product_id: str, name: str) -> None:
        await ask(self._client.v1.products.update_async(product_id, {"name": name, "active": True}))

    async def create_price(self, params: Mapping[str, Any]) -> None:
        await ask(self._client.v1.prices.create_async(params))  # type: ignore[arg-type]

    async def list_prices(self, product_id: str) -> list[Mapping[str, Any]]:
        """Prices of a product that are for sale; a product of ours has a handful."""
        params = {"product": product_id, "active": True, "limit": PAGE}
        found = await ask(self._client.v1.prices.list_async(params))  # type: ignore[arg-type]
        return [plain(price) for price in found.data]

    async def retire_price(self, price_id: str) -> None:
        await ask(self._client.v1.prices.update_async(price_id, {"active": False}))

    async def find_coupon(self, coupon_id: str) -> Mapping[str, Any] | None:
        try:
            return plain(await ask(self._client.v1.coupons.retrieve_async(coupon_id)))
        except UnknownObjectError:
            return None

    async def create_coupon(self, params: Mapping[str, Any]) -> None:
        await ask(self._client.v1.coupons.create_async(params))  # type: ignore[arg-type]
