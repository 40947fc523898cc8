"""Stripe's subscriptions: read, changed, ended; the part of the gateway that charges by itself."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, Final

from billing import stripe_subscription_facts as facts
from billing.payments import UnknownObjectError
from billing.stripe_client import StripeClient, ask, ask_to_change, ask_to_refund, pages, plain
from billing.stripe_facts import expanded, order_of
from billing.subscriptions import ChangeRefusedError, InvoiceFacts, PriceChange, SubscriptionFacts

CHARGE: Final = "latest_charge.balance_transaction"


class StripeSubscriptions(StripeClient):
    """Obeys `billing.subscriptions.SubscriptionChannel`."""

    async def read_subscription(self, subscription_id: str) -> SubscriptionFacts:
        retrieve = self._client.v1.subscriptions.retrieve_async
        return facts.to_subscription(plain(await ask(retrieve(subscription_id))))

    async def read_invoice(self, invoice_id: str) -> InvoiceFacts:
        """Two questions: Stripe does not reach from an invoice to the movement of its money in one."""
        retrieve = self._client.v1.invoices.retrieve_async
        invoice = plain(await ask(retrieve(invoice_id, {"expand": ["payments"]})))
        payment_id = facts.paid_by(invoice)
        return facts.to_invoice(invoice, {} if payment_id is None else await self._read_payment(payment_id))

    async def find_invoice(self, payment_id: str) -> str | None:
        asked = {"payment": {"type": "payment_intent", "payment_intent": payment_id}, "limit": 1}
        found = await ask(self._client.v1.invoice_payments.list_async(asked))  # type: ignore[arg-type]
        return str(plain(found.data[0])["invoice"]) if found.data else None

    async def preview_upgrade(self, change: PriceChange) -> int:
        details = {
            "items": [await self._item(change)],
            "proration_behavior": "always_invoice",
            "proration_date": int(change.at.timestamp()),
        }
        asked = {"subscription": change.subscription_id, "subscription_details": details}
        preview = await ask_to_change(self._client.v1.invoices.create_preview_async(asked))  # type: ignore[arg-type]
        return int(preview.amount_due)

    async def upgrade(self, change: PriceChange) -> None:
        await self._update(
            change.subscription_id,
            {
                "items": [await self._item(change)],
                "proration_behavior": "always_invoice",
                "payment_behavior": "pending_if_incomplete",
                "proration_date": int(change.at.timestamp()),
            },
            key=change.key,
        )

    async def set_next_price(self, change: PriceChange) -> None:
        """Not a schedule: the price alone says what the next invoice will be, and can be read back."""
        values = {"items": [await self._item(change)], "proration_behavior": "none"}
        await self._update(change.subscription_id, values, key=change.key)

    async def set_cancelling(self, subscription_id: str, *, cancels: bool) -> None:
        found = plain(await ask_to_change(self._client.v1.subscriptions.retrieve_async(subscription_id)))
        # The portal may have planned the end as a date, which Stripe wants undone by its own name.
        is_dated = found.get("cancel_at") is not None and not found["cancel_at_period_end"]
        values = {"cancel_at": ""} if is_dated and not cancels else {"cancel_at_period_end": cancels}
        await self._update(subscription_id, values, key=None)

    async def end_subscription(self, subscription_id: str) -> None:
        cancel = self._client.v1.subscriptions.cancel_async
        try:
            await ask_to_change(cancel(subscription_id, {"invoice_now": False, "prorate": False}))
        except (UnknownObjectError, ChangeRefusedError):
            if not (await self.read_subscription(subscription_id)).ended_at:
                raise

    async def give_back(self, payment_id: str, *, key: str, keep_minor: int = 0) -> None:
        asked: dict[str, Any] = {"payment_intent": payment_id}
        if keep_minor:
            # Reckoned from what is there, not from what we know: asking twice takes nothing that is kept.
            charge = expanded((await self._read_payment(payment_id)).get("latest_charge"))
            asked["amount"] = charge["amount"] - charge["amount_refunded"] - keep_minor
            if asked["amount"] <= 0:
                return
        options = {"idempotency_key": f"{key}:{asked.get('amount', 'all')}"}
        await ask_to_refund(self._client.v1.refunds.create_async(asked, options))  # type: ignore[arg-type]

    async def open_portal(self, customer_id: str, *, return_url: str, language: str) -> str:
        asked = {"customer": customer_id, "return_url": return_url, "locale": language}
        opened = await ask(self._client.v1.billing_portal.sessions.create_async(asked))  # type: ignore[arg-type]
        return str(opened.url)

    async def list_subscriptions(self) -> AsyncIterator[SubscriptionFacts]:
        async for subscription in pages(self._client.v1.subscriptions, None):
            if order_of(subscription) is not None:
                yield facts.to_subscription(subscription)

    async def list_invoices(self, since: datetime) -> AsyncIterator[tuple[str, str]]:
        async for invoice in pages(self._client.v1.invoices, since):
            subscription_id = facts.subscription_of(invoice)
            if subscription_id is not None:
                yield str(invoice["id"]), subscription_id

    async def list_paid_invoices(self, subscription_id: str) -> AsyncIterator[str]:
        invoices = self._client.v1.invoices
        async for invoice in pages(invoices, None, subscription=subscription_id, status="paid"):
            yield str(invoice["id"])

    async def _read_payment(self, payment_id: str) -> Mapping[str, Any]:
        retrieve = self._client.v1.payment_intents.retrieve_async
        return plain(await ask(retrieve(payment_id, {"expand": [CHARGE]})))

    async def _item(self, change: PriceChange) -> Mapping[str, str]:
        """The subscription's only item at the new price. Raises: NotOnSaleError."""
        price_id = await self._get_price_id(change.price_key, change.price_minor, change.currency)
        found = plain(await ask(self._client.v1.subscriptions.retrieve_async(change.subscription_id)))
        return {"id": str(found["items"]["data"][0]["id"]), "price": price_id}

    async def _update(self, subscription_id: str, values: Mapping[str, Any], *, key: str | None) -> None:
        update = self._client.v1.subscriptions.update_async
        options = {} if key is None else {"idempotency_key": key}
        await ask_to_change(update(subscription_id, values, options))  # type: ignore[arg-type]
