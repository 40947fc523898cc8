"""Our money at the payment channel: what moved it besides sales, and whether our books agree with it."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from billing.ledger import templates
from billing.ledger.postings import post
from billing.payments import MovementKind, OtherMovement
from models.ledger import AccountCode, LedgerAccount, LedgerEntry


async def book_movement(
    session: AsyncSession, channel: str, movement: OtherMovement, *, now: datetime
) -> bool:
    """Book a payout or a fee, once; False when there is no rule for this kind, and a person must look."""
    key = f"{channel}:movement:{movement.id}"
    at, currency = movement.occurred_at, movement.currency
    if movement.kind is MovementKind.OTHER:
        return False
    if movement.kind is MovementKind.PAYOUT:
        await post(
            session, templates.paid_out(key, currency, -movement.amount_minor, occurred_at=at), now=now
        )
        fee_minor = movement.fee_minor
    else:
        fee_minor = movement.fee_minor - movement.amount_minor
    if fee_minor:
        fee = templates.processor_fee(f"{key}:fee", currency, fee_minor, occurred_at=at)
        await post(session, fee, now=now)
    return True


async def find_gaps(session: AsyncSession, balances: Mapping[str, int]) -> dict[str, int]:
    """By currency, our books of the balance less the channel's `balances`; those that agree are 0."""
    statement = (
        select(LedgerAccount.currency, func.sum(LedgerEntry.amount_minor))
        .join(LedgerEntry, LedgerEntry.account_id == LedgerAccount.id)
        .where(LedgerAccount.code == AccountCode.STRIPE_CLEARING)
        .group_by(LedgerAccount.currency)
    )
    booked = {currency: int(minor) for currency, minor in await session.execute(statement)}
    return {
        currency: booked.get(currency, 0) - balances.get(currency, 0)
        for currency in sorted({*booked, *balances})
    }
