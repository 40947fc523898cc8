"""Stripe as a payment channel: single payments, what becomes of their money, and our shelf there."""

import json
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final

from billing import stripe_facts as facts
from billing.payments import (
    CheckoutFacts,
    CheckoutRequest,
    DisputeFacts,
    IncomingEvent,
    NotOnSaleError,
    OpenedCheckout,
    OtherMovement,
    RefundFacts,
    SignatureError,
    UnknownObjectError,
    WarningFacts,
)
from billing.stripe_catalog import coupon_id
from billing.stripe_client import ask, pages, plain
from billing.stripe_shelf import StripeShelf
from billing.stripe_signatures import require_signed
from billing.stripe_subscriptions import StripeSubscriptions
from core.settings import StripeSettings

LIVE_KEYS: Final = ("sk_live_", "rk_live_")
PAYMENT: Final = "payment_intent.latest_charge.balance_transaction"
REFUND: Final = ["payment_intent", "balance_transaction", "failure_balance_transaction"]


def is_live(key: str) -> bool:
    """Whether real money moves with this key."""
    return key.startswith(LIVE_KEYS)


class StripeGateway(StripeSubscriptions, StripeShelf):
    """Obeys `billing.payments.PaymentChannel`; subscriptions and the shelf are its other parts."""

    name = "stripe"

    def __init__(self, settings: StripeSettings, *, is_test: bool = False) -> None:
        super().__init__(settings)
        self.is_test = is_test or not is_live(settings.secret_key.get_secret_value())
        self._webhook_secret = settings.webhook_secret.get_secret_value()
        self._automatic_tax = settings.automatic_tax

    async def open_checkout(self, request: CheckoutRequest) -> OpenedCheckout:
        price_id = await self._get_price_id(request.price_key, request.price_minor, request.currency)
        names = {facts.ORDER_KEY: str(request.order_id)}
        params: dict[str, Any] = {
            "mode": "payment",
            "line_items": [{"price": price_id, "quantity": 1}],
            "client_reference_id": str(request.order_id),
            "metadata": names,
            "success_url": request.success_url,
            "cancel_url": request.cancel_url,
            "expires_at": int(request.expires_at.timestamp()),
            "locale": request.language,
            # What is charged must be what the order says, in its currency.
            "adaptive_pricing": {"enabled": False},
            "automatic_tax": {"enabled": self._automatic_tax},
            **_mode(request, names),
        }
        create = self._client.v1.checkout.sessions.create_async
        try:
            session = await ask(create(params, {"idempotency_key": request.key}))  # type: ignore[arg-type]
        except UnknownObjectError as error:  # the coupon of the first month
            raise NotOnSaleError("This is not on sale yet.") from error
        return OpenedCheckout(session.id, session.url or request.success_url)

    def read_event(self, body: bytes, signature: str, now: datetime) -> IncomingEvent:
        require_signed(body, signature, self._webhook_secret, now)
        try:
            return facts.to_event(json.loads(body))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            raise SignatureError("Signed, but not an event.") from error

    async def read_checkout(self, checkout_id: str) -> CheckoutFacts:
        retrieve = self._client.v1.checkout.sessions.retrieve_async
        return facts.to_checkout(plain(await ask(retrieve(checkout_id, {"expand": [PAYMENT]}))))

    async def read_refund(self, refund_id: str) -> RefundFacts:
        retrieve = self._client.v1.refunds.retrieve_async
        return facts.to_refund(plain(await ask(retrieve(refund_id, {"expand": REFUND}))))

    async def read_dispute(self, dispute_id: str) -> DisputeFacts:
        retrieve = self._client.v1.disputes.retrieve_async
        return facts.to_dispute(plain(await ask(retrieve(dispute_id, {"expand": ["payment_intent"]}))))

    async def read_warning(self, warning_id: str) -> WarningFacts:
        retrieve = self._client.v1.radar.early_fraud_warnings.retrieve_async
        return facts.to_warning(plain(await ask(retrieve(warning_id, {"expand": ["payment_intent"]}))))

    async def list_checkouts(self, since: datetime) -> AsyncIterator[CheckoutFacts]:
        async for session in pages(self._client.v1.checkout.sessions, since, f"data.{PAYMENT}"):
            yield facts.to_checkout(session)

    async def list_refunds(self, since: datetime) -> AsyncIterator[RefundFacts]:
        async for refund in pages(self._client.v1.refunds, since, *(f"data.{path}" for path in REFUND)):
            yield facts.to_refund(refund)

    async def list_disputes(self, since: datetime) -> AsyncIterator[DisputeFacts]:
        async for dispute in pages(self._client.v1.disputes, since, "data.payment_intent"):
            yield facts.to_dispute(dispute)

    async def list_other_movements(self, since: datetime) -> AsyncIterator[OtherMovement]:
        async for movement in pages(self._client.v1.balance_transactions, since):
            other = facts.to_other_movement(movement)
            if other is not None:
                yield other

    async def read_balance(self) -> Mapping[str, int]:
        return facts.to_balance(plain(await ask(self._client.v1.balance.retrieve_async())))


def _mode(request: CheckoutRequest, names: Mapping[str, str]) -> Mapping[str, Any]:
    """One payment, or a subscription; a cheaper first month is a coupon that Stripe uses up at once."""
    if not request.renews:
        return {"payment_intent_data": {"metadata": names}}
    off_minor = request.price_minor - request.amount_minor
    coupon = coupon_id(request.price_key, off_minor)
    return {
        "mode": "subscription",
        "subscription_data": {"metadata": names},
        **({"discounts": [{"coupon": coupon}]} if off_minor else {}),
    }
