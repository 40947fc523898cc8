"""The part of a payment channel that charges by itself, month after month; and the facts that it reports.

As for single payments, a fact is read anew each time and never taken out of an event.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from billing.movements import Charge
from core.errors import DomainError, ErrorKind


class ChangeRefusedError(DomainError):
    """The channel will not change this subscription now, such as while an earlier change awaits payment."""

    code = "membership_change_refused"
    kind = ErrorKind.CONFLICT


class SubscriptionStatus(StrEnum):
    INCOMPLETE = "incomplete"  # the first payment has not come
    ACTIVE = "active"
    PAST_DUE = "past_due"  # a renewal was not paid; the channel tries again
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class SubscriptionFacts:
    """`order_id` None: not ours. tier, price_minor: of the next invoice; tier None: of no product of ours.

    period_start, period_end: what the channel bills, paid or not.
    is_change_pending: a change waits for its payment. is_given_up: it ended because nobody paid.
    """

    id: str
    order_id: UUID | None
    customer_id: str | None
    status: SubscriptionStatus
    tier: str | None
    price_minor: int
    currency: str
    anchor_at: datetime
    period_start: datetime
    period_end: datetime
    cancels_at_period_end: bool
    is_change_pending: bool
    ended_at: datetime | None
    is_given_up: bool
    latest_invoice_id: str | None


class InvoiceStatus(StrEnum):
    OPEN = "open"
    PAID = "paid"
    VOID = "void"  # nobody will pay it any more


class InvoiceReason(StrEnum):
    FIRST = "first"
    RENEWAL = "renewal"
    UPGRADE = "upgrade"
    OTHER = "other"  # written by hand; it buys no membership


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """`order_id`: of the subscription's first order; None: not ours. `tax_minor` is in `amount_minor`.

    starts_at, ends_at: the time that is paid for. amount_minor: paid, or to be paid.
    card: the channel's fingerprint of the card, bank account or wallet, the same for every account that uses
        it; None where the channel tells of none.
    """

    id: str
    subscription_id: str | None
    order_id: UUID | None
    status: InvoiceStatus
    reason: InvoiceReason
    tier: str | None
    starts_at: datetime
    ends_at: datetime
    amount_minor: int
    tax_minor: int
    tax_region: str
    currency: str
    payment_id: str | None
    charge: Charge | None
    card: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class PriceChange:
    """Another price for a subscription. `key` makes repeating it harmless.

    at: the moment for which what is due is reckoned, as it was previewed.
    """

    subscription_id: str
    price_key: str
    price_minor: int
    currency: str
    key: str
    at: datetime


class SubscriptionChannel(Protocol):
    """Every method may raise PaymentsAwayError, and UnknownObjectError where it names an object."""

    async def read_subscription(self, subscription_id: str) -> SubscriptionFacts: ...

    async def read_invoice(self, invoice_id: str) -> InvoiceFacts: ...

    async def find_invoice(self, payment_id: str) -> str | None:
        """The invoice that a payment paid; None when it paid none."""
        ...

    async def preview_upgrade(self, change: PriceChange) -> int:
        """What would be due now, in minor units. Changes nothing. Raises: NotOnSaleError."""
        ...

    async def upgrade(self, change: PriceChange) -> None:
        """Charge the difference now; the price changes when it is paid, or not at all.

        Raises: NotOnSaleError, ChangeRefusedError.
        """
        ...

    async def set_next_price(self, change: PriceChange) -> None:
        """The price from the next period on; nothing is charged or given back for the one that runs.

        Raises: NotOnSaleError, ChangeRefusedError.
        """
        ...

    async def set_cancelling(self, subscription_id: str, *, cancels: bool) -> None:
        """Whether it ends with the period that runs. Raises: ChangeRefusedError: it has ended."""
        ...

    async def end_subscription(self, subscription_id: str) -> None:
        """End it at once, without a last bill. Again does nothing."""
        ...

    async def give_back(self, payment_id: str, *, key: str, keep_minor: int = 0) -> None:
        """Refund all that is left of a payment but for so much; nothing when no more than that is left.

        Asking again, with whatever key, never takes what is kept. While a bank holds the money it cannot be
        refunded: PaymentsAwayError.
        """
        ...

    async def open_portal(self, customer_id: str, *, return_url: str, language: str) -> str:
        """A short-lived address where the person changes the card and sees invoices."""
        ...

    def list_subscriptions(self) -> AsyncIterator[SubscriptionFacts]:
        """All of ours that have not ended, in no particular order."""
        ...

    def list_invoices(self, since: datetime) -> AsyncIterator[tuple[str, str]]:
        """(invoice id, subscription id) of our invoices written since then."""
        ...

    def list_paid_invoices(self, subscription_id: str) -> AsyncIterator[str]:
        """Ids of all invoices of one subscription that were paid, newest first."""
        ...
