"""Write into the outbox that an order was paid, or that money of it went back, beside the change itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from billing.memberships.reckoning import pays_for_use
from models.letter import LetterKind
from models.order import ItemKind, Order, ReturnReason
from service.letters import queries as letters
from service.outbox import queries as outbox
from service.outbox.events import EventType

# Paragraphs of the confirmation, beside what was bought for how much.
TERMS: Final[Mapping[ItemKind, tuple[str, ...]]] = {
    ItemKind.PACK: (),
    ItemKind.MEMBERSHIP: ("renews", "withdrawal"),
    ItemKind.MONTHS: ("ends_by_itself", "withdrawal"),
    ItemKind.CERTIFICATION: (),
}
# What they are where nothing is kept for use, as earlier wordings of the consent promised.
WHOLE: Final[Mapping[str, str]] = {"withdrawal": "withdrawal_whole"}


@dataclass(frozen=True, slots=True)
class OrderMoney:
    """What of an order's money is where, at one moment.

    is_placed: by its buyer; a later month is charged by itself. return_reason: why we give the money back.
    kept_minor: of a withdrawn purchase, the price of what was used. pays_for_use: it was agreed to keep that.
    """

    id: UUID
    owner_id: UUID
    item: str
    credits: int
    state: str
    currency: str
    amount_minor: int
    refunded_minor: int
    paid_at: datetime | None
    is_placed: bool
    return_reason: ReturnReason | None
    kept_minor: int
    pays_for_use: bool
    consent_version: str | None
    base_url: str

    @classmethod
    def of(cls, order: Order) -> Self:
        return cls(
            id=order.id,
            owner_id=order.owner_id,
            item=order.item,
            credits=order.credits,
            state=order.state.value,
            currency=order.currency,
            amount_minor=order.amount_minor,
            refunded_minor=order.refunded_minor,
            paid_at=order.paid_at,
            is_placed=order.checkout_id is None or not order.checkout_id.startswith("invoice:"),
            return_reason=order.return_reason,
            kept_minor=order.kept_minor,
            pays_for_use=pays_for_use(order),
            consent_version=order.consent_version,
            base_url=order.base_url,
        )

    @property
    def kind(self) -> ItemKind:
        return ItemKind(self.item.partition(":")[0])

    @property
    def is_paid(self) -> bool:
        return self.paid_at is not None


async def tell_order_moved(
    session: AsyncSession, after: OrderMoney, before: OrderMoney | None, *, now: datetime
) -> None:
    """Tell of what has become different in this transaction. The last thing that it locks."""
    data = {
        "order_id": after.id,
        "item": after.item,
        "credits": after.credits,
        "state": after.state,
        "currency": after.currency,
        "amount_minor": after.amount_minor,
        "refunded_minor": after.refunded_minor,
        "kept_minor": after.kept_minor,
    }
    if after.is_paid and not (before is not None and before.is_paid):
        await _confirm(session, after, now)
        await outbox.append(session, after.owner_id, EventType.ORDER_PAID, data, now=now)
    if after.refunded_minor > (0 if before is None else before.refunded_minor):
        await _explain_return(session, after, now)
        await outbox.append(session, after.owner_id, EventType.ORDER_REFUNDED, data, now=now)


async def _confirm(session: AsyncSession, order: OrderMoney, now: datetime) -> None:
    """What was bought and agreed to, for the buyer to keep (EU 2011/83, article 8(7))."""
    if not order.is_placed or order.return_reason is not None:
        return
    facts = {
        **_facts(order, order.amount_minor, order.paid_at or now),
        "consent": order.consent_version,
        "terms": [WHOLE.get(name, name) if not order.pays_for_use else name for name in TERMS[order.kind]],
    }
    await letters.write_once(
        session, order.owner_id, LetterKind.ORDER_CONFIRMED, str(order.id), facts, now=now
    )


async def _explain_return(session: AsyncSession, order: OrderMoney, now: datetime) -> None:
    """That the money went back and why, such as on a withdrawal (EU 2023/2673, article 11a(4))."""
    if order.return_reason is None:
        return
    facts = {**_facts(order, order.refunded_minor, now), "terms": [_why(order, order.return_reason)]}
    await letters.write_once(
        session, order.owner_id, LetterKind.ORDER_RETURNED, str(order.id), facts, now=now
    )


def _why(order: OrderMoney, reason: ReturnReason) -> str:
    is_part = reason is ReturnReason.WITHDRAWN and order.kept_minor > 0
    return "returned_withdrawn_part" if is_part else f"returned_{reason}"


def _facts(order: OrderMoney, price_minor: int, at: datetime) -> dict[str, object]:
    """What letters about an order tell."""
    is_membership = order.kind in (ItemKind.MEMBERSHIP, ItemKind.MONTHS)
    return {
        "item": order.item,
        "order": str(order.id),
        "currency": order.currency,
        "price_minor": price_minor,
        "kept_minor": order.kept_minor,
        "at": at.isoformat(),
        "base_url": order.base_url,
        **({"tier": order.item.split(":")[1]} if is_membership else {}),
    }
