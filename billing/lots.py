"""Lots come and go: a new account, the month's lot, goodwill, a change of tier, expiry."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing import batches, queries
from billing.accounts import PRIORITIES, Account, Lot
from billing.batches import CreditBatch
from billing.catalog import FREE, Catalog
from billing.errors import PaidTierError, TimezoneLockedError
from core.ids import new_id
from core.statements import SessionStatements
from models.credit import CreditAccount, LotSource

TIMEZONE_LOCK: Final = timedelta(days=90)


def open_account(session: AsyncSession, *, user_id: UUID, timezone: str) -> CreditAccount:
    """The account of a new user; the first month's lot comes with the first look at it."""
    account = CreditAccount(
        user_id=user_id, tier=FREE, billing_timezone=timezone, debt_credits=0, in_flight=0, rejected_count=0
    )
    session.add(account)
    return account


async def grant(
    session: AsyncSession,
    *,
    user_id: UUID,
    source: LotSource,
    source_key: str,
    quantity: int,
    now: datetime,
    expires_at: datetime | None,
    unit_price_minor: int = 0,
    currency: str | None = None,
    even_closed: bool = False,
) -> UUID:
    """Add one lot; a debt is filled from it first.

    Args:
        source_key: names the business object that earned it; the database refuses a second lot with it.
        even_closed: for what was paid, whose money may have to go back to somebody who has left.
    Returns: the lot's id.
    Raises: AccountClosedError; sqlalchemy.exc.IntegrityError for a repeated key.
    """
    batch, account = await _lock(session, user_id, now)
    if not even_closed:
        account.require_open()
    lot = Lot(
        id=new_id(),
        source=source,
        source_key=source_key,
        quantity=quantity,
        remaining=quantity,
        priority=PRIORITIES[source],
        effective_at=now,
        expires_at=expires_at,
        unit_price_minor=unit_price_minor,
        currency=currency,
        is_new=True,
    )
    account.add_lot(lot)
    batch.touched.add(user_id)
    await batches.write(SessionStatements(session), batch)
    return lot.id


async def change_tier(
    session: AsyncSession, user_id: UUID, tier: str, *, now: datetime, catalog: Catalog
) -> None:
    """By hand: upgrade now, with the difference of quota at once; downgrade at the period's end.

    Raises: AccountClosedError; PaidTierError: a membership decides the tier.
    """
    batch, account = await _lock(session, user_id, now)
    account.require_open()
    account.open_period(now, catalog)
    if account.tier_until is not None:
        raise PaidTierError("This tier is paid for; change the membership instead.")
    extra = catalog.tier(tier).monthly_credits - catalog.tier(account.tier).monthly_credits
    if catalog.tier(tier).rank <= catalog.tier(account.tier).rank:
        account.next_tier = tier if tier != account.tier else None
    else:
        account.tier, account.next_tier = tier, None
        if extra > 0:
            account.add_lot(_upgrade_lot(account, tier, extra, now))
    batch.touched.add(user_id)
    await batches.write(SessionStatements(session), batch)


def _upgrade_lot(account: Account, tier: str, quantity: int, now: datetime) -> Lot:
    return Lot(
        id=new_id(),
        source=LotSource.MEMBERSHIP,
        source_key=f"upgrade:{account.user_id}:{account.opened_period.start.isoformat()}:{tier}",
        quantity=quantity,
        remaining=quantity,
        priority=PRIORITIES[LotSource.MEMBERSHIP],
        effective_at=now,
        expires_at=account.opened_period.end,
        unit_price_minor=0,
        is_new=True,
    )


async def open_month(session: AsyncSession, user_id: UUID, *, now: datetime, catalog: Catalog) -> None:
    """Bring the account to now as its next use would: a tier that is over ends, a month that is due comes."""
    batch, account = await _lock(session, user_id, now)
    if account.closed_at is None:
        account.open_period(now, catalog)
        batch.touched.add(user_id)
        await batches.write(SessionStatements(session), batch)


async def change_timezone(session: AsyncSession, user_id: UUID, timezone: str, *, now: datetime) -> None:
    """Move the billing time zone, from the next period on, once in 90 days.

    Raises: TimezoneLockedError.
    """
    (account,) = await queries.lock_accounts(session, [user_id])
    if timezone == account.billing_timezone:
        return
    changed_at = account.timezone_changed_at
    if changed_at is not None and now < changed_at + TIMEZONE_LOCK:
        raise TimezoneLockedError(changeable_at=changed_at + TIMEZONE_LOCK)
    account.billing_timezone, account.timezone_changed_at = timezone, now


async def expire_due(session: AsyncSession, *, now: datetime, limit: int = 500) -> int:
    """Expire lots whose time has come, oldest first; how many were found due."""
    due = await queries.find_due_lots(session, now, limit=limit)
    await queries.lock_accounts(session, [row.user_id for row in due])
    await queries.expire(session, [row.id for row in due], now)
    return len(due)


async def _lock(session: AsyncSession, user_id: UUID, now: datetime) -> tuple[CreditBatch, Account]:
    batch = await batches.lock_accounts(SessionStatements(session), [user_id], now)
    return batch, batch.accounts[user_id]
