"""Stripe as a payment channel: the only module that knows its SDK. Our own key, one pinned API version."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

import httpx
import stripe
import structlog

from billing import stripe_facts as facts
from billing.payments import (
    CheckoutFacts,
    CheckoutRequest,
    DisputeFacts,
    IncomingEvent,
    NotOnSaleError,
    OpenedCheckout,
    OtherMovement,
    PaymentsAwayError,
    RefundFacts,
    SignatureError,
    UnknownObjectError,
    WarningFacts,
)
from billing.stripe_signatures import require_signed
from core.settings import StripeSettings

log = structlog.get_logger()

API_VERSION: Final = "2026-10-28.endive"
NETWORK_RETRIES: Final = 2
PAGE: Final = 100
LIVE_KEYS: Final = ("sk_live_", "rk_live_")
PAYMENT: Final = "payment_intent.latest_charge.balance_transaction"
REFUND: Final = ["payment_intent", "balance_transaction", "failure_balance_transaction"]

T = TypeVar("T")


def is_live(key: str) -> bool:
    """Whether real money moves with this key."""
    return key.startswith(LIVE_KEYS)


class _Transport(stripe.HTTPClient):
    """The SDK's own client over httpx hands text over in a way that httpx gives up; this one sends bytes."""

    name = "httpx"

    def __init__(self, timeout_seconds: float) -> None:
        super().__init__()
        self._client = httpx.AsyncClient(timeout=timeout_seconds)

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: str | bytes | None = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        try:
            answer = await self._client.request(method, url, headers=headers, content=post_data)
        except httpx.HTTPError as error:
            raise stripe.APIConnectionError(type(error).__name__, should_retry=True) from error  # type: ignore[no-untyped-call]
        return answer.content, answer.status_code, answer.headers

    async def sleep_async(self, secs: float) -> None:
        await asyncio.sleep(secs)

    async def close_async(self) -> None:
        await self._client.aclose()


class StripeGateway:
    """Obeys `billing.payments.PaymentChannel`; the catalogue's side is used by `billing.stripe_catalog`."""

    name = "stripe"

    def __init__(self, settings: StripeSettings, *, is_test: bool = False) -> None:
        key = settings.secret_key.get_secret_value()
        self.is_test = is_test or not is_live(key)
        self._webhook_secret = settings.webhook_secret.get_secret_value()
        self._automatic_tax = settings.automatic_tax
        self._http = _Transport(settings.timeout_seconds)
        self._client = stripe.StripeClient(
            key,
            stripe_version=API_VERSION,
            max_network_retries=NETWORK_RETRIES,
            http_client=self._http,
            base_addresses={} if settings.api_url is None else {"api": settings.api_url},
        )
        self._price_ids: dict[str, str] = {}

    async def close(self) -> None:
        await self._http.close_async()

    async def open_checkout(self, request: CheckoutRequest) -> OpenedCheckout:
        price_id = await self._get_price_id(request)
        names = {facts.ORDER_KEY: str(request.order_id)}
        params: dict[str, Any] = {
            "mode": "payment",
            "line_items": [{"price": price_id, "quantity": 1}],
            "client_reference_id": str(request.order_id),
            "metadata": names,
            "payment_intent_data": {"metadata": names},
            "success_url": request.success_url,
            "cancel_url": request.cancel_url,
            "expires_at": int(request.expires_at.timestamp()),
            "locale": request.language,
            # What is charged must be what the order says, in its currency.
            "adaptive_pricing": {"enabled": False},
            "automatic_tax": {"enabled": self._automatic_tax},
        }
        create = self._client.v1.checkout.sessions.create_async
        session = await _ask(create(params, {"idempotency_key": request.key}))  # type: ignore[arg-type]
        return OpenedCheckout(session.id, session.url or request.success_url)

    async def _get_price_id(self, request: CheckoutRequest) -> str:
        """Raises: NotOnSaleError: not synchronised, or changed by hand at Stripe."""
        if request.price_key not in self._price_ids:
            price = await self.find_price(request.price_key)
            expected = (request.amount_minor, request.currency.lower())
            if price is None or (price["unit_amount"], price["currency"]) != expected:
                log.error("stripe.price_missing", price_key=request.price_key)
                raise NotOnSaleError("This is not on sale yet.")
            self._price_ids[request.price_key] = price["id"]
        return self._price_ids[request.price_key]

    def read_event(self, body: bytes, signature: str, now: datetime) -> IncomingEvent:
        require_signed(body, signature, self._webhook_secret, now)
        try:
            return facts.to_event(json.loads(body))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise SignatureError("Signed, but not an event.") from error

    async def read_checkout(self, checkout_id: str) -> CheckoutFacts:
        retrieve = self._client.v1.checkout.sessions.retrieve_async
        return facts.to_checkout(_plain(await _ask(retrieve(checkout_id, {"expand": [PAYMENT]}))))

    async def read_refund(self, refund_id: str) -> RefundFacts:
        retrieve = self._client.v1.refunds.retrieve_async
        return facts.to_refund(_plain(await _ask(retrieve(refund_id, {"expand": REFUND}))))

    async def read_dispute(self, dispute_id: str) -> DisputeFacts:
        retrieve = self._client.v1.disputes.retrieve_async
        return facts.to_dispute(_plain(await _ask(retrieve(dispute_id, {"expand": ["payment_intent"]}))))

    async def read_warning(self, warning_id: str) -> WarningFacts:
        retrieve = self._client.v1.radar.early_fraud_warnings.retrieve_async
        return facts.to_warning(_plain(await _ask(retrieve(warning_id, {"expand": ["payment_intent"]}))))

    async def list_checkouts(self, since: datetime) -> AsyncIterator[CheckoutFacts]:
        async for session in _pages(self._client.v1.checkout.sessions, since, f"data.{PAYMENT}"):
            yield facts.to_checkout(session)

    async def list_refunds(self, since: datetime) -> AsyncIterator[RefundFacts]:
        async for refund in _pages(self._client.v1.refunds, since, *(f"data.{path}" for path in REFUND)):
            yield facts.to_refund(refund)

    async def list_disputes(self, since: datetime) -> AsyncIterator[DisputeFacts]:
        async for dispute in _pages(self._client.v1.disputes, since, "data.payment_intent"):
            yield facts.to_dispute(dispute)

    async def list_other_movements(self, since: datetime) -> AsyncIterator[OtherMovement]:
        async for movement in _pages(self._client.v1.balance_transactions, since):
            other = facts.to_other_movement(movement)
            if other is not None:
                yield other

    async def read_balance(self) -> Mapping[str, int]:
        return facts.to_balance(_plain(await _ask(self._client.v1.balance.retrieve_async())))

    async def find_price(self, price_key: str) -> Mapping[str, Any] | None:
        """The price of that lookup key, if it is for sale."""
        params = {"lookup_keys": [price_key], "active": True, "limit": 1}
        found = await _ask(self._client.v1.prices.list_async(params))  # type: ignore[arg-type]
        return _plain(found.data[0]) if found.data else None

    async def find_product(self, product_id: str) -> Mapping[str, Any] | None:
        try:
            return _plain(await _ask(self._client.v1.products.retrieve_async(product_id)))
        except UnknownObjectError:
            return None

    async def create_product(self, product_id: str, name: str) -> None:
        await _ask(self._client.v1.products.create_async({"id": product_id, "name": name}))

    async def rename_product(self, product_id: str, name: str) -> None:
        await _ask(self._client.v1.products.update_async(product_id, {"name": name, "active": True}))

    async def create_price(self, params: Mapping[str, Any]) -> None:
        await _ask(self._client.v1.prices.create_async(params))  # type: ignore[arg-type]

    async def list_prices(self, product_id: str) -> list[Mapping[str, Any]]:
        """Prices of a product that are for sale; a product of ours has a handful."""
        params = {"product": product_id, "active": True, "limit": PAGE}
        found = await _ask(self._client.v1.prices.list_async(params))  # type: ignore[arg-type]
        return [_plain(price) for price in found.data]

    async def retire_price(self, price_id: str) -> None:
        await _ask(self._client.v1.prices.update_async(price_id, {"active": False}))


async def _pages(service: Any, since: datetime, *expand: str) -> AsyncIterator[Mapping[str, Any]]:  # noqa: ANN401
    """Every object of a list that was created since then, page by page."""
    params: dict[str, Any] = {
        "created": {"gte": int(since.timestamp())},
        "limit": PAGE,
        **({"expand": expand} if expand else {}),
    }
    while True:
        page = await _ask(service.list_async(params))
        for found in page.data:
            yield _plain(found)
        if not page.has_more or not page.data:
            return
        params["starting_after"] = page.data[-1].id


async def _ask(request: Awaitable[T]) -> T:
    """Raises: UnknownObjectError, PaymentsAwayError; both without what was sent."""
    try:
        return await request
    except stripe.StripeError as error:
        if error.http_status == 404 or error.code == "resource_missing":
            raise UnknownObjectError(str(error.code)) from error
        log.warning("stripe.refused", error=type(error).__name__, status=error.http_status, code=error.code)
        raise PaymentsAwayError(f"{type(error).__name__} {error.http_status} {error.code}") from error


def _plain(found: stripe.StripeObject) -> Mapping[str, Any]:
    plain: Mapping[str, Any] = found.to_dict()
    return plain
