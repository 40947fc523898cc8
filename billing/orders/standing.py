"""Where an order stands, and whether its credits may be spent: both follow from its refunds and disputes."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from billing import clawback
from billing.memberships.revoking import settle_period
from billing.memberships.rules import MembershipRules
from billing.orders import queries
from billing.orders.errors import FactsError
from billing.orders.goods import TERMS
from models.order import ORDER_TRANSITIONS, DisputeState, Order, OrderState, ReturnReason


async def settle_standing(
    session: AsyncSession, order: Order, *, rules: MembershipRules, now: datetime
) -> None:
    """Bring a paid order's state, and what it bought, to what is known; the caller has locked the order."""
    await session.flush()
    disputes = await queries.list_dispute_states(session, order.id)
    state = _state(order, disputes)
    if state is not order.state:
        if state not in ORDER_TRANSITIONS[order.state]:
            raise FactsError(f"an order cannot go from {order.state} to {state}")
        order.state = state
    is_suspect = order.warned_at is not None and order.trusted_at is None
    is_frozen = is_suspect or DisputeState.OPEN in disputes
    if order.kind in TERMS:
        is_lost = DisputeState.LOST in disputes
        is_withdrawn = order.return_reason is ReturnReason.WITHDRAWN
        is_taken_back = is_lost or is_withdrawn or order.state is OrderState.REFUNDED
        await settle_period(
            session,
            order,
            is_taken_back=is_taken_back,
            is_lost=is_lost,
            is_frozen=is_frozen and not is_taken_back,
            rules=rules,
            now=now,
        )
    if order.lot_id is None:
        return
    if is_frozen:
        await clawback.freeze(session, [order.lot_id], now=now)
    else:
        await clawback.thaw(session, [order.lot_id], now=now)


def _state(order: Order, disputes: Sequence[DisputeState]) -> OrderState:
    if {DisputeState.OPEN, DisputeState.LOST} & set(disputes):
        return OrderState.DISPUTED
    return OrderState.REFUNDED if order.to_return_minor == 0 else OrderState.PAID
