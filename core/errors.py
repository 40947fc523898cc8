"""What every refusal of ours has in common."""

from collections.abc import Mapping
from enum import StrEnum
from typing import ClassVar


class ErrorKind(StrEnum):
    """Mapped to an HTTP status in one table, `service/http/problems.py`."""

    INVALID = "invalid"
    UNAUTHENTICATED = "unauthenticated"
    UNPAID = "unpaid"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    UNPROCESSABLE = "unprocessable"
    LIMITED = "limited"
    UNAVAILABLE = "unavailable"


class DomainError(Exception):
    """A refusal that a client can act on.

    `code` is stable and public; the message is for developers; `facts` are public and machine-readable.
    """

    code: ClassVar[str]
    kind: ClassVar[ErrorKind]

    def facts(self) -> Mapping[str, object]:
        """Extension members of the problem body (RFC 9457 section 3.2)."""
        return {}
