"""Money that moved at a payment channel, as it reports it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that moved on our balance at the channel, in the currency of that balance; negative left it.

    fee_minor: what the channel keeps for it, on top.
    """

    id: str
    amount_minor: int
    fee_minor: int
    currency: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Charge:
    """`movement` None: it has not reached our balance yet."""

    id: str
    created_at: datetime
    movement: Movement | None
