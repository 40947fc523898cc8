"""Every statement about orders."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from billing import queries as credits
from billing.payments import OpenedCheckout
from models.order import DisputeState, ItemKind, Order, OrderDispute, OrderRefund, OrderState

UNPAID = (OrderState.CREATED, OrderState.PENDING)
OWED_BACK = Order.return_reason.is_not(None) & (Order.state == OrderState.PAID)


async def insert_once(session: AsyncSession, values: Mapping[str, Any]) -> tuple[Order, bool]:
    """The order of (owner, key), and whether it was there before."""
    statement = (
        insert(Order)
        .values(**values)
        .on_conflict_do_nothing(index_elements=[Order.owner_id, Order.idempotency_key])
        .returning(Order.id)
    )
    is_new = await session.scalar(statement) is not None
    found = select(Order).where(
        Order.owner_id == values["owner_id"], Order.idempotency_key == values["idempotency_key"]
    )
    return (await session.scalars(found)).one(), not is_new


async def count_open(session: AsyncSession, owner_id: UUID, now: datetime) -> int:
    """Orders of one buyer that can still be paid: of theirs alone, or a plan may go over everybody's."""
    can_be_paid = Order.state.in_(UNPAID) & (Order.expires_at > now)
    statement = select(func.count().filter(can_be_paid)).where(Order.owner_id == owner_id)
    return (await session.scalar(statement)) or 0


async def note_checkout(session: AsyncSession, order_id: UUID, opened: OpenedCheckout) -> Order | None:
    """Remember where the order is paid; None when it has moved on meanwhile."""
    statement = (
        update(Order)
        .where(Order.id == order_id, Order.state == OrderState.CREATED)
        .values(state=OrderState.PENDING, checkout_id=opened.id, checkout_url=opened.url)
        .returning(Order)
        .execution_options(populate_existing=True)
    )
    return await session.scalar(statement)


async def find_order(session: AsyncSession, order_id: UUID) -> Order | None:
    return await session.get(Order, order_id, populate_existing=True)


async def find_own(session: AsyncSession, order_id: UUID, owner_id: UUID) -> Order | None:
    return await session.scalar(select(Order).where(Order.id == order_id, Order.owner_id == owner_id))


async def lock_order(session: AsyncSession, order_id: UUID) -> Order | None:
    """The order, and then its buyer's account: before ledger accounts are opened, which others wait for."""
    statement = (
        select(Order).where(Order.id == order_id).with_for_update().execution_options(populate_existing=True)
    )
    order = await session.scalar(statement)
    if order is not None:
        await credits.lock_accounts(session, [order.owner_id])
    return order


async def lock_orders(session: AsyncSession, order_ids: Collection[UUID]) -> None:
    """Several orders in id order, and then their buyers' accounts: as one after the other would not be."""
    statement = select(Order.owner_id).where(Order.id.in_(order_ids)).order_by(Order.id).with_for_update()
    owners = set(await session.scalars(statement))
    await credits.lock_accounts(session, list(owners))


async def lock_memberships(session: AsyncSession, owner_id: UUID) -> Sequence[Order]:
    """One buyer's orders of memberships, locked in id order; and then their account."""
    statement = (
        select(Order)
        .where(
            Order.owner_id == owner_id,
            Order.item.regexp_match(f"^({ItemKind.MEMBERSHIP}|{ItemKind.MONTHS}):"),
        )
        .order_by(Order.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    found = (await session.scalars(statement)).all()
    await credits.lock_accounts(session, [owner_id])
    return found


async def find_by_payment(session: AsyncSession, channel: str, payment_id: str) -> Order | None:
    """The order that a payment paid, as far as we know."""
    return await session.scalar(
        select(Order)
        .where(Order.channel == channel, Order.payment_id == payment_id)
        .execution_options(populate_existing=True)
    )


async def list_to_return(
    session: AsyncSession,
    channel: str,
    *,
    now: datetime,
    limit: int,
    after_id: UUID | None = None,
) -> Sequence[Order]:
    """Paid orders whose money we must give back ourselves and are to ask the channel for now, oldest first.

    While a bank decides, or when it took the money, there is nothing to ask for.
    """
    statement = (
        select(Order)
        .where(Order.channel == channel, OWED_BACK, Order.returned_at.is_(None))
        .where(or_(Order.return_attempts == 0, Order.return_due_at <= now))
        .order_by(Order.id)
        .limit(limit)
    )
    if after_id is not None:
        statement = statement.where(Order.id > after_id)
    return (await session.scalars(statement)).all()


async def list_owed_back(session: AsyncSession, *, limit: int) -> Sequence[Order]:
    """Paid orders whose money must go back and has not, oldest first."""
    return (await session.scalars(select(Order).where(OWED_BACK).order_by(Order.id).limit(limit))).all()


async def count_owed_back(session: AsyncSession) -> tuple[int, int, int]:
    """Orders whose money must go back and has not: under way, to be asked for again, given up."""
    has_failed = Order.return_attempts > 0
    statement = select(
        func.count().filter(~has_failed),
        func.count().filter(has_failed, Order.return_due_at.is_not(None)),
        func.count().filter(has_failed, Order.return_due_at.is_(None)),
    ).where(OWED_BACK)
    under_way, again, given_up = (await session.execute(statement)).one()
    return under_way, again, given_up


async def note_returned(session: AsyncSession, order_id: UUID, *, attempts: int, now: datetime) -> None:
    """The channel was asked to give the money back; its refund tells when it has.

    Args:
        attempts: as they were before it was asked: one that has failed meanwhile is asked for again.
    """
    await session.execute(
        update(Order)
        .where(Order.id == order_id, Order.returned_at.is_(None), Order.return_attempts == attempts)
        .values(returned_at=now)
    )


async def list_orders(
    session: AsyncSession, owner_id: UUID, *, before_id: UUID | None, limit: int
) -> Sequence[Order]:
    """One buyer's orders, newest first."""
    statement = select(Order).where(Order.owner_id == owner_id).order_by(Order.id.desc()).limit(limit)
    if before_id is not None:
        statement = statement.where(Order.id < before_id)
    return (await session.scalars(statement)).all()


async def list_unpaid(
    session: AsyncSession, channel: str, *, before: datetime, after_id: UUID | None, limit: int
) -> Sequence[Order]:
    """Orders made before then that are neither paid nor given up, oldest first."""
    statement = (
        select(Order)
        .where(Order.channel == channel, Order.state.in_(UNPAID), Order.created_at < before)
        .order_by(Order.id)
        .limit(limit)
    )
    if after_id is not None:
        statement = statement.where(Order.id > after_id)
    return (await session.scalars(statement)).all()


async def find_refund(session: AsyncSession, channel: str, refund_id: str) -> OrderRefund | None:
    return await session.get(OrderRefund, (channel, refund_id), populate_existing=True)


async def find_dispute(session: AsyncSession, channel: str, dispute_id: str) -> OrderDispute | None:
    return await session.get(OrderDispute, (channel, dispute_id), populate_existing=True)


async def list_dispute_states(session: AsyncSession, order_id: UUID) -> Sequence[DisputeState]:
    return (await session.scalars(select(OrderDispute.state).where(OrderDispute.order_id == order_id))).all()
