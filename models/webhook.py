"""Where client back ends want to be told of things, and what they are told."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasCreatedAt, HasId
from models.columns import stored_enum


class EndpointState(StrEnum):
    ENABLED = "enabled"
    PAUSED = "paused"  # events are kept until it goes on
    DISABLED = "disabled"  # it said that it is gone (410): new events are not kept


class EndpointReason(StrEnum):
    """Why an endpoint is not enabled."""

    BY_OWNER = "by_owner"
    FAILED_FOR_A_DAY = "failed_for_a_day"
    GONE = "gone"


class DeliveryState(StrEnum):
    WAITING = "waiting"  # to be sent, for the first time or again
    DELIVERED = "delivered"


class WebhookEndpoint(HasId, HasCreatedAt, Base):
    """The row is the head of its own queue: whoever holds its lease sends its oldest waiting delivery.

    event_types: None means every type.
    secret, previous_secret: sealed; the previous one signs beside the new one until its time is over.
    last_position: of its deliveries; given out under this row's lock, so positions are in order of commits.
    next_attempt_at: None when nothing waits.
    lease_id: the fence: only the attempt that took the lease may say how it ended.
    failing_since, failures: the attempts that failed in a row.
    replay_key, rotation_key: of the last such request, so that a retry of it changes nothing.
    """

    __tablename__ = "webhook_endpoints"
    __table_args__ = (
        UniqueConstraint("owner_id", "idempotency_key"),
        CheckConstraint("(state = 'enabled') = (reason IS NULL)", name="reason_unless_enabled"),
        CheckConstraint("(lease_id IS NULL) = (lease_expires_at IS NULL)", name="lease_has_time"),
        CheckConstraint("(failures > 0) = (failing_since IS NOT NULL)", name="failing_since_first_failure"),
        CheckConstraint(
            "(previous_secret IS NULL) = (previous_secret_expires_at IS NULL)",
            name="previous_secret_has_time",
        ),
        Index(
            "ix_webhook_endpoints_due",
            "next_attempt_at",
            postgresql_where="state = 'enabled' AND next_attempt_at IS NOT NULL",
        ),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    idempotency_key: Mapped[str] = mapped_column(String(255))
    request_hash: Mapped[bytes]
    url: Mapped[str] = mapped_column(String(2000))
    event_types: Mapped[list[str] | None] = mapped_column(ARRAY(String(64)))
    state: Mapped[EndpointState] = mapped_column(
        stored_enum(EndpointState, "endpoint_state"), default=EndpointState.ENABLED
    )
    reason: Mapped[EndpointReason | None] = mapped_column(stored_enum(EndpointReason, "endpoint_reason"))
    secret: Mapped[bytes]
    previous_secret: Mapped[bytes | None]
    previous_secret_expires_at: Mapped[datetime | None]
    last_position: Mapped[int] = mapped_column(BigInteger, default=0)
    next_attempt_at: Mapped[datetime | None]
    lease_id: Mapped[UUID | None]
    lease_expires_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None]
    rotation_key: Mapped[str | None] = mapped_column(String(255))
    replay_key: Mapped[str | None] = mapped_column(String(255))
    replay_since: Mapped[datetime | None]
    replay_count: Mapped[int | None]


class WebhookDelivery(HasId, HasCreatedAt, Base):
    """One event for one endpoint. `body` is what is sent, byte for byte, however often.

    event_id: the receiver's `webhook-id`: the same for every attempt, and for every endpoint of the owner.
    answer_status: None when the last attempt got no answer. failure: why it failed.
    """

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "event_id"),
        UniqueConstraint("endpoint_id", "position"),
        CheckConstraint("(state = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_has_time"),
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        Index(
            "ix_webhook_deliveries_waiting", "endpoint_id", "position", postgresql_where="state = 'waiting'"
        ),
        Index("ix_webhook_deliveries_created_at", "created_at"),
    )

    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    event_id: Mapped[UUID]
    event_type: Mapped[str] = mapped_column(String(64))
    position: Mapped[int] = mapped_column(BigInteger)
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[DeliveryState] = mapped_column(
        stored_enum(DeliveryState, "delivery_state"), default=DeliveryState.WAITING
    )
    attempts: Mapped[int] = mapped_column(default=0)
    attempted_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    answer_status: Mapped[int | None] = mapped_column(SmallInteger)
    failure: Mapped[str | None] = mapped_column(String(32))
    replay_key: Mapped[str | None] = mapped_column(String(255))
