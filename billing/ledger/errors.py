"""How the ledger refuses. None of these is a client's fault, so none has a problem code of its own."""


class LedgerError(Exception):
    """The books would be wrong. Nothing was written; the caller's transaction must be rolled back."""


class UnbalancedPostingError(LedgerError):
    """The lines do not cancel out in every currency, or one of them is no amount."""


class PostingConflictError(LedgerError):
    """The business key was posted before, with other lines: two facts claim one name."""


class AccountOverdrawnError(LedgerError):
    """More would leave an account than is in it, such as a creator's earnings."""


class PeriodNotClosableError(LedgerError):
    """The period cannot be closed yet; the message says what is missing."""
