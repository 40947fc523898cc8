"""What a user is shown of their credits. Reading writes nothing: a month that is due is shown already."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing import queries
from billing.accounts import Account, Lot
from billing.catalog import Catalog
from models.credit import CreditAccount, CreditLot


@dataclass(frozen=True, slots=True)
class LotView:
    id: UUID
    source: str
    quantity: int
    remaining: int
    expires_at: datetime | None
    is_frozen: bool


@dataclass(frozen=True, slots=True)
class CreditsView:
    """monthly_credits: what comes at `next_reset_at`."""

    tier: str
    available: int
    held: int
    debt: int
    next_reset_at: datetime
    monthly_credits: int
    lots: Sequence[LotView]


async def view_credits(
    session: AsyncSession, user_id: UUID, *, now: datetime, catalog: Catalog
) -> CreditsView | None:
    """The credits as the next admission will find them; None for a closed or unknown account."""
    row = await queries.find_account(session, user_id)
    if row is None or row.closed_at is not None:
        return None
    live = await queries.list_live_lots(session, user_id, now)
    account = _in_memory(row, [lot for lot in live if lot.frozen_at is None])
    account.open_period(now, catalog)
    spendable = [_lot_view(lot, is_frozen=False) for lot in account.lots if lot.remaining]
    frozen = [_lot_view(lot, is_frozen=True) for lot in live if lot.frozen_at is not None]
    return CreditsView(
        tier=account.tier,
        available=account.available_credits,
        held=await queries.sum_held(session, user_id),
        debt=account.debt_credits,
        next_reset_at=account.resets_at(now) or account.opened_period.end,
        monthly_credits=catalog.tier(account.next_tier or account.tier).monthly_credits,
        lots=[*spendable, *frozen],
    )


def _in_memory(row: CreditAccount, live: Sequence[CreditLot]) -> Account:
    return Account(
        user_id=row.user_id,
        tier=row.tier,
        next_tier=row.next_tier,
        billing_timezone=row.billing_timezone,
        anchor_at=row.anchor_at,
        period_start=row.period_start,
        period_end=row.period_end,
        tier_until=row.tier_until,
        free_until=row.free_until,
        debt_credits=row.debt_credits,
        in_flight=row.in_flight,
        fair_time=row.fair_time,
        closed_at=row.closed_at,
        lots=[
            Lot(
                id=lot.id,
                source=lot.source,
                source_key=lot.source_key,
                quantity=lot.quantity,
                remaining=lot.remaining,
                priority=lot.priority,
                effective_at=lot.effective_at,
                expires_at=lot.expires_at,
                unit_price_minor=lot.unit_price_minor,
                currency=lot.currency,
            )
            for lot in live
        ],
    )


def _lot_view(lot: Lot | CreditLot, *, is_frozen: bool) -> LotView:
    return LotView(lot.id, lot.source.value, lot.quantity, lot.remaining, lot.expires_at, is_frozen)
