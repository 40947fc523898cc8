"""Write into the outbox that an order was paid, or that money of it went back, beside the change itself."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from models.order import Order
from service.outbox import queries as outbox
from service.outbox.events import EventType


@dataclass(frozen=True, slots=True)
class OrderMoney:
    """What of an order's money is where, at one moment."""

    id: UUID
    owner_id: UUID
    item: str
    credits: int
    state: str
    currency: str
    amount_minor: int
    refunded_minor: int
    is_paid: bool

    @classmethod
    def of(cls, order: Order) -> Self:
        return cls(
            id=order.id,
            owner_id=order.owner_id,
            item=order.item,
            credits=order.credits,
            state=order.state.value,
            currency=order.currency,
            amount_minor=order.amount_minor,
            refunded_minor=order.refunded_minor,
            is_paid=order.paid_at is not None,
        )


async def tell_order_moved(
    session: AsyncSession, after: OrderMoney, before: OrderMoney | None, *, now: datetime
) -> None:
    """Tell of what has become different in this transaction. The last thing that it locks."""
    data = {
        "order_id": after.id,
        "item": after.item,
        "credits": after.credits,
        "state": after.state,
        "currency": after.currency,
        "amount_minor": after.amount_minor,
        "refunded_minor": after.refunded_minor,
    }
    if after.is_paid and not (before is not None and before.is_paid):
        await outbox.append(session, after.owner_id, EventType.ORDER_PAID, data, now=now)
    if after.refunded_minor > (0 if before is None else before.refunded_minor):
        await outbox.append(session, after.owner_id, EventType.ORDER_REFUNDED, data, now=now)
