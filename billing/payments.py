"""The seam to whoever takes money. `stripe` is the live channel; Apple, Google and WeChat can join.

A channel reports *facts* about an object, read anew each time: what an event's body says is never acted upon,
since events come late, twice and out of order.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID

from billing.movements import Charge, Movement
from billing.subscriptions import SubscriptionChannel
from core.errors import DomainError, ErrorKind


class PaymentsAwayError(DomainError):
    """The channel did not answer, or not in a way that waiting cannot cure. `reason` is for operators."""

    code = "payments_away"
    kind = ErrorKind.UNAVAILABLE

    def __init__(self, reason: str) -> None:
        super().__init__("The payment service is not answering.")
        self.reason = reason


class NotOnSaleError(DomainError):
    """The channel does not know this price yet: the catalogue was not synchronised."""

    code = "not_on_sale"
    kind = ErrorKind.UNAVAILABLE


class SignatureError(DomainError):
    """Not signed with our secret, or too old, or from the future: nothing was stored."""

    code = "invalid_signature"
    kind = ErrorKind.INVALID


class UnknownObjectError(Exception):
    """The channel has no object of that id."""


class Subject(StrEnum):
    """What an event is about; of the rest we only keep and count that it came."""

    CHECKOUT = "checkout"
    REFUND = "refund"
    DISPUTE = "dispute"
    WARNING = "warning"  # a bank suspects fraud; no money has moved
    SUBSCRIPTION = "subscription"
    INVOICE = "invoice"  # of a subscription


@dataclass(frozen=True, slots=True)
class IncomingEvent:
    """One verified message. `id` is the channel's.

    envelope: for an operator to read. The rest is dropped: it names buyers, and nobody would act on it.
    """

    id: str
    kind: str
    subject: Subject | None
    object_id: str | None
    occurred_at: datetime
    is_live: bool
    envelope: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """`key` makes repeating it harmless: the same key opens the same checkout.

    price_key: names item, currency and amount, so that a changed catalogue can never change this order.
    price_minor: that price. amount_minor: what is charged now, which a cheaper first month makes less.
    renews: every month from now on, until somebody ends it.
    """

    order_id: UUID
    key: str
    price_key: str
    price_minor: int
    amount_minor: int
    renews: bool
    currency: str
    language: str
    success_url: str
    cancel_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OpenedCheckout:
    """`url` is where the person pays."""

    id: str
    url: str


class CheckoutStatus(StrEnum):
    OPEN = "open"  # nobody has paid
    WAITING = "waiting"  # the person is done, the money is under way, for days perhaps
    PAID = "paid"
    FAILED = "failed"  # the money will not come
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class CheckoutFacts:
    """`order_id` None: this checkout is not ours. `tax_minor` is contained in `amount_minor`.

    tax_region: the country whose tax it is; '' when it is not known.
    card: the channel's fingerprint of what paid, the same for every account; None where it tells of none.
    subscription_id: what it opened, once the person is done; its invoices tell of the money.
    """

    id: str
    order_id: UUID | None
    status: CheckoutStatus
    payment_id: str | None
    amount_minor: int
    tax_minor: int
    tax_region: str
    currency: str
    charge: Charge | None
    card: str | None = None
    subscription_id: str | None = None


class RefundStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # the money came back to us


@dataclass(frozen=True, slots=True)
class RefundFacts:
    """`movements`: the money that left, and that came back when the refund failed."""

    id: str
    payment_id: str | None
    order_id: UUID | None
    status: RefundStatus
    amount_minor: int
    currency: str
    movements: Sequence[Movement]
    created_at: datetime


class DisputeStatus(StrEnum):
    INQUIRY = "inquiry"  # a question; no money has moved
    OPEN = "open"
    WON = "won"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class DisputeFacts:
    """`movements`: what was taken from us, and what came back."""

    id: str
    payment_id: str | None
    order_id: UUID | None
    status: DisputeStatus
    reason: str
    amount_minor: int
    currency: str
    movements: Sequence[Movement]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class WarningFacts:
    id: str
    payment_id: str | None
    order_id: UUID | None
    reason: str


class MovementKind(StrEnum):
    """Movements that belong to no order; those that do come with their payment, refund or dispute."""

    PAYOUT = "payout"  # to our bank, or back from it
    FEE = "fee"
    OTHER = "other"  # we have no rule for it


@dataclass(frozen=True, slots=True)
class OtherMovement:
    """`label` is what the channel calls it."""

    id: str
    kind: MovementKind
    label: str
    amount_minor: int
    fee_minor: int
    currency: str
    occurred_at: datetime


class PaymentChannel(SubscriptionChannel, Protocol):
    """Takes money, and tells what became of it. Knows nothing of credits, tables or the ledger.

    Every method may raise PaymentsAwayError; what reads one object raises UnknownObjectError.
    """

    name: str
    is_test: bool

    async def open_checkout(self, request: CheckoutRequest) -> OpenedCheckout:
        """Where one order is paid. Raises: NotOnSaleError."""
        ...

    def read_event(self, body: bytes, signature: str, now: datetime) -> IncomingEvent:
        """Verify first, then parse. Raises: SignatureError."""
        ...

    async def read_checkout(self, checkout_id: str) -> CheckoutFacts: ...

    async def read_refund(self, refund_id: str) -> RefundFacts: ...

    async def read_dispute(self, dispute_id: str) -> DisputeFacts: ...

    async def read_warning(self, warning_id: str) -> WarningFacts: ...

    def list_checkouts(self, since: datetime) -> AsyncIterator[CheckoutFacts]:
        """Checkouts opened since then, in no particular order."""
        ...

    def list_refunds(self, since: datetime) -> AsyncIterator[RefundFacts]: ...

    def list_disputes(self, since: datetime) -> AsyncIterator[DisputeFacts]: ...

    def list_other_movements(self, since: datetime) -> AsyncIterator[OtherMovement]: ...

    async def read_balance(self) -> Mapping[str, int]:
        """Our money there in minor units, by currency, what is still pending included."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
