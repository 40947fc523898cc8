"""By what a person who pays an invoice is known again, whatever they pay it with."""

from typing import Any

import pytest

from billing.stripe_subscription_facts import to_invoice

INVOICE: dict[str, Any] = {
    "id": "in_1",
    "status": "paid",
    "amount_paid": 500,
    "amount_due": 500,
    "currency": "eur",
    "created": 1_700_000_000,
    "billing_reason": "subscription_create",
    "lines": {"data": []},
}


@pytest.mark.parametrize(
    ("details", "mark"),
    [
        ({"type": "card", "card": {"fingerprint": "fp_card", "last4": "4242"}}, "fp_card"),
        ({"type": "sepa_debit", "sepa_debit": {"fingerprint": "fp_bank", "last4": "3000"}}, "fp_bank"),
        ({"type": "us_bank_account", "us_bank_account": {"fingerprint": "fp_us"}}, "fp_us"),
        ({"type": "paypal", "paypal": {"payer_id": "PAYER", "payer_email": "a@example.org"}}, "PAYER"),
        ({"type": "cashapp", "cashapp": {"buyer_id": "BUYER", "cashtag": "$a"}}, "BUYER"),
        ({"type": "link", "link": {"country": "DE"}}, None),
        ({"type": "card", "card": None}, None),
        ({}, None),
        (None, None),
    ],
)
def test_who_pays_is_known_by_what_the_channel_tells_apart(
    details: dict[str, Any] | None, mark: str | None
) -> None:
    charge = {"id": "ch_1", "created": 1_700_000_000, "payment_method_details": details}
    assert to_invoice(INVOICE, {"id": "pi_1", "latest_charge": charge}).card == mark
