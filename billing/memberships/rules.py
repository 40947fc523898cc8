"""What memberships go by, beside the facts: the catalogue, how long we wait, and the key of first months."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from billing.catalog import Catalog
from billing.memberships.marks import Mark
from core.keys import Keys
from core.settings import MembershipSettings
from models.membership import ClaimKind

PURPOSE = "first month"


@dataclass(frozen=True, slots=True)
class MembershipRules:
    """grace: how long an unpaid renewal leaves the tier. renewal_gap: how long a month's credits outlive it,
    while the channel charges for the next. withdrawal: how long a purchase can be taken back.
    """

    catalog: Catalog
    keys: Keys
    grace: timedelta
    renewal_gap: timedelta
    notice: timedelta
    withdrawal: timedelta

    def mark_account(self, user_id: UUID) -> Mark:
        return self._mark(ClaimKind.ACCOUNT, str(user_id))

    def mark_contact(self, channel: str, canonical_address: str) -> Mark:
        """Of a verified contact."""
        return self._mark(ClaimKind.CONTACT, channel, canonical_address)

    def mark_card(self, fingerprint: str) -> Mark:
        """Of the channel's fingerprint, which is the same for every account that pays with the card."""
        return self._mark(ClaimKind.CARD, fingerprint)

    def _mark(self, kind: ClaimKind, *parts: str) -> Mark:
        return Mark(kind, self.keys.digest(PURPOSE, kind.value, *parts))


def rules_of(settings: MembershipSettings, catalog: Catalog, keys: Keys) -> MembershipRules:
    return MembershipRules(
        catalog,
        keys,
        grace=timedelta(days=settings.grace_days),
        renewal_gap=timedelta(hours=settings.renewal_hours),
        notice=timedelta(days=settings.notice_days),
        withdrawal=timedelta(days=settings.withdrawal_days),
    )
