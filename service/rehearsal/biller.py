"""What charges by itself at the rehearsal: subscriptions, their invoices and the clock that renews them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from billing.periods import month_after
from service.rehearsal.bank import CARD, Bank, RefusedError
from service.rehearsal.lines import end_of, line_of, period_of
from service.rehearsal.objects import Object

UPDATE_SECONDS: Final = 23 * 3600
OVER: Final = frozenset({"canceled", "incomplete_expired"})


class Biller:
    """Every method is one moment: it changes the objects, and adds the events that Stripe would send."""

    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self.objects = bank.objects

    def begin(self, session_id: str, *, card: str = CARD) -> Object:
        """Pay a checkout that opens a subscription."""
        session = self._bank.open_session(session_id)
        price = self.objects.get("price", session["_price"])
        customer = self.objects.add("customer", {"email": None, "metadata": {}, "_card": card})
        subscription = self._subscribe(session, price, customer)
        lines = [line_of(subscription, price, price["unit_amount"], period_of(subscription))]
        invoice = self._write(subscription, "subscription_create", lines, off=session.pop("_off"))
        session |= {
            "status": "complete",
            "payment_status": "paid",
            "url": None,
            "customer": customer["id"],
            "subscription": subscription["id"],
            "invoice": invoice["id"],
        }
        self._pay(subscription, invoice)
        self._bank.say("customer.subscription.created", subscription)
        self._bank.say("checkout.session.completed", session)
        return session

    def tick(self) -> None:
        """Renew or end every subscription whose period is over, as often as its time has passed."""
        for subscription in self.objects.all("subscription")[::-1]:
            while subscription["status"] not in OVER and end_of(subscription) <= self.objects.now():
                if subscription["cancel_at_period_end"] or subscription["cancel_at"] is not None:
                    self._cancel(subscription, "cancellation_requested", at=end_of(subscription))
                else:
                    self._renew(subscription)

    def break_card(self, subscription_id: str) -> None:
        """From now on the card is declined."""
        self._customer(subscription_id)["_card"] = None

    def mend_card(self, subscription_id: str, *, card: str = CARD) -> None:
        """The person has given a card that works, at the portal, and what is owed is charged to it."""
        self._customer(subscription_id)["_card"] = card
        self.retry(subscription_id)

    def retry(self, subscription_id: str) -> None:
        """Try again to charge what is owed."""
        subscription = self.objects.get("subscription", subscription_id)
        for invoice in self.objects.all("invoice")[::-1]:
            if invoice["_subscription"] == subscription_id and invoice["status"] == "open":
                self._pay(subscription, invoice)
        self._bank.say("customer.subscription.updated", subscription)

    def give_up(self, subscription_id: str) -> None:
        """The last try has failed: Stripe ends the subscription."""
        self._cancel(self.objects.get("subscription", subscription_id), "payment_failed")

    def expire_update(self, subscription_id: str) -> None:
        """Nobody paid for an upgrade in time: it does not happen."""
        subscription = self.objects.get("subscription", subscription_id)
        if subscription["pending_update"] is None:
            raise RefusedError("No update waits")
        subscription["pending_update"] = None
        invoice = self.objects.get("invoice", subscription["latest_invoice"])
        invoice["status"] = "void"
        self._bank.say("invoice.voided", invoice)
        self._bank.say("customer.subscription.pending_update_expired", subscription)

    def change(self, subscription_id: str, params: Mapping[str, Any]) -> Object:
        """What the API lets a seller change."""
        subscription = self.objects.get("subscription", subscription_id)
        if subscription["status"] in OVER:
            raise RefusedError("A canceled subscription can only update its cancellation_details.")
        if "cancel_at_period_end" in params:
            subscription["cancel_at_period_end"] = params["cancel_at_period_end"] in (True, "true", "True")
        if "cancel_at" in params:
            subscription["cancel_at"] = int(params["cancel_at"]) if params["cancel_at"] else None
        if "items" in params:
            self._change_price(subscription, params)
        self._bank.say("customer.subscription.updated", subscription)
        return subscription

    def cancel(self, subscription_id: str) -> Object:
        """End it at once, without a last bill."""
        subscription = self.objects.get("subscription", subscription_id)
        if subscription["status"] in OVER:
            raise RefusedError("This subscription has ended")
        self._cancel(subscription, "cancellation_requested")
        return subscription

    def preview(self, subscription_id: str, price_id: str, at: int) -> Object:
        """An invoice that is not written."""
        subscription = self.objects.get("subscription", subscription_id)
        price = self.objects.get("price", price_id)
        total = sum(line["amount"] for line in self._prorate(subscription, price, at))
        return {"object": "invoice", "amount_due": max(0, total), "currency": price["currency"]}

    def _change_price(self, subscription: Object, params: Mapping[str, Any]) -> None:
        (asked,) = params["items"]
        item = subscription["items"]["data"][0]
        if asked["id"] != item["id"]:
            raise RefusedError("No such subscription item")
        if subscription["pending_update"] is not None:
            raise RefusedError("An update waits for its payment")
        price = self.objects.get("price", asked["price"])
        if params["proration_behavior"] == "none":
            item["price"] = dict(price)
            return
        at = int(params.get("proration_date", self.objects.now()))
        invoice = self._write(subscription, "subscription_update", self._prorate(subscription, price, at))
        subscription["pending_update"] = {
            "expires_at": self.objects.now() + UPDATE_SECONDS,
            "subscription_items": [{**item, "price": dict(price)}],
        }
        self._pay(subscription, invoice)

    def _prorate(self, subscription: Object, price: Object, at: int) -> list[Object]:
        """What is left of the month: back at what was paid for it, and anew at the other price."""
        start, end = period_of(subscription)
        left, whole = max(0, end - at), end - start
        old = subscription["items"]["data"][0]["price"]
        paid = subscription["_month_amount"]
        return [
            line_of(subscription, old, -round(paid * left / whole), (at, end), is_proration=True),
            line_of(
                subscription, price, round(price["unit_amount"] * left / whole), (at, end), is_proration=True
            ),
        ]

    def _renew(self, subscription: Object) -> None:
        item = subscription["items"]["data"][0]
        subscription["_months"] += 1
        anchor = datetime.fromtimestamp(subscription["billing_cycle_anchor"], UTC)
        item["current_period_start"] = item["current_period_end"]
        end = month_after(anchor, subscription["_months"] + 1)
        item["current_period_end"] = int(end.timestamp())
        price = item["price"]
        lines = [line_of(subscription, price, price["unit_amount"], period_of(subscription))]
        self._pay(subscription, self._write(subscription, "subscription_cycle", lines))
        self._bank.say("customer.subscription.updated", subscription)

    def _pay(self, subscription: Object, invoice: Object) -> None:
        """Charge an invoice to the card; what follows for the subscription is what Stripe does."""
        card = self.objects.get("customer", subscription["customer"])["_card"]
        invoice["attempted"], invoice["attempt_count"] = True, invoice["attempt_count"] + 1
        is_update = invoice["billing_reason"] == "subscription_update"
        if invoice["amount_due"] and card is None:
            if not is_update:
                subscription["status"] = "past_due"
            self._bank.say("invoice.payment_failed", invoice)
            return
        if invoice["amount_due"]:
            self._take(invoice, card)
        invoice |= {"status": "paid", "amount_paid": invoice["amount_due"], "amount_remaining": 0}
        subscription["status"] = "active"
        if is_update:
            self._apply_update(subscription)
        else:
            subscription["_month_amount"] = invoice["amount_due"]
        self._bank.say("invoice.paid", invoice)

    def _take(self, invoice: Object, card: str) -> None:
        payment = self._bank.new_payment(invoice["amount_due"], invoice["currency"], {})
        self._bank.succeed(payment, card)
        paid = {"type": "payment_intent", "payment_intent": payment["id"]}
        self.objects.add(
            "invoice_payment",
            {
                "invoice": invoice["id"],
                "status": "paid",
                "amount_paid": invoice["amount_due"],
                "amount_requested": invoice["amount_due"],
                "currency": invoice["currency"],
                "is_default": True,
                "payment": paid,
            },
        )

    def _apply_update(self, subscription: Object) -> None:
        item = subscription["items"]["data"][0]
        item["price"] = subscription["pending_update"]["subscription_items"][0]["price"]
        subscription["pending_update"] = None
        subscription["_month_amount"] = item["price"]["unit_amount"]
        self._bank.say("customer.subscription.pending_update_applied", subscription)

    def _cancel(self, subscription: Object, reason: str, *, at: int | None = None) -> None:
        ended_at = self.objects.now() if at is None else at
        subscription |= {"status": "canceled", "ended_at": ended_at, "canceled_at": ended_at}
        subscription["pending_update"] = None
        subscription["cancellation_details"] = {"reason": reason, "comment": None, "feedback": None}
        self._bank.say("customer.subscription.deleted", subscription)

    def _subscribe(self, session: Object, price: Object, customer: Object) -> Object:
        now = self.objects.now()
        end = int(month_after(datetime.fromtimestamp(now, UTC), 1).timestamp())
        subscription = self.objects.add(
            "subscription",
            {
                "status": "active",
                "customer": customer["id"],
                "currency": price["currency"],
                "metadata": session.pop("_payment_metadata"),
                "billing_cycle_anchor": now,
                "start_date": now,
                "cancel_at_period_end": False,
                "cancel_at": None,
                "canceled_at": None,
                "ended_at": None,
                "cancellation_details": {"reason": None, "comment": None, "feedback": None},
                "collection_method": "charge_automatically",
                "pending_update": None,
                "latest_invoice": None,
                "discounts": [],
                "_months": 0,
                "_month_amount": price["unit_amount"],
            },
        )
        item = {
            "id": subscription["id"].replace("sub_", "si_"),
            "object": "subscription_item",
            "created": now,
            "price": dict(price),
            "quantity": 1,
            "current_period_start": now,
            "current_period_end": end,
            "subscription": subscription["id"],
            "metadata": {},
        }
        subscription["items"] = {"object": "list", "data": [item], "has_more": False, "url": "/v1"}
        return subscription

    def _write(self, subscription: Object, reason: str, lines: list[Object], *, off: int = 0) -> Object:
        """An invoice, to be paid at once."""
        subtotal = sum(line["amount"] for line in lines)
        total = subtotal - off
        details = {"subscription": subscription["id"], "metadata": subscription["metadata"]}
        invoice = self.objects.add(
            "invoice",
            {
                "status": "open",
                "billing_reason": reason,
                "customer": subscription["customer"],
                "customer_address": None,
                "currency": subscription["currency"],
                "parent": {"type": "subscription_details", "subscription_details": details},
                "lines": {"object": "list", "data": lines, "has_more": False, "url": "/v1"},
                "subtotal": subtotal,
                "total": total,
                "total_taxes": [],
                "amount_due": max(0, total),
                "amount_paid": 0,
                "amount_remaining": max(0, total),
                "attempted": False,
                "attempt_count": 0,
                "metadata": {},
                "_subscription": subscription["id"],
            },
        )
        subscription["latest_invoice"] = invoice["id"]
        return invoice

    def _customer(self, subscription_id: str) -> Object:
        subscription = self.objects.get("subscription", subscription_id)
        return self.objects.get("customer", subscription["customer"])
