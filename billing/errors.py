"""How credits refuse."""

from collections.abc import Mapping, Sequence
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


class PaidTierError(DomainError):
    """The tier comes with a membership; nobody sets it by hand."""

    code = "paid_tier"
    kind = ErrorKind.CONFLICT


class AccountClosedError(DomainError):
    """The account was closed; it can neither spend nor receive."""

    code = "account_closed"
    kind = ErrorKind.FORBIDDEN


class UnsoldCurrencyError(DomainError):
    """We do not sell in this currency."""

    code = "unsold_currency"
    kind = ErrorKind.UNPROCESSABLE

    def __init__(self, currencies: Sequence[str]) -> None:
        super().__init__(f"Choose one of {', '.join(currencies)}.")
        self.currencies = currencies

    def facts(self) -> Mapping[str, object]:
        return {"currencies": list(self.currencies)}


class UnknownItemError(DomainError):
    """Nothing of that name is for sale."""

    code = "unknown_item"
    kind = ErrorKind.UNPROCESSABLE


class NotSellingError(DomainError):
    """Nobody takes money here: no payment channel is configured."""

    code = "not_selling"
    kind = ErrorKind.CONFLICT


class OrderNotFoundError(DomainError):
    """No such order of this buyer."""

    code = "order_not_found"
    kind = ErrorKind.NOT_FOUND


class OrderKeyReusedError(DomainError):
    """The key was used for an order of something else."""

    code = "idempotency_key_reused"
    kind = ErrorKind.UNPROCESSABLE


class OrderOverError(DomainError):
    """This order can no longer be paid; a new one can."""

    code = "order_over"
    kind = ErrorKind.CONFLICT
