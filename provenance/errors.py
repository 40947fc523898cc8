"""Why a file could not be sealed."""

from core.errors import DomainError, ErrorKind


class SealError(Exception):
    """The file did not hold what was written into it; a defect of ours, never the client's."""


class SigningUnavailableError(DomainError):
    """Nobody can sign: no certificate is configured, it has expired, or whoever keeps the key is away."""

    code = "signing_unavailable"
    kind = ErrorKind.UNAVAILABLE
