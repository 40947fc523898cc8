"""What others tell us: each message once, acted upon later."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasCreatedAt, HasId, Json
from models.columns import stored_enum


class InboxState(StrEnum):
    WAITING = "waiting"  # to be acted upon, for the first time or again
    HANDLED = "handled"
    IGNORED = "ignored"  # of no concern to us: a kind that we do not know, or not of ours
    DEAD = "dead"  # every attempt failed; an operator looks, and may replay


class InboxEvent(HasId, HasCreatedAt, Base):
    """`next_attempt_at` is also the claim: it moves ahead before anybody acts.

    object_id: what it is about, at its source. reason: why it was ignored, or failed last.
    envelope: what an operator may want to see; no personal data, so nothing here needs erasing.
    """

    __tablename__ = "inbox_events"
    __table_args__ = (
        UniqueConstraint("source", "external_id"),
        CheckConstraint("(state IN ('waiting')) = (next_attempt_at IS NOT NULL)", name="waiting_has_time"),
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        Index("ix_inbox_events_waiting", "next_attempt_at", postgresql_where="state = 'waiting'"),
        Index("ix_inbox_events_state", "state", "id"),
    )

    source: Mapped[str] = mapped_column(String(16))
    external_id: Mapped[str] = mapped_column(String(255))
    kind: Mapped[str] = mapped_column(String(100))
    subject: Mapped[str | None] = mapped_column(String(32))
    object_id: Mapped[str | None] = mapped_column(String(255))
    is_live: Mapped[bool]
    envelope: Mapped[Json]
    occurred_at: Mapped[datetime]
    state: Mapped[InboxState] = mapped_column(stored_enum(InboxState, "inbox_state"))
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    next_attempt_at: Mapped[datetime | None]
    handled_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(String(300))
