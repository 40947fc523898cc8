"""How memberships refuse."""

from collections.abc import Mapping
from datetime import datetime

from core.errors import DomainError, ErrorKind


class AlreadyMemberError(DomainError):
    """There is a membership that this purchase does not go with: change it, or wait until it has ended."""

    code = "already_member"
    kind = ErrorKind.CONFLICT

    def __init__(self, *, tier: str, paid_until: datetime) -> None:
        super().__init__(f"There is a {tier} membership already.")
        self.tier = tier
        self.paid_until = paid_until

    def facts(self) -> Mapping[str, object]:
        return {"tier": self.tier, "paid_until": self.paid_until}


class NoMembershipError(DomainError):
    """There is no membership that could be changed so; months paid in advance only end by themselves."""

    code = "no_membership"
    kind = ErrorKind.NOT_FOUND


class UnknownTierError(DomainError):
    """No membership of that name is for sale."""

    code = "unknown_tier"
    kind = ErrorKind.UNPROCESSABLE


class ChangeScheduledError(DomainError):
    """The membership ends or changes with its period, or a change awaits payment: undo that first."""

    code = "membership_change_scheduled"
    kind = ErrorKind.CONFLICT


class MembershipUnpaidError(DomainError):
    """A renewal was not paid: pay it first."""

    code = "membership_unpaid"
    kind = ErrorKind.CONFLICT


class RenewalUnderWayError(DomainError):
    """The month has begun and is about to be charged, at the tier that there was: wait until it is."""

    code = "membership_renewing"
    kind = ErrorKind.CONFLICT


class NotWithdrawableError(DomainError):
    """The time to withdraw is over, or there is nothing to give back."""

    code = "not_withdrawable"
    kind = ErrorKind.CONFLICT


class WithdrawalChangedError(DomainError):
    """Another amount goes back than the member was shown: more was used, or paid, in between."""

    code = "withdrawal_changed"
    kind = ErrorKind.CONFLICT

    def __init__(self, *, refund_minor: int, kept_minor: int, currency: str) -> None:
        super().__init__(f"{refund_minor} {currency} would go back now.")
        self.refund_minor = refund_minor
        self.kept_minor = kept_minor
        self.currency = currency

    def facts(self) -> Mapping[str, object]:
        return {
            "refund_minor": self.refund_minor,
            "kept_minor": self.kept_minor,
            "currency": self.currency,
        }
