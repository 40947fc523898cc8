"""Reserve credits, then spend them for good or give them back. Nothing here commits."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing import batches, queries
from billing.catalog import Catalog
from billing.connections import SessionStatements
from billing.errors import HoldClosedError
from models.credit import HoldState


async def hold(
    session: AsyncSession,
    *,
    user_id: UUID,
    hold_id: UUID,
    amount_credits: int,
    purpose: str,
    now: datetime,
    catalog: Catalog,
) -> None:
    """Reserve credits for one business object, whose id is `hold_id`.

    Raises: InsufficientCreditsError, AccountClosedError; nothing was written.
    """
    statements = SessionStatements(session)
    batch = await batches.lock_accounts(statements, [user_id], now)
    account = batch.accounts[user_id]
    account.require_open()
    account.open_period(now, catalog)
    batch.hold(account, hold_id, amount_credits, purpose)
    await batches.write(statements, batch)


async def settle(session: AsyncSession, hold_id: UUID, *, now: datetime) -> None:
    """Spend a hold for good.

    Raises: HoldClosedError.
    """
    await _close(session, hold_id, HoldState.SETTLED, now)


async def release(session: AsyncSession, hold_id: UUID, *, now: datetime) -> None:
    """Return a hold to the lots it came from; a lot that expired meanwhile lives 24 hours more.

    Raises: HoldClosedError.
    """
    user_id = await _close(session, hold_id, HoldState.RELEASED, now)
    await queries.lock_accounts(session, [user_id])
    await queries.return_to_lots(session, hold_id, now)


async def _close(session: AsyncSession, hold_id: UUID, state: HoldState, now: datetime) -> UUID:
    user_id = await queries.close_hold(session, hold_id, state, now)
    if user_id is None:
        raise HoldClosedError("This hold was closed before.")
    return user_id
