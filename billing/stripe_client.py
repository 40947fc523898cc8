"""The one module that speaks through Stripe's SDK: our own key, one pinned API version, our own errors."""

import asyncio
import functools
import ssl
from collections.abc import AsyncIterator, Awaitable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

import httpx
import stripe
import structlog

from billing.payments import NotOnSaleError, PaymentsAwayError, UnknownObjectError
from billing.subscriptions import ChangeRefusedError
from core.settings import StripeSettings

log = structlog.get_logger()

API_VERSION: Final = "2026-10-28.endive"
NETWORK_RETRIES: Final = 2
PAGE: Final = 100
NOTHING_LEFT: Final = "charge_already_refunded"

T = TypeVar("T")


@functools.cache
def _trusted() -> ssl.SSLContext:
    """Whom we believe to be Stripe, read once for each process: it is a file of hundreds of certificates."""
    return httpx.create_ssl_context()


class _Transport(stripe.HTTPClient):
    """The SDK's own client over httpx hands text over in a way that httpx gives up; this one sends bytes."""

    name = "httpx"

    def __init__(self, timeout_seconds: float) -> None:
        super().__init__()
        self._client = httpx.AsyncClient(timeout=timeout_seconds, verify=_trusted())

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


class StripeClient:
    """Opens the SDK's client; what every part of the gateway asks through."""

    def __init__(self, settings: StripeSettings) -> None:
        self._http = _Transport(settings.timeout_seconds)
        self._client = stripe.StripeClient(
            settings.secret_key.get_secret_value(),
            stripe_version=API_VERSION,
            max_network_retries=NETWORK_RETRIES,
            http_client=self._http,
            base_addresses={} if settings.api_url is None else {"api": settings.api_url},
        )
        self._price_ids: dict[str, str] = {}

    async def close(self) -> None:
        await self._http.close_async()

    async def find_price(self, price_key: str) -> Mapping[str, Any] | None:
        """The price of that lookup key, if it is for sale."""
        params = {"lookup_keys": [price_key], "active": True, "limit": 1}
        found = await ask(self._client.v1.prices.list_async(params))  # type: ignore[arg-type]
        return plain(found.data[0]) if found.data else None

    async def _get_price_id(self, price_key: str, amount_minor: int, currency: str) -> str:
        """Raises: NotOnSaleError: not synchronised, or changed by hand at Stripe."""
        if price_key not in self._price_ids:
            price = await self.find_price(price_key)
            if price is None or (price["unit_amount"], price["currency"]) != (amount_minor, currency.lower()):
                log.error("stripe.price_missing", price_key=price_key)
                raise NotOnSaleError("This is not on sale yet.")
            self._price_ids[price_key] = price["id"]
        return self._price_ids[price_key]


async def pages(
    service: Any,  # noqa: ANN401 - any of the SDK's lists
    since: datetime | None,
    *expand: str,
    **filters: str,
) -> AsyncIterator[Mapping[str, Any]]:
    """Every object of a list that was created since then, page by page."""
    params: dict[str, Any] = {
        **filters,
        **({} if since is None else {"created": {"gte": int(since.timestamp())}}),
        "limit": PAGE,
        **({"expand": expand} if expand else {}),
    }
    while True:
        page = await ask(service.list_async(params))
        for found in page.data:
            yield plain(found)
        if not page.has_more or not page.data:
            return
        params["starting_after"] = page.data[-1].id


async def ask(request: Awaitable[T]) -> T:
    """Raises: UnknownObjectError, PaymentsAwayError; both without what was sent."""
    try:
        return await request
    except stripe.StripeError as error:
        if error.http_status == 404 or error.code == "resource_missing":
            raise UnknownObjectError(str(error.code)) from error
        log.warning("stripe.refused", error=type(error).__name__, status=error.http_status, code=error.code)
        raise PaymentsAwayError(f"{type(error).__name__} {error.http_status} {error.code}") from error


async def ask_to_change(request: Awaitable[T]) -> T:
    """As `ask`, for what only makes sense in some states. Raises: ChangeRefusedError as well."""
    try:
        return await ask(request)
    except PaymentsAwayError as error:
        cause = error.__cause__
        if isinstance(cause, stripe.InvalidRequestError | stripe.CardError):
            raise ChangeRefusedError("The payment service does not allow this change now.") from error
        raise


async def ask_to_refund(request: Awaitable[object]) -> None:
    """As `ask`; that nothing is left to refund is no fault."""
    try:
        await ask(request)
    except PaymentsAwayError as error:
        if getattr(error.__cause__, "code", None) != NOTHING_LEFT:
            raise


def plain(found: stripe.StripeObject) -> Mapping[str, Any]:
    plain: Mapping[str, Any] = found.to_dict()
    return plain
