"""What an invoice bought, and by what a person who pays it is known again, whatever they pay it with."""

from typing import Any

import pytest

from billing.stripe_subscription_facts import PRODUCT, to_invoice

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


def line_of(amount: int, starts_at: int, product_id: str | None) -> dict[str, Any]:
    pricing = None if product_id is None else {"price_details": {"product": product_id}}
    return {"amount": amount, "period": {"start": starts_at, "end": starts_at + 60}, "pricing": pricing}


@pytest.mark.parametrize("others", [None, "prod_of_somebody_else"])
def test_what_somebody_bills_beside_a_month_is_not_taken_for_it(others: str | None) -> None:
    lines = [line_of(900, 1_700_000_000, f"{PRODUCT}silver"), line_of(5000, 1_600_000_000, others)]
    facts = to_invoice(INVOICE | {"lines": {"data": lines}}, {})
    assert (facts.tier, facts.starts_at.timestamp()) == ("silver", 1_700_000_000)


def test_an_upgrade_is_of_the_tier_that_costs_more_than_what_goes_back_for_the_other() -> None:
    lines = [line_of(-400, 1_700_000_000, f"{PRODUCT}silver"), line_of(900, 1_700_000_000, f"{PRODUCT}gold")]
    assert to_invoice(INVOICE | {"lines": {"data": lines}}, {}).tier == "gold"
