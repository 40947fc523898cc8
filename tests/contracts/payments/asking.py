"""What the contract suites ask of a gateway."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from billing.payments import CheckoutRequest
from billing.stripe_catalog import price_key
from billing.stripe_gateway import StripeGateway
from billing.subscriptions import SubscriptionFacts
from service.rehearsal.server import Rehearsal

NOW = datetime(2026, 11, 11, 8, 0, tzinfo=UTC)


def request(**changes: Any) -> CheckoutRequest:
    order_id = uuid4()
    fields = {
        "order_id": order_id,
        "key": f"order:{order_id}:v1",
        "price_key": price_key("pack:small", "CNY", 1200),
        "price_minor": 1200,
        "renews": False,
        "amount_minor": 1200,
        "currency": "CNY",
        "language": "zh",
        "success_url": "https://example.com/orders/1",
        "cancel_url": "https://example.com/plans",
        "expires_at": NOW + timedelta(hours=23),
        **changes,
    }
    return CheckoutRequest(**fields)


async def subscribe(gateway: StripeGateway, rehearsal: Rehearsal) -> SubscriptionFacts:
    """Silver, its first month at 500 instead of 1000."""
    wanted = request(
        price_key=price_key("membership:silver", "CNY", 1000), price_minor=1000, amount_minor=500, renews=True
    )
    opened = await gateway.open_checkout(wanted)
    session = rehearsal.biller.begin(opened.id)
    assert session["amount_total"] == 500
    return await gateway.read_subscription(session["subscription"])
