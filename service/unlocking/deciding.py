"""What one help is decided by: the rules that do not depend on its neighbours. Pure: no database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from billing.errors import AccountClosedError
from models.referral import HelpState, LinkState
from models.risk import RiskDecision
from referral import caps, channels, helps
from referral.errors import (
    DeviceRequiredError,
    HelperCapError,
    LinkEndedError,
    LinkFullError,
    LinkNotFoundError,
    OwnHelpError,
)
from referral.helps import NewHelp
from referral.links import state_at
from referral.meetings import Meeting
from referral.risk.assessor import Weighed
from referral.risk.attempts import HelpAttempt
from service.unlocking.desk import Desk
from service.unlocking.taps import HelpOutcome, Tap

RISK: Final = "risk"
JUDGED: Final = {RiskDecision.DENY: HelpState.DENIED, RiskDecision.HOLD: HelpState.HELD}


@dataclass(slots=True)
class Candidate:
    """A tap that nothing speaks against so far. device: its own, as `devices` keeps it."""

    tap: Tap
    meeting: Meeting
    device: bytes

    def attempt(self) -> HelpAttempt:
        """For the risk score. Times are the database's, which accounts are dated by."""
        meeting, tap = self.meeting, self.tap
        return HelpAttempt(
            help_id=tap.id,
            link_id=meeting.link_id,
            owner_id=meeting.owner_id,
            helper_id=tap.helper_id,
            is_new=False,  # who came for the page is settled with the device
            helper_created_at=meeting.helper_created_at,
            page_issued_at=tap.token.issued_at,
            tapped_at=meeting.read_at,
            sender=tap.sender,
        )


@dataclass(slots=True)
class Decided:
    """A help as it will be, unless the database knows better."""

    meeting: Meeting
    weighed: Weighed
    new: NewHelp

    @property
    def needs_reward(self) -> bool:
        """Whether its link's reward must be set aside first: the first help that may count does it."""
        return not self.meeting.is_reserved and self.new.state is not HelpState.DENIED

    def outcome(self, progress: int | None) -> HelpOutcome:
        """progress: of the link, where this batch has counted."""
        new, meeting = self.new, self.meeting
        known = meeting.progress if progress is None else progress
        is_counted = new.is_countable and progress is not None
        return HelpOutcome(
            new.id, new.link_id, new.state, new.weight, meeting.goal, known, is_counted=is_counted
        )


def look_at(desk: Desk, tap: Tap, meeting: Meeting | None, now: datetime) -> Candidate | HelpOutcome:
    """The candidate, or the same person's earlier help.

    Raises: LinkNotFoundError, AccountClosedError, PageTokenExpiredError, OwnHelpError, LinkEndedError,
        ChannelOffError, DeviceRequiredError, HelperCapError, LinkFullError.
    """
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
    _require_allowed(desk, tap, meeting, now)
    if meeting.device_hash is None:
        raise DeviceRequiredError("Send Huajian-Device: this account was not made on a device.")
    day_cap = desk.programme.caps.helps_per_day
    if meeting.helps_today >= day_cap:
        raise HelperCapError(
            f"{day_cap} helps a day are as many as one person can give.",
            limit=day_cap,
            ends_at=caps.day_of(now) + timedelta(days=1),
            now=now,
        )
    if not any(meeting.free_seats):
        raise LinkFullError("Every seat of this link is taken.")
    return Candidate(tap, meeting, meeting.device_hash)


def _require_allowed(desk: Desk, tap: Tap, meeting: Meeting, now: datetime) -> None:
    """What does not race: it cannot become otherwise while the help is taken, or not for the worse."""
    if meeting.is_helper_gone:
        raise AccountClosedError("This account is closed.")
    desk.pages.require_fresh(tap.token, now=meeting.read_at)
    if (
        meeting.owner_id == tap.helper_id
        or meeting.device_user_id == meeting.owner_id
        or meeting.shares_contact
        or meeting.shares_card
    ):
        raise OwnHelpError("Nobody can help themselves.")
    state = state_at(meeting.link_state, meeting.expires_at, now)
    if state is not LinkState.OPEN:
        raise LinkEndedError(state.value)
    standing = channels.standing_of(
        desk.programme, meeting.channel, meeting.switched_on, meeting.reason_zh, meeting.reason_en
    )
    channels.require_standing(standing, language=tap.language)


def decide(desk: Desk, candidate: Candidate, weighed: Weighed) -> Decided:
    """What the risk score makes of the help. It is frozen with its weight."""
    tap, meeting, effect = candidate.tap, candidate.meeting, weighed.verdict.effect
    is_new = weighed.gathered.attempt.is_new
    proven = HelpState.QUALIFIED if meeting.is_proven else HelpState.PENDING
    state = JUDGED.get(effect, proven)
    new = NewHelp(
        id=tap.id,
        link_id=meeting.link_id,
        owner_id=meeting.owner_id,
        helper_id=tap.helper_id,
        is_new=is_new,
        weight=meeting.weight_new if is_new else meeting.weight_existing,
        device_key=helps.device_key_of(desk.keys, meeting.link_id, candidate.device),
        page_nonce=tap.token.nonce,
        page_issued_at=tap.token.issued_at,
        state=state,
        is_countable=state is HelpState.QUALIFIED and not meeting.is_owner_told,
        reason=RISK if effect in JUDGED else None,
    )
    return Decided(meeting, weighed, new)
