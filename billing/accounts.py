"""One user's credits in memory, locked, with the rules of burning and of monthly lots."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from billing.catalog import FREE, Catalog
from billing.errors import AccountClosedError, InsufficientCreditsError
from billing.periods import Period, period_at
from models.credit import LotSource

LOT_NAMESPACE: Final = UUID("6a1d9c50-3f0c-4f0e-9d58-52a8f0e7c1b4")
PRIORITIES: Final = {
    LotSource.MONTHLY: 10,
    LotSource.MEMBERSHIP: 10,
    LotSource.REFERRAL: 20,
    LotSource.GOODWILL: 20,
    LotSource.PACK: 30,
}


@dataclass(slots=True)
class Lot:
    """`is_new` lots are inserted with what is left of them; others are updated by `taken`."""

    id: UUID
    source: LotSource
    source_key: str
    quantity: int
    remaining: int
    priority: int
    effective_at: datetime
    expires_at: datetime | None
    unit_price_minor: int
    currency: str | None = None
    is_new: bool = False
    taken: int = 0

    def burn_order(self) -> tuple[object, ...]:
        """Priority, earliest expiry (never comes last), free before paid, oldest."""
        expires = self.expires_at
        return (
            self.priority,
            expires is None,
            expires.timestamp() if expires else 0.0,
            self.unit_price_minor > 0,
            self.effective_at,
            self.id,
        )


@dataclass(slots=True)
class Account:
    """A locked account. Methods change only memory; `billing.batches` writes the outcome.

    tier_until: when a membership's tier ends; its months are granted as they are paid. free_until: end of the
    free month that ran when it began.
    """

    user_id: UUID
    tier: str
    next_tier: str | None
    billing_timezone: str
    anchor_at: datetime | None
    period_start: datetime | None
    period_end: datetime | None
    tier_until: datetime | None
    free_until: datetime | None
    debt_credits: int
    in_flight: int
    fair_time: datetime | None
    closed_at: datetime | None
    lots: list[Lot] = field(default_factory=list)
    debt_filled: dict[UUID, int] = field(default_factory=dict)

    @property
    def available_credits(self) -> int:
        return sum(lot.remaining for lot in self.lots)

    @property
    def opened_period(self) -> Period:
        """The period that `open_period` made sure of."""
        if self.period_start is None or self.period_end is None:
            raise ValueError("open_period comes first")
        return Period(self.period_start, self.period_end)

    def require_open(self) -> None:
        """Raises: AccountClosedError."""
        if self.closed_at is not None:
            raise AccountClosedError("This account is closed.")

    def is_due(self, now: datetime) -> bool:
        """Whether `open_period` has something to do; a paid tier may end before its month does."""
        ends_at = self.period_end if self.tier_until is None else self.tier_until
        return ends_at is None or now >= ends_at

    def open_period(self, now: datetime, catalog: Catalog) -> None:
        """End a paid tier that is over; grant the month's lot when the last period has ended."""
        if not self.is_due(now):
            return
        if self.tier_until is not None:
            self._leave_membership(self.tier_until)
        if self.period_end is not None and now < self.period_end:
            return
        self.tier, self.next_tier = self.next_tier or self.tier, None
        period = period_at(
            now,
            timezone=self.billing_timezone,
            anchor_at=self.anchor_at,
            previous_end=self.period_end,
        )
        self.period_start, self.period_end = period.start, period.end
        self.add_lot(monthly_lot(self.user_id, catalog.tier(self.tier).monthly_credits, period))

    def _leave_membership(self, ended_at: datetime) -> None:
        """Back to free; a free month that was begun before the membership is not given a second time."""
        self.tier, self.next_tier, self.tier_until = FREE, None, None
        if self.free_until is not None and ended_at < self.free_until:
            self.period_start, self.period_end = ended_at, self.free_until
        else:
            self.period_end = ended_at

    def resets_at(self, now: datetime) -> datetime | None:
        """When there will be new credits; in a membership's grace, when the free tier begins."""
        if self.tier_until is not None and self.period_end is not None and self.period_end <= now:
            return self.tier_until
        return self.period_end

    def add_lot(self, lot: Lot) -> None:
        """Take a new lot in; a debt is filled from it first."""
        filled = min(self.debt_credits, lot.remaining)
        self.debt_credits -= filled
        lot.remaining -= filled
        if filled:
            self.debt_filled[lot.id] = filled
        self.lots.append(lot)
        self.lots.sort(key=Lot.burn_order)

    def take(self, amount_credits: int) -> list[tuple[Lot, int]]:
        """Take credits in burn order.

        Returns: (lot, credits taken from it), summing to `amount_credits`.
        Raises: InsufficientCreditsError; nothing was taken.
        """
        available = self.available_credits
        if available < amount_credits:
            raise InsufficientCreditsError(
                needed_credits=amount_credits,
                available_credits=available,
                next_reset_at=self.period_end,
            )
        return list(self._drain(amount_credits))

    def _drain(self, amount_credits: int) -> Iterable[tuple[Lot, int]]:
        for lot in self.lots:
            share = min(lot.remaining, amount_credits)
            if share:
                lot.remaining -= share
                lot.taken += share
                amount_credits -= share
                yield lot, share
            if not amount_credits:
                return


def monthly_lot(user_id: UUID, quantity: int, period: Period) -> Lot:
    """The lot of one period. Its key makes a second one impossible; its id follows from the key, so that
    a reader is shown the very lot that the first use will write.
    """
    key = f"monthly:{user_id}:{period.start.isoformat()}"
    return Lot(
        id=uuid5(LOT_NAMESPACE, key),
        source=LotSource.MONTHLY,
        source_key=key,
        quantity=quantity,
        remaining=quantity,
        priority=PRIORITIES[LotSource.MONTHLY],
        effective_at=period.start,
        expires_at=period.end,
        unit_price_minor=0,
        is_new=True,
    )
