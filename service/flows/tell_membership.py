"""Write down that a membership began, changed, owes money or ended: for client back ends, and as letters."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from models.letter import LetterKind
from models.membership import Membership, MembershipEnd, MembershipState
from service.letters import queries as letters
from service.outbox import queries as outbox
from service.outbox.events import EventType

WITHOUT_TIER: Final = frozenset({MembershipState.UNPAID, MembershipState.ENDED})


@dataclass(frozen=True, slots=True)
class MembershipStanding:
    """How a membership stands at one moment."""

    id: UUID
    user_id: UUID
    tier: str
    state: MembershipState
    currency: str
    renewal_minor: int | None
    period_end: datetime
    paid_until: datetime
    cancels_at_period_end: bool
    scheduled_tier: str | None
    grace_ends_at: datetime | None
    ended_at: datetime | None
    end_reason: MembershipEnd | None

    @classmethod
    def of(cls, membership: Membership) -> Self:
        return cls(
            id=membership.id,
            user_id=membership.user_id,
            tier=membership.tier,
            state=membership.state,
            currency=membership.currency,
            renewal_minor=membership.renewal_minor,
            period_end=membership.period_end,
            paid_until=membership.paid_until,
            cancels_at_period_end=membership.cancels_at_period_end,
            scheduled_tier=membership.scheduled_tier,
            grace_ends_at=membership.grace_ends_at,
            ended_at=membership.ended_at,
            end_reason=membership.end_reason,
        )


async def tell_membership_moved(
    session: AsyncSession, after: MembershipStanding, before: MembershipStanding | None, *, now: datetime
) -> None:
    """Tell of what has become different in this transaction. The last thing that it locks."""
    await _write_letters(session, after, now)
    event = _event(after, before)
    if event is not None:
        await outbox.append(session, after.user_id, event, _data(after), now=now)


def _event(after: MembershipStanding, before: MembershipStanding | None) -> EventType | None:
    """The one that says most; None when nothing that anybody is told of has changed."""
    if before is None or (before.state is MembershipState.ENDED and after.state is not before.state):
        return EventType.MEMBERSHIP_STARTED
    if after.state is MembershipState.ENDED:
        return EventType.MEMBERSHIP_ENDED if before.state is not after.state else None
    if after.state is not before.state and after.state is MembershipState.PAST_DUE:
        return EventType.MEMBERSHIP_PAST_DUE
    return EventType.MEMBERSHIP_CHANGED if _told(after) != _told(before) else None


def _told(standing: MembershipStanding) -> tuple[object, ...]:
    """What a change of is worth telling; that a month was paid is told by its order."""
    return standing.tier, standing.state, standing.cancels_at_period_end, standing.scheduled_tier


def _data(standing: MembershipStanding) -> dict[str, object]:
    return {
        "membership_id": standing.id,
        "tier": standing.tier,
        "state": standing.state.value,
        "paid_until": _written(standing.paid_until),
        "cancels_at_period_end": standing.cancels_at_period_end,
        "scheduled_tier": standing.scheduled_tier,
        "grace_ends_at": _written(standing.grace_ends_at),
        "end_reason": None if standing.end_reason is None else standing.end_reason.value,
    }


async def _write_letters(session: AsyncSession, after: MembershipStanding, now: datetime) -> None:
    """Once for each period: news that comes twice is no second letter."""
    key = f"{after.id}:{after.period_end:%Y%m%dT%H%M%S}"
    facts = {"tier": after.tier, "currency": after.currency}
    if after.state is MembershipState.PAST_DUE and after.renewal_minor is not None:
        failed = {**facts, "price_minor": after.renewal_minor, "until": _written(after.grace_ends_at)}
        await letters.write_once(session, after.user_id, LetterKind.PAYMENT_FAILED, key, failed, now=now)
    if after.state in WITHOUT_TIER:
        ended = {**facts, "at": _written(after.ended_at or now)}
        await letters.write_once(session, after.user_id, LetterKind.MEMBERSHIP_ENDED, key, ended, now=now)


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
