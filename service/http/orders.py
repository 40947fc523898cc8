"""`/v1/orders`: what I bought, and what became of it."""

from typing import Final
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field

from billing.errors import OrderNotFoundError
from billing.orders import queries as orders
from models.order import ItemKind, Order, OrderState, ReturnReason
from service.dependencies import App, CurrentUser, Cursor, Language, Limit, Reading
from service.http.offers import Money, money
from service.http.problems import documented
from service.http.schemas import Moment, Page, Schema, example
from service.items import item_name
from service.wiring import Services

PATH: Final = "/v1/orders"
LIST: Final = "orders"

router = APIRouter(tags=["payments"])


class OrderRead(Schema):
    model_config = example(
        {
            "id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f",
            "item": "pack:small",
            "kind": "pack",
            "name": "Small pack",
            "credits": 10,
            "state": "pending",
            "price": {"currency": "CNY", "amount_minor": 1200, "text": "CN¥12.00"},
            "refunded": None,
            "kept": None,
            "checkout_url": "https://checkout.stripe.com/c/pay/cs_live_…",
            "is_test": False,
            "created_at": "2026-11-24T08:00:00.000Z",
            "expires_at": "2026-11-25T07:00:00.000Z",
            "paid_at": None,
            "subject_id": None,
            "return_reason": None,
        }
    )

    id: UUID
    item: str
    kind: ItemKind = Field(description="What the item's name begins with.")
    name: str
    credits: int = Field(description="Of a pack; 0 of anything else.")
    state: OrderState = Field(
        description="created, pending, paid, expired, failed, refunded or disputed. Credits are there from "
        "paid on; while disputed they are frozen."
    )
    price: Money
    refunded: Money | None = Field(description="How much of it went back.")
    kept: Money | None = Field(
        description="Of a purchase that was taken back: the price of what was used; 0 where all goes back."
    )
    checkout_url: str | None = Field(
        description="Where it can still be paid; null while the money is under way, and in the end."
    )
    is_test: bool = Field(description="No real money.")
    created_at: Moment
    expires_at: Moment = Field(description="Until when it can be paid.")
    paid_at: Moment | None
    subject_id: UUID | None = Field(description="The work that is certified.")
    return_reason: ReturnReason | None = Field(
        description="Why we give the money back, when we do so ourselves."
    )


class OrderPage(Page):
    items: list[OrderRead]


@router.get(PATH, responses=documented(400, 401, 422, 429))
async def list_orders(
    services: App,
    session: Reading,
    user: CurrentUser,
    language: Language,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> OrderPage:
    """My orders, newest first."""
    before_id = UUID(services.cursors.open(LIST, cursor)) if cursor else None
    found = await orders.list_orders(session, user.user_id, before_id=before_id, limit=limit)
    return OrderPage(
        items=[read_order(services, order, language) for order in found],
        next_cursor=services.cursors.seal(LIST, str(found[-1].id)) if len(found) == limit else None,
    )


@router.get(PATH + "/{order_id}", responses=documented(401, 404, 422, 429))
async def get_order(
    order_id: UUID, services: App, session: Reading, user: CurrentUser, language: Language
) -> OrderRead:
    """One of my orders; ask again until it is no longer created or pending."""
    order = await orders.find_own(session, order_id, user.user_id)
    if order is None:
        raise OrderNotFoundError("There is no such order.")
    return read_order(services, order, language)


def read_order(services: Services, order: Order, language: str) -> OrderRead:
    """What its owner sees. Past its time it has no page to pay at, also before the channel says so."""
    is_payable = order.state is OrderState.PENDING and services.clock() < order.expires_at
    return OrderRead(
        id=order.id,
        item=order.item,
        kind=order.kind,
        name=item_name(services.catalog, order.item, language),
        credits=order.credits,
        state=order.state,
        price=money(order.amount_minor, order.currency, language),
        refunded=money(order.refunded_minor, order.currency, language) if order.refunded_minor else None,
        kept=kept(order, language),
        checkout_url=order.checkout_url if is_payable else None,
        is_test=order.is_test,
        created_at=order.created_at,
        expires_at=order.expires_at,
        paid_at=order.paid_at,
        subject_id=order.subject_id,
        return_reason=order.return_reason,
    )


def kept(order: Order, language: str) -> Money | None:
    """What stays paid of a purchase that was taken back; None of any other."""
    if order.return_reason is not ReturnReason.WITHDRAWN:
        return None
    return money(order.kept_minor, order.currency, language)
