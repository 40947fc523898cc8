"""How credits refuse."""

from collections.abc import Mapping
from datetime import datetime

from core.errors import DomainError, ErrorKind


class InsufficientCreditsError(DomainError):
    """The owner cannot cover a hold. Nothing was written."""

    code = "insufficient_credits"
    kind = ErrorKind.UNPAID

    def __init__(
        self, *, needed_credits: int, available_credits: int, next_reset_at: datetime | None
    ) -> None:
        super().__init__(f"This needs {needed_credits} credits; {available_credits} are available.")
        self.needed_credits = needed_credits
        self.available_credits = available_credits
        self.next_reset_at = next_reset_at

    def facts(self) -> Mapping[str, object]:
        return {
            "needed_credits": self.needed_credits,
            "available_credits": self.available_credits,
            "next_reset_at": self.next_reset_at,
        }


class HoldClosedError(DomainError):
    """The hold was settled or released before; nothing was written."""

    code = "hold_closed"
    kind = ErrorKind.CONFLICT


class TimezoneLockedError(DomainError):
    """The billing time zone may change once in 90 days."""

    code = "timezone_locked"
    kind = ErrorKind.CONFLICT

    def __init__(self, *, changeable_at: datetime) -> None:
        super().__init__("The billing time zone was changed recently.")
        self.changeable_at = changeable_at

    def facts(self) -> Mapping[str, object]:
        return {"changeable_at": self.changeable_at}


class AccountClosedError(DomainError):
    """The account was closed; it can neither spend nor receive."""

    code = "account_closed"
    kind = ErrorKind.FORBIDDEN
