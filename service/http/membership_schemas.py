"""Wire shapes of one's own membership."""

from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field

from models.membership import MembershipEnd, PeriodKind
from service.http.auth import Body
from service.http.offers import Money
from service.http.schemas import Moment, Schema, example

Tier = Annotated[str, Field(pattern="^[a-z]{1,32}$", description="As in the catalogue.")]
PRICE: Final = {"currency": "USD", "amount_minor": 399, "text": "$3.99"}
WITHDRAWAL_EXAMPLE: Final[dict[str, Any]] = {
    "order_id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f",
    "name": "Gold membership",
    "is_whole": True,
    "until": "2026-12-12T08:00:00.000Z",
    "refund": {"currency": "USD", "amount_minor": 90, "text": "$0.90"},
    "kept": {"currency": "USD", "amount_minor": 59, "text": "$0.59"},
    "parts": [
        {
            "order_id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f",
            "kind": "month",
            "name": "Gold",
            "price": {"currency": "USD", "amount_minor": 149, "text": "$1.49"},
            "is_use_paid": True,
            "used_credits": 12,
            "all_credits": 30,
            "used_days": 3,
            "all_days": 30,
            "kept": {"currency": "USD", "amount_minor": 59, "text": "$0.59"},
            "refund": {"currency": "USD", "amount_minor": 90, "text": "$0.90"},
        }
    ],
}
MEMBERSHIP_EXAMPLE: Final[dict[str, Any]] = {
    "has_membership": True,
    "has_first_month": False,
    "is_test": False,
    "state": "active",
    "tier": "gold",
    "name": "Gold",
    "monthly_credits": 30,
    "renews": True,
    "renews_soon": False,
    "cancels_at_period_end": False,
    "is_change_pending": False,
    "is_withdrawn": False,
    "started_at": "2026-11-28T08:00:00.000Z",
    "paid_until": "2026-12-28T08:00:00.000Z",
    "grace_ends_at": None,
    "ended_at": None,
    "end_reason": None,
    "next_charge": {"at": "2026-12-28T08:00:00.000Z", "price": PRICE},
    "scheduled": None,
    "payments": [
        {
            "order_id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f",
            "kind": "month",
            "tier": "gold",
            "name": "Gold",
            "starts_at": "2026-11-28T08:00:00.000Z",
            "ends_at": "2026-12-28T08:00:00.000Z",
            "price": {"currency": "USD", "amount_minor": 149, "text": "$1.49"},
            "refunded": None,
            "kept": None,
        }
    ],
    "withdrawal": WITHDRAWAL_EXAMPLE,
    "withdrawals": [WITHDRAWAL_EXAMPLE],
    "can": ["change", "cancel", "portal", "withdraw"],
}
CHANGE_EXAMPLE: Final[dict[str, Any]] = {
    "tier": "studio",
    "name": "Studio",
    "is_upgrade": True,
    "due_now": {"currency": "USD", "amount_minor": 350, "text": "$3.50"},
    "credits_now": 70,
    "monthly_credits": 100,
    "then": {"currency": "USD", "amount_minor": 1099, "text": "$10.99"},
    "renews_at": "2026-12-28T08:00:00.000Z",
    "at": "2026-12-08T08:00:00.000Z",
}

Act = Literal["change", "cancel", "resume", "portal", "months", "withdraw"]


class NextCharge(Schema):
    at: Moment
    price: Money


class ScheduledTier(Schema):
    tier: str
    name: str


class PaymentRead(Schema):
    order_id: UUID | None
    kind: PeriodKind = Field(
        description="month; upgrade: a higher tier for the rest of one; prepaid: months in advance."
    )
    tier: str
    name: str
    starts_at: Moment
    ends_at: Moment
    price: Money | None
    refunded: Money | None
    kept: Money | None = Field(
        description="Of a purchase that was taken back: the price of what was used; 0 where all goes back."
    )


class WithdrawalPart(Schema):
    """One payment that would go back. What is kept of it is the larger of two shares of its price, rounded
    down: of its credits that were used (spent, or held by jobs), and of its whole days that are over.
    """

    order_id: UUID
    kind: PeriodKind
    name: str = Field(description="Of the tier.")
    price: Money
    is_use_paid: bool = Field(
        description="false: under an earlier consent, nothing is kept, and used credits are owed instead."
    )
    used_credits: int
    all_credits: int = Field(description="All that it brings, also in months to come.")
    used_days: int
    all_days: int
    kept: Money
    refund: Money


class WithdrawalRead(Schema):
    """What taking the purchase back would do now. Show both amounts before it is confirmed."""

    order_id: UUID
    name: str
    is_whole: bool = Field(
        description="Everything goes back and it ends; false: months that were added later, the others stay."
    )
    until: Moment = Field(description="Until when this purchase can be taken back without a reason.")
    refund: Money = Field(description="What goes back, in all; send its `amount_minor` with the withdrawal.")
    kept: Money = Field(description="What stays paid, because it was used.")
    parts: list[WithdrawalPart] = Field(description="Payment by payment, newest first.")


class MembershipRead(Schema):
    model_config = example(MEMBERSHIP_EXAMPLE)

    has_membership: bool = Field(description="Whether there is one that has not ended.")
    has_first_month: bool = Field(description="Whether a membership would begin at the first month's price.")
    is_test: bool = Field(description="No real money.")
    state: Literal["none", "active", "past_due", "unpaid", "ended"] = Field(
        description="past_due: a renewal was not paid, the tier stays until `grace_ends_at`; unpaid: the "
        "grace is over, and the tier comes back with the money; ended: what there was last."
    )
    tier: str = Field(description="What is or was paid for; free where there is none.")
    name: str
    monthly_credits: int
    renews: bool = Field(description="Whether it will be charged again by itself.")
    renews_soon: bool = Field(description="Whether its renewal is so near that a notice is due.")
    cancels_at_period_end: bool
    is_change_pending: bool = Field(description="An upgrade waits for its payment: ask again.")
    is_withdrawn: bool = Field(description="What was taken back has ended, and its money is on its way.")
    started_at: Moment | None
    paid_until: Moment | None
    grace_ends_at: Moment | None
    ended_at: Moment | None
    end_reason: MembershipEnd | None
    next_charge: NextCharge | None
    scheduled: ScheduledTier | None = Field(description="The tier of the next period, when it is another.")
    payments: list[PaymentRead] = Field(description="What was paid for, newest first, at most 24.")
    withdrawal: WithdrawalRead | None = Field(
        description="The first of `withdrawals`; null where there is none."
    )
    withdrawals: list[WithdrawalRead] = Field(
        description="What can be taken back: the membership, and months in advance that were added later."
    )
    can: list[Act] = Field(description="What can be asked for now.")


class ChangeRead(Schema):
    """What a change of tier would mean. Nothing has changed yet."""

    model_config = example(CHANGE_EXAMPLE)

    tier: str
    name: str
    is_upgrade: bool = Field(
        description="An upgrade is paid and comes at once; else it waits for the period's end."
    )
    due_now: Money
    credits_now: int = Field(description="What an upgrade adds at once.")
    monthly_credits: int
    then: Money = Field(description="Each month, from `renews_at` on.")
    renews_at: Moment
    at: Moment = Field(description="Send it back with the change: the price was reckoned for this moment.")


class ChangeCreate(Body):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"tier": "studio", "at": CHANGE_EXAMPLE["at"]}]},
    )

    tier: Tier
    at: Annotated[AwareDatetime, Field(description="Of the preview that was agreed to; at most an hour old.")]


class WithdrawalCreate(Body):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"order_id": WITHDRAWAL_EXAMPLE["order_id"], "refund_minor": 90}]},
    )

    order_id: UUID
    refund_minor: Annotated[
        int | None,
        Field(
            ge=0,
            le=2**53,
            description="The `withdrawal.refund.amount_minor` that the person was shown: where another "
            "amount would go back now, nothing is done. Without it, what is right at this moment goes back.",
        ),
    ] = None


class PortalRead(Schema):
    model_config = example({"url": "https://billing.stripe.com/p/session/…"})

    url: str = Field(description="Works for a short while, for whoever holds it: go there at once.")
