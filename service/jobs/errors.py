"""How the queue refuses."""

from collections.abc import Mapping

from core.errors import DomainError, ErrorKind


class GenerationNotFoundError(DomainError):
    """No such job, or it is somebody else's: the answer is the same."""

    code = "generation_not_found"
    kind = ErrorKind.NOT_FOUND


class IdempotencyKeyReusedError(DomainError):
    """The key was used before for a different request."""

    code = "idempotency_key_reused"
    kind = ErrorKind.UNPROCESSABLE


class TooManyInFlightError(DomainError):
    """The owner has as many jobs queued or running as the tier allows."""

    code = "too_many_in_flight"
    kind = ErrorKind.LIMITED

    def __init__(self, *, in_flight: int, limit: int) -> None:
        super().__init__(f"{in_flight} of at most {limit} jobs are queued or running.")
        self.in_flight = in_flight
        self.limit = limit

    def facts(self) -> Mapping[str, object]:
        return {"in_flight": self.in_flight, "limit": self.limit}


class TierLimitError(DomainError):
    """The request is valid but larger than the owner's tier allows."""

    code = "tier_limit"
    kind = ErrorKind.FORBIDDEN

    def __init__(self, *, limit: str, maximum: int) -> None:
        super().__init__(f"Your tier allows {limit} up to {maximum}.")
        self.limit = limit
        self.maximum = maximum

    def facts(self) -> Mapping[str, object]:
        return {"limit": self.limit, "maximum": self.maximum}


class NotCancellableError(DomainError):
    """The job has ended."""

    code = "not_cancellable"
    kind = ErrorKind.CONFLICT


class StaleLeaseError(Exception):
    """This attempt was taken away from the worker; whatever it made must be dropped."""
