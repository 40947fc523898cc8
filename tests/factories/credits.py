"""Users with credits, as tests need them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from billing import lots
from billing.ledger import templates
from billing.ledger.postings import post
from billing.ledger.templates import Money
from core.ids import new_id
from models.credit import LotSource
from models.deferral import PaidLot
from models.user import Role, User


async def make_user(session: AsyncSession, *, tier: str = "free", timezone: str = "UTC") -> UUID:
    """A user with an account whose first month is still to come."""
    user = User(id=new_id(), role=Role.USER, locale="zh")
    session.add(user)
    await session.flush()
    account = lots.open_account(session, user_id=user.id, timezone=timezone)
    account.tier = tier
    await session.flush()
    return user.id


async def give(
    session: AsyncSession,
    user_id: UUID,
    quantity: int,
    *,
    now: datetime,
    source: LotSource = LotSource.GOODWILL,
    expires_at: datetime | None = None,
    unit_price_minor: int = 0,
) -> UUID:
    """One lot; with a price, its sale is in the books too."""
    lot_id = await lots.grant(
        session,
        user_id=user_id,
        source=source,
        source_key=f"test:{new_id()}",
        quantity=quantity,
        now=now,
        expires_at=expires_at,
        unit_price_minor=unit_price_minor,
        currency="CNY" if unit_price_minor else None,
    )
    if unit_price_minor:
        await _book_sale(session, lot_id, quantity, quantity * unit_price_minor, now)
    return lot_id


async def _book_sale(
    session: AsyncSession, lot_id: UUID, quantity: int, price_minor: int, now: datetime
) -> None:
    posting = templates.pack_sold(f"test:{lot_id}", Money("CNY", price_minor), occurred_at=now)
    await post(session, posting, now=now)
    session.add(
        PaidLot(
            lot_id=lot_id,
            currency="CNY",
            quantity=quantity,
            price_minor=price_minor,
            deferred_minor=price_minor,
            created_at=now,
        )
    )
    await session.flush()


async def skip_month(session: AsyncSession, user_id: UUID, *, now: datetime) -> None:
    """Pretend that this month's free lot was used up, so that tests count only what they give."""
    await session.execute(
        text("UPDATE credit_accounts SET period_start = :now, period_end = :end WHERE user_id = :user_id"),
        {"now": now, "end": datetime(2100, 1, 1, tzinfo=now.tzinfo), "user_id": user_id},
    )
