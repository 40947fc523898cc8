"""When the channel is asked again to give money back that must not be kept."""

from datetime import datetime, timedelta
from typing import Final

from models.order import Order

# Within the 14 days in which money has to be back (EU 2011/83, article 13); then a person must see to it.
PAUSES: Final = (
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=2),
    timedelta(days=4),
)


def put_off(order: Order, now: datetime) -> None:
    """It came to nothing: the channel refused, or took a refund that failed. The caller has locked the order.

    After the last pause it is given up: asked for again only when an operator says so.
    """
    is_given_up = order.return_attempts >= len(PAUSES)
    order.returned_at = None
    order.return_due_at = None if is_given_up else now + PAUSES[order.return_attempts]
    order.return_attempts += 1


def ask_anew(order: Order, now: datetime) -> None:
    """An operator says so; the caller has locked the order."""
    order.returned_at, order.return_due_at = None, now
