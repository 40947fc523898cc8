"""Reserve credits, then spend them for good or give them back. Nothing here commits."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing import batches, queries
from billing.catalog import Catalog
from billing.errors import HoldClosedError
from core.statements import SessionStatements
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
    lines = await queries.list_hold_lines(session, hold_id)
    await queries.return_to_lots(session, hold_id, lines, now=now)


async def settle_share(session: AsyncSession, hold_id: UUID, *, amount_credits: int, now: datetime) -> bool:
    """Spend a share of a hold for good; True when it was the last and the hold is closed.

    Raises: HoldClosedError when fewer credits than that are open.
    """
    _, is_last = await _close_share(session, hold_id, spent=amount_credits, returned=0, now=now)
    return is_last


async def release_share(
    session: AsyncSession, hold_id: UUID, *, share_id: UUID, amount_credits: int, now: datetime
) -> bool:
    """Return a share of a hold to lots it came from; True when it was the last and the hold is closed.

    Args:
        share_id: whose share it is; the journal refuses to return it to one lot twice.
    Raises: HoldClosedError when fewer credits than that are open.
    """
    user_id, is_last = await _close_share(session, hold_id, spent=0, returned=amount_credits, now=now)
    await queries.lock_accounts(session, [user_id])
    lines = share_of(await queries.list_hold_lines(session, hold_id), amount_credits)
    await queries.return_to_lots(session, hold_id, lines, now=now, share_id=share_id)
    return is_last


def share_of(lines: Sequence[tuple[UUID, int]], amount_credits: int) -> list[tuple[UUID, int]]:
    """The first `amount_credits` of (lot id, credits)."""
    share = []
    for lot_id, credits in lines:
        taken = min(credits, amount_credits)
        if taken:
            share.append((lot_id, taken))
        amount_credits -= taken
    return share


async def _close_share(
    session: AsyncSession, hold_id: UUID, *, spent: int, returned: int, now: datetime
) -> tuple[UUID, bool]:
    closed = await queries.close_share(session, hold_id, spent=spent, returned=returned, now=now)
    if closed is None:
        raise HoldClosedError("This share of the hold was closed before.")
    return closed


async def _close(session: AsyncSession, hold_id: UUID, state: HoldState, now: datetime) -> UUID:
    user_id = await queries.close_hold(session, hold_id, state, now)
    if user_id is None:
        raise HoldClosedError("This hold was closed before.")
    return user_id
