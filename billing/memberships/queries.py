"""Every statement about memberships."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from billing.memberships.marks import Mark
from models.credit import CreditAccount, CreditEntry, CreditLot, EntryKind, LotSource
from models.membership import (
    FirstMonthClaim,
    Membership,
    MembershipPeriod,
    MembershipState,
)
from models.order import Order

LIVE = Membership.state != MembershipState.ENDED

# Frozen lots keep their time; what was returned late keeps its day of grace.
CUT_LOTS = text("""
UPDATE credit_lots SET expires_at = least(expires_at, greatest(effective_at, CAST(:at AS timestamptz)))
WHERE id = ANY(:lot_ids) AND frozen_at IS NULL AND grace_ends_at IS NULL
""")


async def read_clock(session: AsyncSession) -> datetime:
    """The database's time, which all readers share: whatever is read after it is newer than what it marks."""
    moment: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    return moment


async def find_live(session: AsyncSession, user_id: UUID) -> Membership | None:
    """The one membership of a person that has not ended."""
    return await session.scalar(select(Membership).where(Membership.user_id == user_id, LIVE))


async def find_newest(session: AsyncSession, user_id: UUID) -> Membership | None:
    """The live one, or the one that ended last."""
    newest = Membership.id.desc()
    statement = select(Membership).where(Membership.user_id == user_id).order_by(LIVE.desc(), newest).limit(1)
    return await session.scalar(statement.execution_options(populate_existing=True))


async def list_memberships(session: AsyncSession, user_id: UUID) -> Sequence[Membership]:
    """All that a person ever had, oldest first."""
    statement = select(Membership).where(Membership.user_id == user_id).order_by(Membership.id)
    return (await session.scalars(statement)).all()


async def find_by_subscription(
    session: AsyncSession, channel: str, subscription_id: str
) -> Membership | None:
    """The caller has locked the owner's account where it means to change it."""
    return await session.scalar(
        select(Membership)
        .where(Membership.channel == channel, Membership.subscription_id == subscription_id)
        .execution_options(populate_existing=True)
    )


async def get(session: AsyncSession, membership_id: UUID) -> Membership:
    return await session.get_one(Membership, membership_id, populate_existing=True)


async def find_period(session: AsyncSession, channel: str, invoice_id: str) -> MembershipPeriod | None:
    return await session.scalar(
        select(MembershipPeriod).where(
            MembershipPeriod.channel == channel, MembershipPeriod.invoice_id == invoice_id
        )
    )


async def find_period_of(session: AsyncSession, order_id: UUID) -> MembershipPeriod | None:
    return await session.scalar(
        select(MembershipPeriod)
        .where(MembershipPeriod.order_id == order_id)
        .execution_options(populate_existing=True)
    )


async def list_periods(session: AsyncSession, membership_id: UUID) -> Sequence[MembershipPeriod]:
    """What was paid for, oldest first."""
    return (
        await session.scalars(
            select(MembershipPeriod)
            .where(MembershipPeriod.membership_id == membership_id)
            .order_by(MembershipPeriod.starts_at, MembershipPeriod.id)
        )
    ).all()


async def list_payments(
    session: AsyncSession, membership_id: UUID, *, limit: int
) -> Sequence[tuple[MembershipPeriod, Order | None]]:
    """What was paid for and the money for it, newest first."""
    rows = await session.execute(
        select(MembershipPeriod, Order)
        .outerjoin(Order, Order.id == MembershipPeriod.order_id)
        .where(MembershipPeriod.membership_id == membership_id)
        .order_by(MembershipPeriod.starts_at.desc(), MembershipPeriod.id.desc())
        .limit(limit)
    )
    return [(period, order) for period, order in rows]


async def list_known_invoices(session: AsyncSession, channel: str, subscription_id: str) -> set[str]:
    """Ids of the invoices of a subscription that were taken."""
    statement = (
        select(MembershipPeriod.invoice_id)
        .join(Membership, Membership.id == MembershipPeriod.membership_id)
        .where(Membership.channel == channel, Membership.subscription_id == subscription_id)
    )
    return set(await session.scalars(statement))


async def list_lots(session: AsyncSession, user_id: UUID, prefix: str) -> Sequence[CreditLot]:
    """A person's membership lots whose source key begins so."""
    return (
        await session.scalars(
            select(CreditLot)
            .where(CreditLot.user_id == user_id, CreditLot.source == LotSource.MEMBERSHIP)
            .where(CreditLot.source_key.startswith(prefix, autoescape=True))
            .order_by(CreditLot.id)
            .execution_options(populate_existing=True)
        )
    ).all()


async def sum_used(session: AsyncSession, user_id: UUID, prefix: str) -> int:
    """Credits of those lots that were spent, are held, or filled an earlier debt."""
    used = (EntryKind.HOLD, EntryKind.RELEASE, EntryKind.DEBT)
    statement = (
        select(func.coalesce(-func.sum(CreditEntry.quantity), 0))
        .join(CreditLot, CreditLot.id == CreditEntry.lot_id)
        .where(CreditLot.user_id == user_id, CreditLot.source == LotSource.MEMBERSHIP)
        .where(CreditLot.source_key.startswith(prefix, autoescape=True), CreditEntry.kind.in_(used))
    )
    return int((await session.execute(statement)).scalar_one())


async def cut_lots(session: AsyncSession, lot_ids: Sequence[UUID], at: datetime) -> None:
    """Let lots expire then at the latest."""
    await session.execute(CUT_LOTS, {"lot_ids": list(lot_ids), "at": at})


async def are_claimed(session: AsyncSession, marks: Sequence[Mark]) -> bool:
    """Whether any of the marks has had a cheaper first month."""
    wanted = [(mark.kind, mark.digest) for mark in marks]
    found = select(FirstMonthClaim.digest).where(
        tuple_(FirstMonthClaim.kind, FirstMonthClaim.digest).in_(wanted)
    )
    return await session.scalar(found.limit(1)) is not None


async def claim(session: AsyncSession, marks: Sequence[Mark], order_id: UUID, now: datetime) -> bool:
    """Claim all of the marks for one order; False when another has claimed any, and then none is claimed.

    In one order, so that two who claim the same marks cannot wait for each other in a circle.
    """
    values = [
        {"kind": mark.kind, "digest": mark.digest, "order_id": order_id, "created_at": now}
        for mark in sorted(marks, key=lambda mark: (mark.kind, mark.digest))
    ]
    async with session.begin_nested() as part:
        statement = insert(FirstMonthClaim).values(values).on_conflict_do_nothing()
        claimed = (await session.execute(statement.returning(FirstMonthClaim.digest))).all()
        if len(claimed) < len(values):
            await part.rollback()
            return False
    return True


async def list_due_notices(
    session: AsyncSession, *, notice: timedelta, now: datetime, limit: int
) -> Sequence[Membership]:
    """Paid memberships that renew or end within `notice` and whose member was not told of it, soonest first.

    `Membership.renews` says which of the two; what it will cost is `renewal_minor`. A member who cancelled
    knows of the end: only months in advance are told of theirs.
    """
    return (
        await session.scalars(
            select(Membership)
            .where(Membership.state == MembershipState.ACTIVE)
            .where(Membership.paid_until > now, Membership.paid_until <= now + notice)
            .where(Membership.noticed_for.is_distinct_from(Membership.paid_until))
            .where(
                or_(
                    Membership.subscription_id.is_(None),
                    Membership.cancels_at_period_end.is_(False),
                )
            )
            .order_by(Membership.paid_until)
            .limit(limit)
        )
    ).all()


async def claim_notice(
    session: AsyncSession, membership_id: UUID, paid_until: datetime, *, now: datetime
) -> bool:
    """Whether the notice of that renewal or end is the caller's to write: once, in its transaction."""
    statement = (
        update(Membership)
        .where(Membership.id == membership_id, Membership.paid_until == paid_until, LIVE)
        .where(Membership.noticed_for.is_distinct_from(paid_until))
        .values(noticed_at=now, noticed_for=paid_until)
        .returning(Membership.id)
    )
    return await session.scalar(statement) is not None


async def list_due(session: AsyncSession, *, now: datetime, limit: int) -> Sequence[tuple[UUID, UUID]]:
    """(membership id, user id) where time alone changes something: a grace, a month or all of it is over."""
    over = (Membership.paid_until <= now) & (
        Membership.subscription_id.is_(None)
        | Membership.cancels_at_period_end
        | Membership.subscription_ended_at.is_not(None)
    )
    month = (
        Membership.subscription_id.is_(None) & (Membership.period_end <= now) & (Membership.paid_until > now)
    )
    grace = (Membership.state == MembershipState.PAST_DUE) & (Membership.grace_ends_at <= now)
    next_at = func.least(Membership.period_end, Membership.grace_ends_at)  # of any of these, the earliest
    statement = (
        select(Membership.id, Membership.user_id)
        .where(LIVE, next_at <= now, or_(over, month, grace))
        .order_by(next_at, Membership.id)
        .limit(limit)
    )
    return [(membership_id, user_id) for membership_id, user_id in await session.execute(statement)]


async def list_lapsed(session: AsyncSession, *, now: datetime, limit: int) -> Sequence[UUID]:
    """Owners of open accounts whose paid tier is over and that nobody has used since."""
    statement = (
        select(CreditAccount.user_id)
        .where(CreditAccount.tier_until <= now, CreditAccount.closed_at.is_(None))
        .order_by(CreditAccount.tier_until)
        .limit(limit)
    )
    return (await session.scalars(statement)).all()


async def list_to_end(
    session: AsyncSession, channel: str, *, limit: int, after_id: UUID | None = None
) -> Sequence[Membership]:
    """Memberships that the channel must not charge again: refunded ones, and those of closed accounts."""
    statement = (
        select(Membership)
        .join(CreditAccount, CreditAccount.user_id == Membership.user_id)
        .where(Membership.channel == channel)
        .where(Membership.subscription_id.is_not(None), Membership.subscription_ended_at.is_(None))
        .where(or_(Membership.state == MembershipState.ENDED, CreditAccount.closed_at.is_not(None)))
        .order_by(Membership.id)
        .limit(limit)
    )
    if after_id is not None:
        statement = statement.where(Membership.id > after_id)
    return (await session.scalars(statement)).all()


async def list_unread(
    session: AsyncSession, channel: str, *, since: datetime, after_id: UUID | None, limit: int
) -> Sequence[Membership]:
    """Live subscriptions whose state was not read since then, by id."""
    statement = (
        select(Membership)
        .where(Membership.channel == channel, LIVE, Membership.read_at < since)
        .where(Membership.subscription_id.is_not(None))
        .order_by(Membership.id)
        .limit(limit)
    )
    if after_id is not None:
        statement = statement.where(Membership.id > after_id)
    return (await session.scalars(statement)).all()
