"""The `webhooks` of the OpenAPI document: what receivers get, as the outbox writes it."""

from collections.abc import Mapping
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import Field
from pydantic.json_schema import models_json_schema

from models.batch import BatchState
from models.membership import MembershipEnd, MembershipState
from models.order import OrderState
from models.referral import LinkState
from service.http.schemas import Moment, Schema, example
from service.http.webhook_schemas import DELIVERY_EXAMPLE
from service.outbox.events import TEST_EVENT, EventType


class GenerationEnded(Schema):
    generation_id: UUID
    kind: str
    work_id: UUID | None = Field(description="Only of one that succeeded.")
    batch_id: UUID | None = Field(description="The batch whose row it is.")


class BatchFinished(Schema):
    batch_id: UUID
    state: BatchState = Field(description="done or cancelled.")


class OrderMoved(Schema):
    order_id: UUID
    item: str
    credits: int
    state: OrderState = Field(description="When it happened; ask for the order to know how it stands now.")
    currency: str
    amount_minor: int
    refunded_minor: int = Field(description="Of all refunds so far.")
    kept_minor: int = Field(description="Of a purchase that was taken back: the price of what was used.")


class MembershipMoved(Schema):
    membership_id: UUID
    tier: str = Field(description="What is paid for.")
    state: MembershipState = Field(description="active, past_due, unpaid or ended.")
    paid_until: Moment
    cancels_at_period_end: bool = Field(description="It will not renew.")
    scheduled_tier: str | None = Field(description="What the next period will be, when it is another.")
    grace_ends_at: Moment | None = Field(description="Until when an unpaid renewal leaves the tier.")
    end_reason: MembershipEnd | None


class UnlockLinkMoved(Schema):
    unlock_link_id: UUID
    state: LinkState = Field(description="`rewarded`: the goal was met and the credits are there.")
    goal: int
    progress: int = Field(description="It can shrink: helps that were not real are taken out.")
    missing: int
    reward_credits: int


class TestRequested(Schema):
    endpoint_id: UUID


class GenerationEvent(Schema):
    model_config = example(DELIVERY_EXAMPLE["payload"])

    type: Literal[
        EventType.GENERATION_SUCCEEDED,
        EventType.GENERATION_FAILED,
        EventType.GENERATION_REJECTED,
        EventType.GENERATION_CANCELLED,
    ]
    timestamp: Moment
    data: GenerationEnded


class BatchEvent(Schema):
    type: Literal[EventType.BATCH_FINISHED]
    timestamp: Moment
    data: BatchFinished


class OrderEvent(Schema):
    type: Literal[EventType.ORDER_PAID, EventType.ORDER_REFUNDED]
    timestamp: Moment
    data: OrderMoved


class MembershipEvent(Schema):
    type: Literal[
        EventType.MEMBERSHIP_STARTED,
        EventType.MEMBERSHIP_CHANGED,
        EventType.MEMBERSHIP_PAST_DUE,
        EventType.MEMBERSHIP_ENDED,
    ]
    timestamp: Moment
    data: MembershipMoved


class UnlockLinkEvent(Schema):
    type: Literal[EventType.UNLOCK_LINK_PROGRESS, EventType.UNLOCK_LINK_REWARDED]
    timestamp: Moment
    data: UnlockLinkMoved


class TestSentEvent(Schema):
    type: Literal["webhook.test"]
    timestamp: Moment
    data: TestRequested


SHAPES: Final[Mapping[str, tuple[type[Schema], str]]] = {
    EventType.GENERATION_SUCCEEDED: (GenerationEvent, "A work was made."),
    EventType.GENERATION_FAILED: (GenerationEvent, "It could not be made; the credits were returned."),
    EventType.GENERATION_REJECTED: (GenerationEvent, "Moderation refused the result."),
    EventType.GENERATION_CANCELLED: (GenerationEvent, "It was stopped by its owner."),
    EventType.BATCH_FINISHED: (BatchEvent, "The last row of a batch has ended."),
    EventType.ORDER_PAID: (OrderEvent, "An order was paid; its credits are there."),
    EventType.ORDER_REFUNDED: (OrderEvent, "Money of an order went back."),
    EventType.MEMBERSHIP_STARTED: (MembershipEvent, "A membership was paid for the first time, or again."),
    EventType.MEMBERSHIP_CHANGED: (MembershipEvent, "Its tier, its renewal or its standing changed."),
    EventType.MEMBERSHIP_PAST_DUE: (MembershipEvent, "A renewal was not paid; the tier stays for now."),
    EventType.MEMBERSHIP_ENDED: (MembershipEvent, "It is over."),
    EventType.UNLOCK_LINK_PROGRESS: (UnlockLinkEvent, "Friends have helped, or a help was taken back."),
    EventType.UNLOCK_LINK_REWARDED: (UnlockLinkEvent, "An unlock link met its goal."),
    TEST_EVENT: (TestSentEvent, "The owner asked for it."),
}
HEADERS: Final[Mapping[str, str]] = {
    "webhook-id": "The same for every attempt: what was seen before is a repeat.",
    "webhook-timestamp": "Unix seconds of this attempt; refuse what is minutes away.",
    "webhook-signature": "`v1,` and the base64 of HMAC-SHA256 over `id.timestamp.body`; during a rotation "
    "several, with spaces between.",
}


def describe() -> tuple[dict[str, Any], dict[str, Any]]:
    """The `webhooks` section and the schemas that it needs."""
    shapes = {shape for shape, _ in SHAPES.values()}
    _, definitions = models_json_schema(
        [(shape, "serialization") for shape in sorted(shapes, key=lambda shape: shape.__name__)],
        ref_template="#/components/schemas/{model}",
    )
    sections = {name: {"post": _operation(name, shape, text)} for name, (shape, text) in SHAPES.items()}
    return sections, definitions["$defs"]


def _operation(name: str, shape: type[Schema], text: str) -> dict[str, Any]:
    parameters = [
        {"name": header, "in": "header", "required": True, "schema": {"type": "string"}, "description": said}
        for header, said in HEADERS.items()
    ]
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{shape.__name__}"}}}
    return {
        "tags": ["webhooks"],
        "summary": str(name),
        "description": text,
        "operationId": str(name).replace(".", "_"),
        "parameters": parameters,
        "requestBody": {"required": True, "content": content},
        "responses": {
            "2XX": {"description": "Taken. Anything else is tried again for a day."},
            "410": {"description": "Gone: nothing more is sent."},
        },
    }
