"""A member's tier and monthly credits, on the account that admission reads. Callers have locked it."""

from datetime import datetime
from fractions import Fraction
from math import ceil
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing import lots
from billing import queries as credits
from billing.memberships import queries
from billing.periods import Period
from models.credit import CreditAccount, LotSource
from models.membership import MembershipPeriod

AGAIN: Final = "again:"  # begins the label of what was taken back and came again


async def set_tier(
    session: AsyncSession, account: CreditAccount, tier: str, period: Period, *, until: datetime
) -> None:
    """The tier that is paid for, until then; no free month is given before the one that runs is over.

    Args:
        period: the month of quota, which is granted apart.
    """
    if account.tier_until is None:
        account.free_until = account.period_end
    account.tier, account.next_tier, account.tier_until = tier, None, until
    account.period_start, account.period_end = period.start, period.end
    await session.flush()


async def cut_tier(session: AsyncSession, user_id: UUID, at: datetime) -> None:
    """End a paid tier then, if it does not end sooner; the next look at the account finds the free one."""
    (account,) = await credits.lock_accounts(session, [user_id])
    if account.tier_until is not None:
        account.tier_until = min(account.tier_until, at)
        await session.flush()


def lot_prefix(period_id: UUID) -> str:
    """What the source keys of a period's lots begin with."""
    return f"period:{period_id}:"


async def grant(
    session: AsyncSession,
    period: MembershipPeriod,
    label: str,
    *,
    user_id: UUID,
    quantity: int,
    expires_at: datetime,
    now: datetime,
) -> None:
    """One lot of a paid period, once for each label; none when its time is over, or the account is closed."""
    if quantity > 0 and now < expires_at and not await credits.is_closed(session, user_id):
        await lots.grant(
            session,
            user_id=user_id,
            source=LotSource.MEMBERSHIP,
            source_key=f"{lot_prefix(period.id)}{label}",
            quantity=quantity,
            now=now,
            expires_at=expires_at,
        )


async def cut(session: AsyncSession, user_id: UUID, periods: list[UUID], at: datetime) -> None:
    """Credits end with access."""
    for period_id in periods:
        found = await queries.list_lots(session, user_id, lot_prefix(period_id))
        await queries.cut_lots(session, [lot.id for lot in found], at)


def upgrade_credits(
    old_credits: int, new_credits: int, *, starts_at: datetime, ends_at: datetime, month: Period
) -> int:
    """The difference of quota for the rest of the month, rounded up, as the money is for that rest.

    All of it for money for a day would be a hundred credits for a few cents, every month's last day
    (docs/decisions/memberships.md).
    """
    share = Fraction((ends_at - starts_at).total_seconds()) / Fraction(
        (month.end - month.start).total_seconds()
    )
    return max(0, ceil((new_credits - old_credits) * min(share, Fraction(1))))
