"""Why there is no picture just now."""

from core.errors import DomainError, ErrorKind


class PosterUnavailableError(DomainError):
    """Too many are being drawn, or drawing failed; the link works without."""

    code = "unavailable"
    kind = ErrorKind.UNAVAILABLE
