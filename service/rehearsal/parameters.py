"""What the rehearsal takes of Stripe's API: paths, and the names of parameters, each as the SDK spells it."""

import re
from typing import Final

CREATED: Final = {
    "product": frozenset({"id", "name", "active", "metadata"}),
    "price": frozenset(
        {
            "product", "currency", "unit_amount", "lookup_key", "transfer_lookup_key", "tax_behavior",
            "recurring", "active", "metadata",
        }
    ),
    "checkout.session": frozenset(
        {
            "mode", "line_items", "client_reference_id", "metadata", "payment_intent_data", "success_url",
            "cancel_url", "expires_at", "locale", "adaptive_pricing", "automatic_tax", "subscription_data",
            "discounts",
        }
    ),
    "refund": frozenset({"payment_intent", "amount", "reason", "metadata"}),
    "coupon": frozenset({"id", "name", "duration", "amount_off", "currency", "applies_to"}),
    "billing_portal.session": frozenset({"customer", "return_url", "locale"}),
}  # fmt: skip
REQUIRED: Final = {
    "product": frozenset({"name"}),
    "price": frozenset({"currency"}),
    "checkout.session": frozenset({"mode", "line_items", "success_url"}),
    "refund": frozenset({"payment_intent"}),
    "coupon": frozenset({"duration", "amount_off", "currency", "applies_to"}),
    "billing_portal.session": frozenset({"customer", "return_url"}),
}
UPDATED: Final = {
    "product": frozenset({"name", "active", "metadata"}),
    "price": frozenset({"active", "lookup_key", "metadata"}),
    "subscription": frozenset(
        {
            "items",
            "proration_behavior",
            "proration_date",
            "payment_behavior",
            "cancel_at_period_end",
            "cancel_at",
        }
    ),
}
PREVIEWED: Final = frozenset({"subscription", "subscription_details"})
KINDS: Final = {
    "products": "product",
    "prices": "price",
    "checkout/sessions": "checkout.session",
    "payment_intents": "payment_intent",
    "charges": "charge",
    "refunds": "refund",
    "disputes": "dispute",
    "radar/early_fraud_warnings": "radar.early_fraud_warning",
    "balance_transactions": "balance_transaction",
    "events": "event",
    "customers": "customer",
    "subscriptions": "subscription",
    "invoices": "invoice",
    "invoice_payments": "invoice_payment",
    "coupons": "coupon",
    "billing_portal/sessions": "billing_portal.session",
}
PATH: Final = re.compile(rf"^/v1/({'|'.join(KINDS)})(?:/([\w:]+))?(?:/(expire))?$")
