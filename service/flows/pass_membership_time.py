"""What time alone does to memberships: a grace ends, a month paid in advance begins, all of it is over."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from billing import lots
from billing import queries as credits
from billing.memberships import queries as memberships
from billing.memberships.prepaid import open_month
from billing.memberships.rules import MembershipRules
from billing.memberships.standing import settle
from core.database import Sessions
from models.membership import Membership
from service.flows.tell_membership import MembershipStanding, tell_membership_moved

log = structlog.get_logger()
Found = TypeVar("Found")


async def pass_membership_time(
    sessions: Sessions, *, rules: MembershipRules, now: datetime, limit: int
) -> bool:
    """One round, each membership in a transaction of its own; whether more may wait.

    One that fails must not hold up the others: it is logged, and tried again in the next round.
    """

    async def pass_one(due: tuple[UUID, UUID]) -> None:
        membership_id, user_id = due
        async with sessions.begin() as session:
            await credits.lock_accounts(session, [user_id])
            await _pass(session, await memberships.get(session, membership_id), rules, now)

    async def lapse(user_id: UUID) -> None:
        async with sessions.begin() as session:
            await lots.open_month(session, user_id, now=now, catalog=rules.catalog)

    async with sessions() as session:
        due = await memberships.list_due(session, now=now, limit=limit)
    passed = await _each(due, pass_one)
    async with sessions() as session:
        lapsed = await memberships.list_lapsed(session, now=now, limit=limit)
    return limit in (passed, await _each(lapsed, lapse))


async def _each(found: Sequence[Found], act: Callable[[Found], Awaitable[None]]) -> int:
    """How many of them were dealt with."""
    done = 0
    for one in found:
        try:
            await act(one)
        except Exception:
            log.exception("keeper.membership_failed", found=str(one))
        else:
            done += 1
    return done


async def _pass(session: AsyncSession, membership: Membership, rules: MembershipRules, now: datetime) -> None:
    before = MembershipStanding.of(membership)
    if membership.subscription_id is None:
        await open_month(session, membership, rules=rules, now=now)
    else:
        await settle(session, membership, rules=rules, now=now)
    await session.flush()
    after = MembershipStanding.of(membership)
    if after != before:
        await tell_membership_moved(session, after, before, now=now)
