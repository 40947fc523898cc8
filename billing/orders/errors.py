"""How orders refuse those who buy, and how facts refuse to be applied."""

from core.errors import DomainError, ErrorKind


class TooManyOrdersError(DomainError):
    """So many orders of this buyer wait to be paid that another makes no sense."""

    code = "too_many_orders"
    kind = ErrorKind.LIMITED


class FactsError(Exception):
    """What the channel reports cannot be applied now; it is tried again, and then shown to an operator."""


class NotOursError(Exception):
    """The object belongs to somebody else who sells on the same account."""


class UnknownOrderError(FactsError):
    """The channel names an order that we do not have, or not yet."""


class OrderUnpaidError(FactsError):
    """Money of this order went back before we learned that it had come."""


class MismatchedPaymentError(FactsError):
    """Not the amount, currency or payment that the order knows: somebody must look."""
