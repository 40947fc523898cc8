"""A reviewer decides a help that the risk score held or denied."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from models.referral import HELP_TRANSITIONS, Help, HelpState, LinkState, UnlockLink
from referral import budgets, counting, helps, reviews
from referral.errors import (
    BudgetSpentError,
    HelpDecidedError,
    HelpNotFoundError,
    LinkEndedError,
    LinkFullError,
    OwnHelpError,
)
from service.unlocking.desk import Desk


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a reviewer says. is_allowed: the help counts once the helper has proved real."""

    is_allowed: bool
    reviewer_id: UUID
    note: str | None


async def review_help(
    session: AsyncSession, desk: Desk, help_id: UUID, ruling: Ruling, *, now: datetime
) -> tuple[Help, UnlockLink]:
    """Decide one help. The same word again changes nothing; a denied help may be let in while its link lives.

    Raises: HelpNotFoundError, OwnHelpError: the reviewer asked for it or gave it; HelpDecidedError,
        LinkEndedError, LinkFullError, BudgetSpentError.
    """
    link = await counting.lock_link(session, await reviews.find_link_id(session, help_id))
    if link is None:
        raise HelpNotFoundError("There is no such help.")
    found = await reviews.get_locked(session, help_id)
    if ruling.reviewer_id in (link.owner_id, found.helper_id):
        raise OwnHelpError("Somebody else has to decide about this help.")
    is_again = found.decided_at is not None and ruling.is_allowed != (found.state is HelpState.DENIED)
    if is_again and found.state is not HelpState.HELD:
        return found, link
    if found.state not in reviews.REVIEWED:
        raise HelpDecidedError(found.state)
    if ruling.is_allowed:
        await _allow(session, desk, found, link, ruling, now)
    else:
        _decide(found, HelpState.DENIED, ruling, now)
    link.version += 1
    await session.flush()
    return found, link


async def _allow(
    session: AsyncSession, desk: Desk, found: Help, link: UnlockLink, ruling: Ruling, now: datetime
) -> None:
    if link.state is not LinkState.OPEN:
        raise LinkEndedError(link.state.value)
    # The seat before the budget, as helps that come in do.
    if found.seat is None:
        found.seat = await reviews.take_seat(session, link.id)
        if found.seat is None:
            raise LinkFullError("Every seat of this link is taken.")
    budget = desk.programme.caps.budget_credits_month
    if not await budgets.reserve(session, link.id, budget_credits=budget, now=now):
        raise BudgetSpentError("The rewards are all given or promised.")
    is_proven = await helps.is_proven(session, found.helper_id)
    # The link's time does not run against a help while it is under review.
    qualified_at = min(now, link.expires_at) if is_proven else None
    state = HelpState.QUALIFIED if is_proven else HelpState.PENDING
    _decide(found, state, ruling, now, qualified_at=qualified_at)


def _decide(
    found: Help, state: HelpState, ruling: Ruling, now: datetime, *, qualified_at: datetime | None = None
) -> None:
    if state is not found.state and state not in HELP_TRANSITIONS[found.state]:
        raise HelpDecidedError(found.state)
    reviews.decide(
        found, state, reviewer_id=ruling.reviewer_id, note=ruling.note, now=now, qualified_at=qualified_at
    )
