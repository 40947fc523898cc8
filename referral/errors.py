"""How links and helps refuse. Every refusal leaves nothing behind."""

from collections.abc import Mapping
from datetime import datetime

from core.errors import DomainError, ErrorKind
from models.campaign import CampaignState
from models.referral import HelpState


class LinkNotFoundError(DomainError):
    """No such link, or one that is long over or withdrawn: the answer is the same."""

    code = "unlock_link_not_found"
    kind = ErrorKind.NOT_FOUND


class LinkEndedError(DomainError):
    """The goal was met or the time is over: a help would bring nothing."""

    code = "unlock_link_ended"
    kind = ErrorKind.CONFLICT

    def __init__(self, state: str) -> None:
        super().__init__(f"This link is {state}.")
        self.state = state

    def facts(self) -> Mapping[str, object]:
        return {"state": self.state}


class LinkFullError(DomainError):
    """Every seat is taken, by helps that may still qualify."""

    code = "unlock_link_full"
    kind = ErrorKind.CONFLICT


class BudgetSpentError(DomainError):
    """The programme or the campaign can pay no other reward: a help would bring nothing, so none is taken."""

    code = "unlock_budget_spent"
    kind = ErrorKind.CONFLICT


class ChannelOffError(DomainError):
    """Operators have switched the channel off; `reason` is for whoever asks."""

    code = "unlock_channel_off"
    kind = ErrorKind.CONFLICT

    def __init__(self, channel: str, reason: str) -> None:
        super().__init__(reason)
        self.channel = channel
        self.reason = reason

    def facts(self) -> Mapping[str, object]:
        return {"channel": self.channel, "reason": self.reason}


class ProgrammeOffError(DomainError):
    """Nobody can be asked for help here."""

    code = "unlock_off"
    kind = ErrorKind.CONFLICT


class _CapError(DomainError):
    kind = ErrorKind.LIMITED

    def __init__(self, message: str, *, limit: int, ends_at: datetime, now: datetime) -> None:
        super().__init__(message)
        self.limit = limit
        self.ends_at = ends_at
        self.retry_after_seconds = max(1, int((ends_at - now).total_seconds()))

    def facts(self) -> Mapping[str, object]:
        return {
            "limit": self.limit,
            "ends_at": self.ends_at,
            "retry_after_seconds": self.retry_after_seconds,
        }


class OwnerCapError(_CapError):
    """The owner has as many links, open or rewarded, as anybody may have in a day or month."""

    code = "unlock_links_spent"


class HelperCapError(_CapError):
    """The person has helped as often today as anybody may."""

    code = "helps_spent"


class OwnHelpError(DomainError):
    """The link is the helper's own: the same account, device, mailbox or card."""

    code = "own_help"
    kind = ErrorKind.CONFLICT


class DeviceHelpedError(DomainError):
    """Somebody has helped this link from this device."""

    code = "device_has_helped"
    kind = ErrorKind.CONFLICT


class DeviceRequiredError(DomainError):
    """The account was not made on a device, so the request must say which one it comes from."""

    code = "device_required"
    kind = ErrorKind.INVALID


class PageTokenError(DomainError):
    """Forged, damaged, or of another link."""

    code = "page_token_invalid"
    kind = ErrorKind.UNPROCESSABLE


class PageTokenExpiredError(DomainError):
    """Look at the link again for a new one."""

    code = "page_token_expired"
    kind = ErrorKind.CONFLICT


class PageTokenSpentError(DomainError):
    """Somebody has helped with this token."""

    code = "page_token_spent"
    kind = ErrorKind.CONFLICT


class ProofError(DomainError):
    """The proof of work does not solve the challenge of the page token."""

    code = "proof_invalid"
    kind = ErrorKind.UNPROCESSABLE


class CampaignNotFoundError(DomainError):
    code = "campaign_not_found"
    kind = ErrorKind.NOT_FOUND


class CampaignStateError(DomainError):
    """A campaign cannot go from its state to the one that was asked for."""

    code = "campaign_state"
    kind = ErrorKind.CONFLICT

    def __init__(self, state: CampaignState) -> None:
        super().__init__(f"This campaign is {state.value}.")
        self.state = state

    def facts(self) -> Mapping[str, object]:
        return {"state": self.state.value}


class BudgetTooLowError(DomainError):
    """More than that is promised or paid already."""

    code = "budget_too_low"
    kind = ErrorKind.CONFLICT

    def __init__(self, *, used_credits: int) -> None:
        super().__init__(f"{used_credits} credits are promised or paid already.")
        self.used_credits = used_credits

    def facts(self) -> Mapping[str, object]:
        return {"used_credits": self.used_credits}


class HelpNotFoundError(DomainError):
    code = "help_not_found"
    kind = ErrorKind.NOT_FOUND


class HelpDecidedError(DomainError):
    """It was decided before, or nothing can be decided of it in its state."""

    code = "help_decided"
    kind = ErrorKind.CONFLICT

    def __init__(self, state: HelpState) -> None:
        super().__init__(f"This help is {state.value}.")
        self.state = state

    def facts(self) -> Mapping[str, object]:
        return {"state": self.state.value}
