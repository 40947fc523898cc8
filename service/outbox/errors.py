"""How webhook endpoints refuse their owners."""

from collections.abc import Mapping
from typing import ClassVar

from core.errors import DomainError, ErrorKind


class EndpointNotFoundError(DomainError):
    """No such endpoint, or it is somebody else's: the answer is the same."""

    code = "webhook_endpoint_not_found"
    kind = ErrorKind.NOT_FOUND


class DeliveryNotFoundError(DomainError):
    """No such delivery of this endpoint, or it was cleared away."""

    code = "webhook_delivery_not_found"
    kind = ErrorKind.NOT_FOUND


class TooManyEndpointsError(DomainError):
    """Delete one to have another."""

    code = "too_many_webhook_endpoints"
    kind = ErrorKind.CONFLICT

    def __init__(self, *, most: int) -> None:
        super().__init__(f"A user may have at most {most} endpoints.")
        self.most = most

    def facts(self) -> Mapping[str, object]:
        return {"limit": self.most}


class EndpointNotEnabledError(DomainError):
    """A test would wait with everything else: enable the endpoint first."""

    code = "webhook_endpoint_not_enabled"
    kind = ErrorKind.CONFLICT


class UrlRefusedError(DomainError):
    """We do not send there. `reason`: malformed, scheme, port or address_refused."""

    code = "webhook_url_refused"
    kind: ClassVar[ErrorKind] = ErrorKind.UNPROCESSABLE

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason

    def facts(self) -> Mapping[str, object]:
        return {"reason": self.reason}
