"""What the channel keeps of a payment, and what it exchanges: booked once for each movement."""

from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncSession

from billing.ledger import templates
from billing.ledger.postings import post
from billing.movements import Movement
from models.order import Order

UNKNOWN_REGION: Final = "ZZ"


async def settle_movement(
    session: AsyncSession, order: Order, amount_minor: int, movement: Movement, *, now: datetime
) -> None:
    """Book the channel's fee, and its exchange where its balance is kept in another currency.

    Args:
        amount_minor: what moved, in the order's currency; negative left us.
    """
    key = f"{order.channel}:movement:{movement.id}"
    at = movement.occurred_at
    if movement.currency != order.currency:
        came, went = (movement.currency, movement.amount_minor), (order.currency, amount_minor)
        await post(
            session, templates.converted(f"{key}:exchange", sold=went, bought=came, occurred_at=at), now=now
        )
    if movement.fee_minor:
        fee = templates.processor_fee(f"{key}:fee", movement.currency, movement.fee_minor, occurred_at=at)
        await post(session, fee, now=now)
