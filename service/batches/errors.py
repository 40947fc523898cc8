"""How batches refuse."""

from collections.abc import Mapping, Sequence

from core.errors import DomainError, ErrorKind
from models.batch import BatchState


class BatchNotFoundError(DomainError):
    """No such batch, or it is somebody else's: the answer is the same."""

    code = "batch_not_found"
    kind = ErrorKind.NOT_FOUND


class UnreadableTableError(DomainError):
    """The file is no table of ours as a whole; single bad rows are reported with the quote instead.

    line: where in the file, counted from 1; None when it is about all of it.
    """

    code = "unreadable_table"
    kind = ErrorKind.UNPROCESSABLE

    def __init__(self, message: str, *, line: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.line = line

    def facts(self) -> Mapping[str, object]:
        loc = ["rows"] if self.line is None else ["rows", self.line]
        return {"errors": [{"loc": loc, "msg": self.message}]}


class BatchEmptyError(DomainError):
    """No row can be made, so there is nothing to start."""

    code = "batch_empty"
    kind = ErrorKind.UNPROCESSABLE

    def __init__(self, problems: Sequence[Mapping[str, object]] = ()) -> None:
        super().__init__("None of the rows can be made.")
        self.problems = problems

    def facts(self) -> Mapping[str, object]:
        return {"problems": list(self.problems)}


class BatchNotStartableError(DomainError):
    """It was started before, with another key, or has ended."""

    code = "batch_not_startable"
    kind = ErrorKind.CONFLICT

    def __init__(self, state: BatchState) -> None:
        super().__init__(f"This batch is {state.value}.")
        self.state = state

    def facts(self) -> Mapping[str, object]:
        return {"state": self.state.value}


class QuoteExpiredError(DomainError):
    """The quote's time is over; send the rows again."""

    code = "quote_expired"
    kind = ErrorKind.CONFLICT


class TooManyQuotesError(DomainError):
    """The owner has as many batches waiting to be started as anybody may have."""

    code = "too_many_quotes"
    kind = ErrorKind.CONFLICT

    def __init__(self, *, limit: int) -> None:
        super().__init__(f"{limit} batches wait to be started; start or cancel one of them.")
        self.limit = limit

    def facts(self) -> Mapping[str, object]:
        return {"limit": self.limit}
