"""How works refuse."""

from core.errors import DomainError, ErrorKind


class WorkNotFoundError(DomainError):
    """No such work, or it is somebody else's: the answer is the same."""

    code = "work_not_found"
    kind = ErrorKind.NOT_FOUND


class LinkError(DomainError):
    """The signed link is forged or its time is over; ask for the work again."""

    code = "link_expired"
    kind = ErrorKind.FORBIDDEN


class ExportNotFoundError(DomainError):
    """No such export, or it is somebody else's: the answer is the same."""

    code = "export_not_found"
    kind = ErrorKind.NOT_FOUND
