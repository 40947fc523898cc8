"""How verifying refuses."""

from core.errors import DomainError, ErrorKind


class FileNotVerifiableError(DomainError):
    """Not a kind of file that carries labels or signatures of ours; nothing was parsed."""

    code = "file_not_verifiable"
    kind = ErrorKind.UNPROCESSABLE

    def __init__(self) -> None:
        super().__init__(
            "Send one PNG, JPEG, WebP, GIF, MP4, HTML, PDF, Markdown or text file, or our ZIP bundle."
        )


class FileUnreadableError(DomainError):
    """Reading it took more memory or time than honest files need, or it is no whole bundle of one file."""

    code = "file_unreadable"
    kind = ErrorKind.UNPROCESSABLE

    def __init__(self) -> None:
        super().__init__(
            "This file could not be read within the limits of memory and time, "
            "or it is a bundle that is damaged or holds more than one file to check."
        )


class VerificationBusyError(DomainError):
    """Too many files wait already; nothing was read."""

    code = "verification_busy"
    kind = ErrorKind.UNAVAILABLE

    def __init__(self) -> None:
        super().__init__("Many files are being checked. Try again in a few seconds.")
