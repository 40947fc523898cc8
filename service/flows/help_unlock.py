"""Help somebody unlock: every rule in conditional writes of one transaction; a famous link locks nobody."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing.errors import AccountClosedError
from core.database import Sessions
from core.ids import new_id
from models.referral import HelpState, LinkState
from models.risk import RiskDecision
from referral import budgets, caps, channels, helps
from referral.codes import find_hash
from referral.errors import (
    BudgetSpentError,
    DeviceHelpedError,
    DeviceRequiredError,
    HelperCapError,
    LinkEndedError,
    LinkFullError,
    LinkNotFoundError,
    OwnHelpError,
    PageTokenSpentError,
    ProgrammeOffError,
    ProofError,
)
from referral.helps import NewHelp, Taken
from referral.links import pick_shard, state_at
from referral.meetings import Meeting, find_meeting
from referral.proof_of_work import is_solved
from referral.risk.attempts import HelpAttempt, Sender
from referral.tokens import PageToken
from service.unlocking.desk import Desk

MAX_TRIES: Final = 8  # each lost race for a seat is somebody else's seat
RISK: Final = "risk"


@dataclass(frozen=True, slots=True)
class HelpRequest:
    """One tap. `sender.device_id`: the device, for accounts that were not made on one."""

    code: str
    helper_id: UUID
    page_token: str
    proof: str
    sender: Sender
    language: str


@dataclass(frozen=True, slots=True)
class HelpOutcome:
    """What became of a tap. progress: before it. is_replay: the same person's earlier help."""

    help_id: UUID
    link_id: UUID
    state: HelpState
    weight: int
    goal: int
    progress: int
    is_replay: bool = False


class _SeatLostError(Exception):
    """Somebody else took the seat that we meant to take."""


class _TakenBeforeError(Exception):
    """A unique constraint said no; what it was is looked up afterwards."""

    def __init__(self, new: NewHelp) -> None:
        super().__init__()
        self.new = new


async def help_unlock(sessions: Sessions, desk: Desk, request: HelpRequest, *, now: datetime) -> HelpOutcome:
    """Take one help, or say what became of the same person's earlier one.

    Raises: LinkNotFoundError, PageTokenError, PageTokenExpiredError, PageTokenSpentError, ProofError,
        OwnHelpError, DeviceRequiredError, DeviceHelpedError, LinkEndedError, LinkFullError, HelperCapError,
        ChannelOffError, BudgetSpentError, AccountClosedError, ProgrammeOffError; no help was taken.
    """
    if not desk.is_open:
        raise ProgrammeOffError("Nobody can be asked for help here.")
    code_hash = find_hash(desk.keys, request.code)
    if code_hash is None:
        raise LinkNotFoundError("There is no such link.")
    token = desk.pages.open(code_hash, request.page_token)
    if not is_solved(token.salt, request.proof, token.difficulty_bits):
        raise ProofError("This proof does not solve the challenge.")
    for _ in range(MAX_TRIES):
        try:
            async with sessions.begin() as session:
                return await _help(session, desk, request, code_hash, token, now)
        except _SeatLostError:
            continue
        except _TakenBeforeError as taken:
            async with sessions() as session:
                earlier = await _find_earlier(session, taken.new)
            if earlier is not None:
                return earlier
    raise LinkFullError("Every seat of this link is taken.")


async def _help(
    session: AsyncSession,
    desk: Desk,
    request: HelpRequest,
    code_hash: bytes,
    token: PageToken,
    now: datetime,
) -> HelpOutcome:
    device_id = request.sender.device_id
    meeting = await find_meeting(
        session,
        code_hash=code_hash,
        helper_id=request.helper_id,
        device_hash=None if device_id is None else desk.keys.digest("device", device_id),
    )
    if meeting is None or meeting.is_owner_gone or meeting.link_state is LinkState.REVOKED:
        raise LinkNotFoundError("There is no such link.")
    if meeting.help_id is not None and meeting.help_state is not None and meeting.help_weight is not None:
        return HelpOutcome(
            meeting.help_id,
            meeting.link_id,
            meeting.help_state,
            meeting.help_weight,
            meeting.goal,
            meeting.progress,
            is_replay=True,
        )
    _require_allowed(desk, request, meeting, token, now)
    new = await _new_help(session, desk, request, meeting, token, now)
    seat = _require_taken(
        await helps.take(
            session,
            new,
            day=now.astimezone(UTC).date(),
            day_cap=desk.programme.caps.helps_per_day,
            now=now,
        ),
        new,
        desk.programme.caps.helps_per_day,
        now,
    )
    state = await _weigh(session, desk, request, meeting, new, seat, now)
    if state is not HelpState.DENIED and not meeting.is_reserved:
        await _reserve(session, desk, new.link_id, now)
    return HelpOutcome(new.id, new.link_id, state, new.weight, meeting.goal, meeting.progress)


def _require_allowed(
    desk: Desk,
    request: HelpRequest,
    meeting: Meeting,
    token: PageToken,
    now: datetime,
) -> None:
    """What does not race: it cannot become otherwise while the help is taken, or not for the worse."""
    if meeting.is_helper_gone:
        raise AccountClosedError("This account is closed.")
    desk.pages.require_fresh(token, now=meeting.read_at)
    if _is_own(request, meeting):
        raise OwnHelpError("Nobody can help themselves.")
    state = state_at(meeting.link_state, meeting.expires_at, now)
    if state is not LinkState.OPEN:
        raise LinkEndedError(state.value)
    channels.require_standing(
        desk.programme,
        meeting.channel,
        meeting.switched_on,
        meeting.reason_zh if request.language == "zh" else meeting.reason_en,
        language=request.language,
    )


def _is_own(request: HelpRequest, meeting: Meeting) -> bool:
    return (
        meeting.owner_id == request.helper_id
        or meeting.device_user_id == meeting.owner_id
        or meeting.shares_contact
        or meeting.shares_card
    )


async def _new_help(
    session: AsyncSession,
    desk: Desk,
    request: HelpRequest,
    meeting: Meeting,
    token: PageToken,
    now: datetime,
) -> NewHelp:
    """The help with its weight, frozen now: new is an account, and a device, younger than the page."""
    if meeting.device_hash is None:
        raise DeviceRequiredError("Send Huajian-Device: this account was not made on a device.")
    is_new = meeting.came_for(request.helper_id, token.issued_at)
    if is_new:
        is_known = await desk.risk.is_stored_device_known(
            session, meeting.device_hash, user_id=request.helper_id, now=now
        )
        # Taps of one person on many links come at once; the look before saw none of them.
        is_new = not is_known and await helps.is_first(session, request.helper_id)
    return NewHelp(
        id=new_id(),
        link_id=meeting.link_id,
        owner_id=meeting.owner_id,
        helper_id=request.helper_id,
        is_new=is_new,
        weight=meeting.weight_new if is_new else meeting.weight_existing,
        helper_created_at=meeting.helper_created_at,
        device_key=helps.device_key_of(desk.keys, meeting.link_id, meeting.device_hash),
        page_nonce=token.nonce,
        page_issued_at=token.issued_at,
        shard=pick_shard(meeting.seats),
    )


def _require_taken(taken: Taken, new: NewHelp, day_cap: int, now: datetime) -> int:
    """The seat; otherwise why nothing may be committed."""
    if taken.helps_today is None:
        raise HelperCapError(
            f"{day_cap} helps a day are as many as one person can give.",
            limit=day_cap,
            ends_at=caps.day_of(now) + timedelta(days=1),
            now=now,
        )
    if taken.seat is None:
        if taken.has_room:
            raise _SeatLostError
        raise LinkFullError("Every seat of this link is taken.")
    if not taken.is_taken:
        raise _TakenBeforeError(new)
    return taken.seat


async def _weigh(
    session: AsyncSession,
    desk: Desk,
    request: HelpRequest,
    meeting: Meeting,
    new: NewHelp,
    seat: int,
    now: datetime,
) -> HelpState:
    """What the risk score makes of the help, written into it."""
    attempt = HelpAttempt(
        help_id=new.id,
        link_id=new.link_id,
        owner_id=new.owner_id,
        helper_id=new.helper_id,
        is_new=new.is_new,
        helper_created_at=new.helper_created_at,
        page_issued_at=new.page_issued_at,
        tapped_at=meeting.read_at,
        sender=request.sender,
    )
    verdict = await desk.risk.weigh_help(session, attempt, now=now)
    if verdict.effect is RiskDecision.DENY:
        await helps.deny(session, new.id, seat, reason=RISK, now=now)
        return HelpState.DENIED
    if verdict.effect is RiskDecision.HOLD:
        await helps.settle(session, new.id, HelpState.HELD, reason=RISK)
        return HelpState.HELD
    if not meeting.is_proven:
        return HelpState.PENDING
    await helps.settle(session, new.id, HelpState.QUALIFIED, qualified_at=now)
    return HelpState.QUALIFIED


async def _reserve(session: AsyncSession, desk: Desk, link_id: UUID, now: datetime) -> None:
    """The first help sets the reward aside; without it a help would be for nothing."""
    budget = desk.programme.caps.budget_credits_month
    if not await budgets.reserve(session, link_id, budget_credits=budget, now=now):
        raise BudgetSpentError("The rewards are all given or promised, so a help would bring nothing.")


async def _find_earlier(session: AsyncSession, new: NewHelp) -> HelpOutcome | None:
    """The same person's help, which came first, or why this one cannot be taken; None: it is gone again."""
    earlier = await helps.find_conflict(session, new)
    if earlier is None:
        return None
    if (earlier.link_id, earlier.helper_id) == (new.link_id, new.helper_id):
        return HelpOutcome(
            earlier.id,
            earlier.link_id,
            earlier.state,
            earlier.weight,
            earlier.goal,
            earlier.progress,
            is_replay=True,
        )
    if earlier.has_nonce:
        raise PageTokenSpentError("Somebody has helped with this page token.")
    raise DeviceHelpedError("Somebody has helped this link from this device.")
