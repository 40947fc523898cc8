"""Paid terms of memberships: the money and what is owed for it day by day, in one transaction."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing.ledger import pack_queries, templates, term_queries
from billing.ledger.postings import post, reverse
from billing.ledger.templates import Money
from models.deferral import MembershipTerm
from models.ledger import AccountCode

ALL: Final = 2**62  # minor units


async def sell(
    session: AsyncSession,
    *,
    key: str,
    user_id: UUID,
    starts_on: date,
    ends_on: date,
    paid: Money,
    occurred_at: datetime,
    now: datetime,
    fee_minor: int = 0,
) -> bool:
    """Post the payment and open its term, once for each key; False when that was done before.

    Args:
        key: names what was paid, such as `stripe:invoice:in_…`; an upgrade's difference is a term of its own.
        starts_on, ends_on: days in UTC, the last one excluded.
        paid: what was really paid: a cheaper first month makes that month's revenue smaller, no other's.
    Raises: what `post` raises; sqlalchemy.exc.IntegrityError for a term without a day.
    """
    posting = templates.membership_paid(key, paid, occurred_at=occurred_at, fee_minor=fee_minor)
    if not (await post(session, posting, now=now)).is_new:
        return False
    session.add(
        MembershipTerm(
            term_key=key,
            user_id=user_id,
            currency=paid.currency,
            price_minor=paid.net_minor,
            deferred_minor=paid.net_minor,
            starts_on=starts_on,
            ends_on=ends_on,
            served_until=starts_on,
            spread_from=starts_on,
            spread_minor=paid.net_minor,
        )
    )
    await session.flush()
    return True


async def refund(
    session: AsyncSession, *, key: str, term_key: str, back: Money, occurred_at: datetime, now: datetime
) -> int:
    """Post a refund, whole or in part, once for each key; minor units that left what is owed.

    What is still owed of the term goes first; what was served is a refund of revenue.
    """
    released = await _release(session, key, term_key, back.net_minor)
    posting = templates.membership_refunded(key, back, released_minor=released, occurred_at=occurred_at)
    await post(session, posting, now=now)
    return released


async def withdraw(
    session: AsyncSession, *, key: str, term_key: str, back: Money, occurred_at: datetime, now: datetime
) -> int:
    """Post the refund that ends a term, once for each key; minor units that left what is owed.

    Nothing of it is owed any more: what does not go back was used.
    """
    released = await _release(session, key, term_key, ALL)
    kept = max(0, released - back.net_minor)
    posting = templates.membership_withdrawn(
        key, back, released_minor=released, kept_minor=kept, occurred_at=occurred_at
    )
    await post(session, posting, now=now)
    return released


async def use_up(
    session: AsyncSession, *, key: str, term_key: str, currency: str, occurred_at: datetime, now: datetime
) -> None:
    """End a term of which nothing goes back, once for each key."""
    released = await _release(session, key, term_key, ALL)
    if released:
        await post(
            session, templates.membership_used(key, currency, released, occurred_at=occurred_at), now=now
        )


async def lose_dispute(
    session: AsyncSession, *, key: str, term_key: str, held: Money, occurred_at: datetime, now: datetime
) -> int:
    """Post a lost dispute, once for each key; minor units that left what is owed."""
    released = await _release(session, key, term_key, held.net_minor)
    posting = templates.dispute_lost(
        key,
        held,
        released_minor=released,
        owed=AccountCode.DEFERRED_MEMBERSHIP,
        occurred_at=occurred_at,
    )
    await post(session, posting, now=now)
    return released


async def undo(
    session: AsyncSession, *, key: str, of_key: str, term_key: str, occurred_at: datetime, now: datetime
) -> bool:
    """Reverse a refund that failed, or a lost dispute that was won after all; False when done before.

    What it had released is owed again over the days that are left; of a term that is over, with the next
    recognition.
    """
    if not (await reverse(session, key, of_key=of_key, occurred_at=occurred_at, now=now)).is_new:
        return False
    await pack_queries.share_with_recognition(session)
    released = await term_queries.get_released_minor(session, of_key)
    await term_queries.owe_again(session, term_key, released)
    return True


async def _release(session: AsyncSession, key: str, term_key: str, amount_minor: int) -> int:
    await pack_queries.share_with_recognition(session)
    await term_queries.lock_term(session, term_key)
    if await pack_queries.is_posted(session, key):
        return await term_queries.get_released_minor(session, key)
    return await term_queries.release(session, term_key, amount_minor)
