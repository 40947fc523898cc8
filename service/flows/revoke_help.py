"""Take a help back; when its link then misses the goal, the reward goes too: the lot first, then debt."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing import clawback
from billing import queries as credits
from models.referral import HELP_TRANSITIONS, Help, HelpState, LinkState, UnlockLink
from referral import budgets, counting, reviews, rewards
from referral.errors import HelpDecidedError, HelpNotFoundError
from service.flows.tell_link import tell_progress

REVOKED: Final = "revoked_by_operator"


async def revoke_help(
    session: AsyncSession, help_id: UUID, *, operator_id: UUID, note: str, now: datetime
) -> tuple[Help, UnlockLink]:
    """Revoke one help; again changes nothing.

    Raises: HelpNotFoundError, HelpDecidedError: it was denied, so there is nothing to take back.
    """
    link = await counting.lock_link(session, await reviews.find_link_id(session, help_id))
    if link is None:
        raise HelpNotFoundError("There is no such help.")
    await credits.lock_accounts(session, [link.owner_id])  # before helps, as everywhere
    found = await reviews.get_locked(session, help_id)
    if found.state is HelpState.REVOKED:
        return found, link
    if HelpState.REVOKED not in HELP_TRANSITIONS[found.state]:
        raise HelpDecidedError(found.state)
    weight = found.weight if found.counted_at is not None else 0
    found.state, found.reason, found.counted_at, found.ended_at = HelpState.REVOKED, REVOKED, None, now
    found.decided_by, found.decided_at, found.note = operator_id, now, note
    await _take_off(session, link, weight, now)
    return found, link


async def _take_off(session: AsyncSession, link: UnlockLink, weight: int, now: datetime) -> None:
    link.progress -= weight
    link.version += 1
    is_unearned = link.state is LinkState.REWARDED and link.progress < link.goal
    if is_unearned:
        link.state = LinkState.REVOKED
    await session.flush()
    if is_unearned:
        await _claw_back(session, link, now)
    if weight:
        await tell_progress(session, link, now=now)


async def _claw_back(session: AsyncSession, link: UnlockLink, now: datetime) -> None:
    reward = await rewards.find_reward(session, link.id)
    if reward is None:
        raise RuntimeError(f"link {link.id} was rewarded and has no reward")
    reward.revoked_at = now
    await clawback.claw_back(
        session,
        key=rewards.revoke_key(link.id),
        lot_id=reward.lot_id,
        amount_credits=reward.credits,
        now=now,
    )
    await budgets.release(session, link.id, now=now)
