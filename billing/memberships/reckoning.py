"""What of a purchase was used, and so what of its price is kept when it is taken back.

Who asked expressly for a start before the 14 days are over owes what is proportionate to what was provided,
in comparison with the whole contract and reckoned on its price; who did not, owes nothing.
Source: EU 2011/83, article 14(3) and (4). Why it is reckoned so: docs/decisions/renewals.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from math import ceil
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing.memberships import queries, quota
from billing.memberships.rules import MembershipRules
from models.membership import MembershipPeriod, PeriodKind
from models.order import ItemKind, Order

ONE_DAY: Final = timedelta(days=1)
# Wordings that promised all of the money back, used or not; every other one says that use is paid for.
ALL_BACK: Final = frozenset({"2026-11-28"})


@dataclass(frozen=True, slots=True)
class Part:
    """One order that would go back: what was used of it, and what stays paid for that.

    is_use_paid: False: nothing is kept, and used credits become a debt.
    used_credits: spent, held, or taken for an earlier debt. used_days: over, whole ones.
    """

    order: Order
    period: MembershipPeriod
    is_use_paid: bool
    used_credits: int
    all_credits: int
    used_days: int
    all_days: int
    kept_minor: int

    @property
    def refund_minor(self) -> int:
        return self.order.amount_minor - self.order.refunded_minor - self.kept_minor


def pays_for_use(order: Order) -> bool:
    """Whether its buyer agreed that a withdrawal keeps the price of what was used."""
    return order.consent_version is not None and order.consent_version not in ALL_BACK


async def reckon(
    session: AsyncSession,
    rules: MembershipRules,
    period: MembershipPeriod,
    order: Order,
    *,
    user_id: UUID,
    now: datetime,
) -> Part:
    """What would stay paid of one payment now.

    What went back earlier out of kindness counts towards what goes back: in all it is the unused part.
    """
    used, whole = await _credits(session, rules, period, order, user_id)
    days, all_days = _days(period, order, now)
    kept = keep(order.amount_minor, max(_share(used, whole), _share(days, all_days)))
    is_use_paid = pays_for_use(order)
    return Part(
        order=order,
        period=period,
        is_use_paid=is_use_paid,
        used_credits=used,
        all_credits=whole,
        used_days=days,
        all_days=all_days,
        kept_minor=min(kept, order.amount_minor - order.refunded_minor) if is_use_paid else 0,
    )


async def _credits(
    session: AsyncSession, rules: MembershipRules, period: MembershipPeriod, order: Order, user_id: UUID
) -> tuple[int, int]:
    """Used, and all that the payment brings; of months in advance also what later months will."""
    prefix = quota.lot_prefix(period.id)
    used = await queries.sum_used(session, user_id, prefix)
    # What came again, after a dispute that was won, is no second quota.
    granted = [
        lot.quantity
        for lot in await queries.list_lots(session, user_id, prefix)
        if not lot.source_key.startswith(f"{prefix}{quota.AGAIN}")
    ]
    if period.kind is PeriodKind.PREPAID and order.kind is ItemKind.MONTHS:
        monthly = granted[0] if granted else rules.catalog.tier(period.tier).monthly_credits
        return used, monthly * int(order.item.split(":")[2])
    return used, sum(granted)


def _days(period: MembershipPeriod, order: Order, now: datetime) -> tuple[int, int]:
    """Whole days that are over, so that what was shown goes back for the rest of the day; and how many
    there are, the last one counted though it be a part. What moved up had no days before its payment.
    """
    whole = ceil((period.ends_at - period.starts_at) / ONE_DAY)
    begun_at = max(period.starts_at, order.paid_at or period.starts_at)
    return min(max(0, (now - begun_at).days), whole), whole


def keep(price_minor: int, used: Fraction) -> int:
    """The price of what was used, rounded in the buyer's favour."""
    return int(price_minor * used)


def _share(used: int, whole: int) -> Fraction:
    return min(Fraction(used, whole), Fraction(1)) if whole else Fraction(0)


def total(parts: Sequence[Part]) -> tuple[int, int]:
    """What goes back of all of them, and what is kept, in minor units."""
    return sum(part.refund_minor for part in parts), sum(part.kept_minor for part in parts)
