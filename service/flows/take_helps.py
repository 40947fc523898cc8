"""Take the helps that came in together: look, weigh and decide in memory, then write on condition.

Nothing is locked while it looks and asks. What changes between the look and the write is noticed by the
write, all of which is conditional; then nothing of the batch is written and it is decided anew.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from uuid import UUID

import asyncpg

from core.errors import DomainError
from core.group_commit import Next, Outcome
from core.statements import Statements, on
from models.referral import HelpState
from referral import taking
from referral.budgets import Left
from referral.errors import BudgetSpentError
from referral.helps import NewHelp
from referral.meetings import Asked, Meeting, find_meetings
from referral.risk.gathering import Paces
from referral.risk.queries import Mailbox, People
from referral.seats import Seats
from referral.taking import LinkClaim
from service.unlocking.deciding import Candidate, Decided, decide, look_at
from service.unlocking.desk import Desk
from service.unlocking.taps import HelpOutcome, Tap

Outcomes = dict[UUID, Outcome[HelpOutcome]]  # by tap


class StaleError(Exception):
    """Somebody else changed what was looked at: nothing was written."""


class ClashError(Exception):
    """Helps that a unique constraint refused: nothing was written. What was first is looked up later."""

    def __init__(self, refused: Sequence[NewHelp]) -> None:
        super().__init__()
        self.refused = refused


@dataclass(slots=True)
class Batch:
    """One try at the taps that came in together."""

    connection: asyncpg.Connection
    desk: Desk
    now: datetime
    seats: Seats = field(default_factory=Seats)
    outcomes: Outcomes = field(default_factory=dict)

    @property
    def statements(self) -> Statements:
        return on(self.connection)


async def take_helps(
    connection: asyncpg.Connection, desk: Desk, taps: Sequence[Tap], *, paces: Paces, now: datetime
) -> Outcomes:
    """Take those that can be taken, all at once; the outcome of each.

    Args:
        paces: what the velocity windows said of these taps on an earlier try; added to.
    Raises: StaleError, ClashError: try again.
    """
    batch = Batch(connection, desk, now)
    candidates = _let_in(batch, taps, await _meet(batch, taps))
    if not candidates:
        return batch.outcomes
    came = {
        one.tap.id for one in candidates if one.meeting.came_for(one.tap.helper_id, one.tap.token.issued_at)
    }
    weighed = await desk.risk.weigh_helps(
        batch.statements,
        [one.attempt() for one in candidates],
        [one.tap.sent_device for one in candidates],
        _people_of(candidates),
        came=came,
        paces=paces,
        now=now,
    )
    decided = _set_aside(batch, [decide(desk, *each) for each in zip(candidates, weighed, strict=True)])
    if decided:
        await _write(batch, decided)
    return batch.outcomes


async def _meet(batch: Batch, taps: Sequence[Tap]) -> list[Meeting | None]:
    asked = [Asked(tap.code_hash, tap.helper_id, tap.sent_device) for tap in taps]
    return await find_meetings(batch.statements, asked, day=_day(batch))


def _day(batch: Batch) -> date:
    return batch.now.astimezone(UTC).date()


def _let_in(batch: Batch, taps: Sequence[Tap], meetings: Sequence[Meeting | None]) -> list[Candidate]:
    """The taps that may become helps of this batch; the others have their outcome."""
    candidates: list[Candidate] = []
    met: set[object] = set()
    beside: Counter[UUID] = Counter()
    for tap, meeting in zip(taps, meetings, strict=True):
        try:
            found = look_at(batch.desk, tap, meeting, batch.now)
        except DomainError as refusal:
            batch.outcomes[tap.id] = refusal
            continue
        if isinstance(found, HelpOutcome):
            batch.outcomes[tap.id] = found
            continue
        # What cannot both be taken takes turns: the next batch sees what became of the first.
        link_id = found.meeting.link_id
        marks = {tap.helper_id, tap.token.nonce, (link_id, found.device)}
        beside[link_id] += 1
        if met & marks or beside[link_id] > batch.seats.show(link_id, found.meeting.free_seats):
            batch.outcomes[tap.id] = Next.BATCH
            continue
        met |= marks
        candidates.append(found)
    return candidates


def _people_of(candidates: Sequence[Candidate]) -> People:
    """Owners and helpers as the meetings show them; of who is both, the helper's side says more."""
    meetings = [(one.meeting, one.tap.helper_id) for one in candidates]
    return People(
        devices={meeting.owner_id: meeting.owner_devices for meeting, _ in meetings}
        | {helper_id: meeting.devices for meeting, helper_id in meetings},
        mailboxes={
            meeting.owner_id: [Mailbox(address, is_verified=False) for address in meeting.owner_mailboxes]
            for meeting, _ in meetings
        }
        | {
            helper_id: [Mailbox(*each) for each in zip(meeting.mailboxes, meeting.are_verified, strict=True)]
            for meeting, helper_id in meetings
        },
        device_owners={
            one.device: one.meeting.device_user_id
            for one in candidates
            if one.meeting.device_user_id is not None
        },
    )


def _set_aside(batch: Batch, decided: Sequence[Decided]) -> list[Decided]:
    """Draw rewards that nothing is set aside for yet, in memory; helps that would be for nothing fall out."""
    first = [one for one in decided if one.needs_reward]
    budget = batch.desk.programme.caps.budget_credits_month
    left = Left(
        min((budget - one.meeting.month_used for one in first), default=0),
        {one.meeting.campaign_id: one.meeting.campaign_left for one in first if one.meeting.campaign_id},
    )
    drawn: dict[UUID, bool] = {}
    for one in first:
        if one.new.link_id not in drawn:
            drawn[one.new.link_id] = left.draw(one.meeting.reward_credits, one.meeting.campaign_id)
        if not drawn[one.new.link_id]:
            batch.outcomes[one.new.id] = BudgetSpentError(
                "The rewards are all given or promised, so a help would bring nothing."
            )
    return [one for one in decided if one.new.id not in batch.outcomes]


async def _write(batch: Batch, decided: Sequence[Decided]) -> None:
    """Every promise by a conditional write. Raises: StaleError, ClashError."""
    caps = batch.desk.programme.caps
    for one in decided:
        if one.new.state is not HelpState.DENIED:
            one.new.seat = batch.seats.take(one.new.link_id)
    taken = await taking.take(
        batch.connection,
        [one.new for one in decided],
        batch.seats.taken,
        _claims(decided),
        batch.desk.risk.kept([one.weighed for one in decided], now=batch.now),
        budget_credits=caps.budget_credits_month,
        day=_day(batch),
        day_cap=caps.helps_per_day,
        now=batch.now,
    )
    if not taken.has_room:
        raise StaleError
    if taken.refused:
        raise ClashError(taken.refused)
    for one in decided:
        batch.outcomes[one.new.id] = one.outcome(taken.progress.get(one.new.link_id))


def _claims(decided: Sequence[Decided]) -> dict[UUID, LinkClaim]:
    """What is wanted of the links: those that want nothing are not touched."""
    first = {one.new.link_id for one in decided if one.needs_reward}
    weights = Counter(dict.fromkeys(first, 0))
    for one in decided:
        if one.new.is_countable:
            weights[one.new.link_id] += one.new.weight
    return {link_id: LinkClaim(weight, link_id in first) for link_id, weight in weights.items()}
