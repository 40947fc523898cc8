"""What Stripe's subscriptions and invoices say, in the channel's own words. Dictionaries in, facts out."""

from collections.abc import Mapping
from typing import Any, Final

from billing.movements import Charge
from billing.stripe_catalog import PREFIX
from billing.stripe_facts import Object, card_of, expanded, moment, order_of, to_charge
from billing.subscriptions import (
    InvoiceFacts,
    InvoiceReason,
    InvoiceStatus,
    SubscriptionFacts,
    SubscriptionStatus,
)

PRODUCT: Final = f"{PREFIX}_membership_"
STATUSES: Final = {
    "incomplete": SubscriptionStatus.INCOMPLETE,
    "incomplete_expired": SubscriptionStatus.ENDED,
    "trialing": SubscriptionStatus.ACTIVE,
    "active": SubscriptionStatus.ACTIVE,
    "past_due": SubscriptionStatus.PAST_DUE,
    "unpaid": SubscriptionStatus.PAST_DUE,
    "paused": SubscriptionStatus.PAST_DUE,
    "canceled": SubscriptionStatus.ENDED,
}
REASONS: Final = {
    "subscription_create": InvoiceReason.FIRST,
    "subscription_cycle": InvoiceReason.RENEWAL,
    "subscription_update": InvoiceReason.UPGRADE,
}
INVOICE_STATUSES: Final = {
    "paid": InvoiceStatus.PAID,
    "void": InvoiceStatus.VOID,
    "uncollectible": InvoiceStatus.VOID,
}


def to_subscription(subscription: Object) -> SubscriptionFacts:
    """Since 2025 the billed period belongs to the item; a subscription of ours has one."""
    item = subscription["items"]["data"][0]
    ended_at = subscription.get("ended_at")
    cancels = subscription["cancel_at_period_end"] or subscription.get("cancel_at") is not None
    reason = (subscription.get("cancellation_details") or {}).get("reason")
    return SubscriptionFacts(
        id=subscription["id"],
        order_id=order_of(subscription),
        customer_id=expanded(subscription.get("customer")).get("id"),
        status=STATUSES.get(subscription["status"], SubscriptionStatus.PAST_DUE),
        tier=_tier(expanded(item["price"].get("product")).get("id")),
        price_minor=item["price"].get("unit_amount") or 0,
        currency=subscription["currency"].upper(),
        anchor_at=moment(subscription["billing_cycle_anchor"]),
        period_start=moment(item["current_period_start"]),
        period_end=moment(item["current_period_end"]),
        cancels_at_period_end=bool(cancels),
        is_change_pending=subscription.get("pending_update") is not None,
        ended_at=None if ended_at is None else moment(ended_at),
        is_given_up=reason == "payment_failed" or subscription["status"] == "incomplete_expired",
        latest_invoice_id=expanded(subscription.get("latest_invoice")).get("id"),
    )


def to_invoice(invoice: Object, payment: Object) -> InvoiceFacts:
    """payment: of the money that came, with its charge; empty when none did.

    An upgrade gives the rest of the old price back in a line of its own: what is bought costs most.
    """
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    bought = _bought(invoice)
    status = INVOICE_STATUSES.get(invoice["status"] or "", InvoiceStatus.OPEN)
    charge = expanded(payment.get("latest_charge"))
    amount = invoice["amount_paid"] if status is InvoiceStatus.PAID else invoice["amount_due"]
    tax = sum(part["amount"] for part in invoice.get("total_taxes") or ())
    return InvoiceFacts(
        id=invoice["id"],
        subscription_id=expanded(details.get("subscription")).get("id"),
        order_id=order_of(details),
        status=status,
        reason=REASONS.get(invoice.get("billing_reason") or "", InvoiceReason.OTHER),
        tier=_tier_of(bought),
        starts_at=moment(bought["period"]["start"]),
        ends_at=moment(bought["period"]["end"]),
        amount_minor=amount,
        tax_minor=min(tax, amount),
        tax_region=(invoice.get("customer_address") or {}).get("country") or "",
        currency=invoice["currency"].upper(),
        payment_id=payment.get("id"),
        charge=_charge(charge),
        card=card_of(charge),
        created_at=moment(invoice["created"]),
    )


def subscription_of(invoice: Object) -> str | None:
    """The subscription of ours that an invoice is of; None for what others bill on this account."""
    details = (invoice.get("parent") or {}).get("subscription_details") or {}
    found: str | None = expanded(details.get("subscription")).get("id")
    return None if order_of(details) is None else found


def _bought(invoice: Object) -> Object:
    """The line of ours that costs most, whatever somebody billed beside it; an invoice of others has none."""
    nothing = {"amount": 0, "period": {"start": invoice["created"], "end": invoice["created"]}}
    lines = [line for line in invoice["lines"]["data"] if _tier_of(line) is not None]
    return max(lines, key=lambda line: (line["amount"], line["period"]["end"]), default=nothing)


def paid_by(invoice: Object) -> str | None:
    """The payment that paid an invoice; the invoice's payments must have come along."""
    for attempt in (invoice.get("payments") or {}).get("data") or ():
        if attempt["status"] == "paid":
            found: str | None = expanded(attempt["payment"].get("payment_intent")).get("id")
            return found
    return None


def _tier_of(line: Object) -> str | None:
    return _tier(((line.get("pricing") or {}).get("price_details") or {}).get("product"))


def _tier(product_id: Any) -> str | None:  # noqa: ANN401 - of an object that others may have made
    if isinstance(product_id, str) and product_id.startswith(PRODUCT):
        return product_id.removeprefix(PRODUCT)
    return None


def _charge(charge: Mapping[str, Any]) -> Charge | None:
    return to_charge(charge) if "created" in charge else None
