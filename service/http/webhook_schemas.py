"""Wire shapes of webhook endpoints and of what was sent to them."""

import json
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, model_validator

from models.webhook import DeliveryState, EndpointState, WebhookDelivery, WebhookEndpoint
from service import outbox
from service.http.auth import Body
from service.http.schemas import Moment, Page, Schema, example
from service.outbox.addresses import MAX_URL_CHARS
from service.outbox.events import EventType

TEXTS: Final[Mapping[str, Mapping[str, str]]] = tomllib.loads(
    Path(outbox.__path__[0], "failures.toml").read_text("utf-8")
)
ENDPOINT_EXAMPLE: Final[dict[str, Any]] = {
    "id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e1f",
    "url": "https://shop.example.com/huajian",
    "event_types": ["generation.succeeded", "generation.failed"],
    "state": "enabled",
    "reason": None,
    "failing_since": None,
    "next_attempt_at": None,
    "previous_secret_expires_at": None,
    "created_at": "2026-11-24T08:00:00.000Z",
}
SECRET_EXAMPLE: Final = "whsec_3q2+7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="  # noqa: S105
DELIVERY_EXAMPLE: Final[dict[str, Any]] = {
    "id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e2f",
    "event_id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e3f",
    "event_type": "generation.succeeded",
    "state": "waiting",
    "attempts": 2,
    "answer_status": 500,
    "failure": {"code": "status", "text": TEXTS["status"]["en"]},
    "payload": {
        "type": "generation.succeeded",
        "timestamp": "2026-11-24T08:00:00.000Z",
        "data": {
            "generation_id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e4f",
            "kind": "card",
            "work_id": "0199c3f2-b7a0-7c4e-8d1f-6a5b4c3d2e5f",
            "batch_id": None,
        },
    },
    "created_at": "2026-11-24T08:00:00.000Z",
    "attempted_at": "2026-11-24T08:00:05.000Z",
    "delivered_at": None,
}

Url = Annotated[
    str,
    Field(min_length=1, max_length=MAX_URL_CHARS, description="https://, on port 443 or 8443."),
]
EventTypes = Annotated[
    list[EventType],
    Field(min_length=1, max_length=len(EventType), description="Null: every type, also those yet to come."),
]
EARLIEST: Final = datetime(2020, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)


class EndpointCreate(Body):
    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"url": ENDPOINT_EXAMPLE["url"], "event_types": ENDPOINT_EXAMPLE["event_types"]}]
        },
    )

    url: Url
    event_types: EventTypes | None = None


class EndpointUpdate(Body):
    """What is left out stays as it is."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"state": "paused"}]})

    url: Url | None = None
    event_types: EventTypes | None = None
    state: Annotated[
        EndpointState | None,
        Field(description="`paused` keeps events; `enabled` sends what was kept. Not `disabled`."),
    ] = None

    @model_validator(mode="after")
    def _leaves_disabling_to_the_endpoint(self) -> Self:
        if self.state is EndpointState.DISABLED:
            raise ValueError("pause the endpoint, or delete it")
        return self


class ReplayCreate(Body):
    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"since": "2026-11-24T08:00:00Z"}]}
    )

    since: Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST, description="When the events happened.")]


class Explanation(Schema):
    code: str
    text: str = Field(description="In the language of Accept-Language.")


class EndpointRead(Schema):
    model_config = example(ENDPOINT_EXAMPLE)

    id: UUID
    url: str
    event_types: list[str] | None
    state: EndpointState
    reason: Explanation | None = Field(
        description="Why it is not enabled: by_owner, failed_for_a_day or gone."
    )
    failing_since: Moment | None = Field(description="Of the failures in a row; after a day it is paused.")
    next_attempt_at: Moment | None = Field(description="Null when nothing waits.")
    previous_secret_expires_at: Moment | None = Field(description="Until when the old secret signs too.")
    created_at: Moment


class EndpointCreated(EndpointRead):
    model_config = example({**ENDPOINT_EXAMPLE, "secret": SECRET_EXAMPLE})

    secret: str | None = Field(description="Shown once: keep it. Null in a late answer to a retry.")


class EndpointPage(Page):
    items: list[EndpointRead]


class SecretRead(Schema):
    model_config = example(
        {"secret": SECRET_EXAMPLE, "previous_secret_expires_at": "2026-11-25T08:00:00.000Z"}
    )

    secret: str
    previous_secret_expires_at: Moment | None


class DeliveryRead(Schema):
    model_config = example(DELIVERY_EXAMPLE)

    id: UUID
    event_id: UUID = Field(description="The `webhook-id`: the same for every attempt.")
    event_type: str
    state: DeliveryState
    attempts: int
    answer_status: int | None = Field(description="Of the last attempt; null when there was no answer.")
    failure: Explanation | None = Field(description="Why the last attempt failed.")
    payload: dict[str, Any] = Field(description="What is sent.")
    created_at: Moment
    attempted_at: Moment | None
    delivered_at: Moment | None


class DeliveryPage(Page):
    items: list[DeliveryRead]


class ReplayRead(Schema):
    model_config = example({"replayed": 42})

    replayed: int = Field(description="How many wait to be sent again; at most 10000 at once, oldest first.")


def read_endpoint(endpoint: WebhookEndpoint, language: str) -> EndpointRead:
    """What its owner sees; never the secret."""
    return EndpointRead(
        id=endpoint.id,
        url=endpoint.url,
        event_types=endpoint.event_types,
        state=endpoint.state,
        reason=_explain(endpoint.reason, language),
        failing_since=endpoint.failing_since,
        next_attempt_at=endpoint.next_attempt_at if endpoint.state is EndpointState.ENABLED else None,
        previous_secret_expires_at=endpoint.previous_secret_expires_at,
        created_at=endpoint.created_at,
    )


def read_delivery(delivery: WebhookDelivery, language: str) -> DeliveryRead:
    return DeliveryRead(
        id=delivery.id,
        event_id=delivery.event_id,
        event_type=delivery.event_type,
        state=delivery.state,
        attempts=delivery.attempts,
        answer_status=delivery.answer_status,
        failure=_explain(delivery.failure, language),
        payload=json.loads(delivery.body),
        created_at=delivery.created_at,
        attempted_at=delivery.attempted_at,
        delivered_at=delivery.delivered_at,
    )


def _explain(code: str | None, language: str) -> Explanation | None:
    return None if code is None else Explanation(code=str(code), text=TEXTS[code][language])
