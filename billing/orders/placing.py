"""Place an order: the row first, then a checkout for it. Dying in between leaves a row for a retry."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from billing import queries as credits
from billing.errors import AccountClosedError, OrderKeyReusedError, OrderOverError
from billing.memberships.joining import require_may_join
from billing.orders import queries
from billing.orders.errors import TooManyOrdersError
from billing.orders.terms import Terms
from billing.payments import CheckoutRequest, PaymentChannel
from billing.stripe_catalog import price_of
from core.database import Sessions
from core.ids import new_id
from models.order import ItemKind, Order, OrderState

PAYABLE: Final = timedelta(hours=23)  # Stripe allows 24 hours, and forgets idempotency keys after them
LEAST_TIME: Final = timedelta(minutes=40)  # Stripe opens no checkout for less than 30 minutes
MOST_OPEN: Final = 20


@dataclass(frozen=True, slots=True)
class OrderWish:
    """What a buyer asks for.

    key: of the request. base_url: where they come back to.
    subject_id: the work that is to be certified; for a certification only, and always.
    consent_version: the text in which the buyer asked for immediate supply.
    """

    terms: Terms
    owner_id: UUID
    key: str
    language: str
    base_url: str
    subject_id: UUID | None = None
    consent_version: str | None = None


async def place_order(
    sessions: Sessions, channel: PaymentChannel, wish: OrderWish, *, now: datetime
) -> tuple[Order, bool]:
    """The order of this key, with a checkout opened for it, and whether it was there before.

    Opens its own transactions, because none may be open while the channel is asked.

    Raises: OrderKeyReusedError, OrderOverError, TooManyOrdersError, AlreadyMemberError, AccountClosedError,
        PaymentsAwayError, NotOnSaleError. After the latter two the order stays, and the same key goes on
        from there.
    """
    order, is_replay = await _write_down(sessions, channel, wish, now)
    if order.state is not OrderState.CREATED:
        return order, is_replay
    is_other_channel = (order.channel, order.is_test) != (channel.name, channel.is_test)
    if is_other_channel or now > order.expires_at - LEAST_TIME:
        raise OrderOverError("This order was never opened and is too old; place a new one.")
    opened = await channel.open_checkout(_request(order))
    async with sessions.begin() as session:
        noted = await queries.note_checkout(session, order.id, opened)
        return noted or await _get(sessions, order.id), is_replay


async def _write_down(
    sessions: Sessions, channel: PaymentChannel, wish: OrderWish, now: datetime
) -> tuple[Order, bool]:
    terms = wish.terms
    values = {
        "id": new_id(),
        "owner_id": wish.owner_id,
        "idempotency_key": wish.key,
        "item": terms.item,
        "credits": terms.credits,
        "days": terms.days,
        "subject_id": wish.subject_id,
        "is_first_month": terms.is_first_month,
        "consent_version": wish.consent_version,
        "amount_minor": terms.amount_minor,
        "currency": terms.currency,
        "price_key": terms.price_key,
        "language": wish.language,
        "base_url": wish.base_url,
        "channel": channel.name,
        "is_test": channel.is_test,
        "state": OrderState.CREATED,
        "expires_at": now + PAYABLE,
        "created_at": now,
    }
    async with sessions.begin() as session:
        if await credits.is_closed(session, wish.owner_id):
            raise AccountClosedError("This account is closed.")
        order, is_replay = await queries.insert_once(session, values)
        asked = (terms.item, terms.currency, wish.subject_id)
        if is_replay and (order.item, order.currency, order.subject_id) != asked:
            raise OrderKeyReusedError("This key was used for an order of something else.")
        if not is_replay and await queries.count_open(session, wish.owner_id, now) > MOST_OPEN:
            raise TooManyOrdersError(f"{MOST_OPEN} orders wait to be paid; pay one of them.")
        if not is_replay and order.kind in (ItemKind.MEMBERSHIP, ItemKind.MONTHS):
            await require_may_join(session, wish.owner_id, terms.item)
        return order, is_replay


def _request(order: Order) -> CheckoutRequest:
    """From the row alone: a retry must ask for exactly the same."""
    return CheckoutRequest(
        order_id=order.id,
        key=f"order:{order.id}:v1",
        price_key=order.price_key,
        price_minor=price_of(order.price_key),
        amount_minor=order.amount_minor,
        renews=order.kind is ItemKind.MEMBERSHIP,
        currency=order.currency,
        language=order.language,
        success_url=f"{order.base_url}/orders/{order.id}",
        cancel_url=f"{order.base_url}/plans",
        expires_at=order.expires_at,
    )


async def _get(sessions: Sessions, order_id: UUID) -> Order:
    async with sessions() as session:
        return await session.get_one(Order, order_id)
