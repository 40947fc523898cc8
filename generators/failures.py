"""How making a work fails. Apart from the contracts, so that who only counts failures needs no arrays."""

from dataclasses import dataclass
from enum import StrEnum


class FailureReason(StrEnum):
    CANCELLED = "cancelled"  # the caller asked for it
    INVALID = "invalid"  # this spec can never be made; do not retry
    INTERNAL = "internal"  # worth another attempt
    REFUSED = "refused"  # made, and refused by the backend's own safety check: a rejection by moderation


@dataclass(frozen=True, slots=True)
class Failure:
    reason: FailureReason
    detail: str  # for operators; never shown to users
