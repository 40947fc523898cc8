"""What the lines of a subscription's invoices say, and of which time."""

from service.rehearsal.objects import Object


def period_of(subscription: Object) -> tuple[int, int]:
    """When the running period began and ends."""
    item = subscription["items"]["data"][0]
    return item["current_period_start"], item["current_period_end"]


def end_of(subscription: Object) -> int:
    """When the running period ends."""
    return period_of(subscription)[1]


def line_of(
    subscription: Object, price: Object, amount: int, period: tuple[int, int], *, is_proration: bool = False
) -> Object:
    """A price for a time; negative gives back."""
    item = {"subscription": subscription["id"], "proration": is_proration}
    return {
        "id": f"il_{subscription['id']}_{price['id']}",
        "object": "line_item",
        "amount": amount,
        "currency": price["currency"],
        "period": {"start": period[0], "end": period[1]},
        "parent": {"type": "subscription_item_details", "subscription_item_details": item},
        "pricing": {
            "type": "price_details",
            "price_details": {"price": price["id"], "product": price["product"]},
        },
        "quantity": 1,
        "metadata": {},
    }
