"""Give back money that we must not keep: of a person who had a first month before, of a second membership.

The reason stands in the order; the channel is asked once it is committed. Its refund tells when it is done.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

from billing.memberships import queries as memberships
from billing.memberships.rules import MembershipRules
from billing.orders import queries as orders
from billing.payments import PaymentChannel
from core.database import Sessions
from service.flows.apply_payments import apply_report, complete
from service.flows.read_membership import read_membership

ROUND: Final = 20


async def return_money(
    sessions: Sessions, channel: PaymentChannel, *, rules: MembershipRules, now: datetime
) -> bool:
    """One round: end subscriptions that must not charge again, and give money back; whether more waits.

    Raises: PaymentsAwayError: tried again at the next round.
    """
    async with sessions() as session:
        to_end = [
            one.subscription_id for one in await memberships.list_to_end(session, channel.name, limit=ROUND)
        ]
        to_return = [one.id for one in await orders.list_to_return(session, channel.name, limit=ROUND)]
    for subscription_id in to_end:
        await _end(sessions, channel, subscription_id or "", rules, now)
    for order_id in to_return:
        await return_order(sessions, channel, order_id, rules=rules, now=now)
    return len(to_end) == ROUND or len(to_return) == ROUND


async def return_order(
    sessions: Sessions, channel: PaymentChannel, order_id: UUID, *, rules: MembershipRules, now: datetime
) -> None:
    """End the order's subscription, so that nothing more is charged; then give all of its money back."""
    async with sessions() as session:
        order = await orders.find_order(session, order_id)
    if order is None or order.payment_id is None or order.returned_at is not None:
        return
    if order.subscription_id is not None:
        await _end(sessions, channel, order.subscription_id, rules, now)
    await channel.give_back(order.payment_id, key=f"return:{order.id}")
    async with sessions.begin() as session:
        await orders.note_returned(session, order.id, now)


async def _end(
    sessions: Sessions, channel: PaymentChannel, subscription_id: str, rules: MembershipRules, now: datetime
) -> None:
    await channel.end_subscription(subscription_id)
    facts = await read_membership(sessions, channel, subscription_id)
    report = await complete(sessions, channel, facts)
    async with sessions.begin() as session:
        await apply_report(session, report, rules=rules, now=now)
