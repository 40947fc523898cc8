"""What is read of a subscription at one moment, whole: its state, and the invoices that bring news."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from billing.subscriptions import InvoiceFacts, SubscriptionFacts


@dataclass(frozen=True, slots=True)
class MembershipFacts:
    """read_at: the database's time before it was read. invoices: the one that was asked about, and all that
    are paid and were not known; oldest first, also within the second that channels count in.
    """

    subscription: SubscriptionFacts
    invoices: Sequence[InvoiceFacts]
    read_at: datetime

    @property
    def id(self) -> str:
        return self.subscription.id

    @property
    def order_id(self) -> UUID | None:
        return self.subscription.order_id
