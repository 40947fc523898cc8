"""A batch: one card for each row of a list, quoted as a whole, held as a whole, ended row by row."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasCreatedAt, HasId, Json
from models.columns import stored_enum


class BatchState(StrEnum):
    QUOTED = "quoted"  # checked and priced; nothing held, nothing queued
    RUNNING = "running"  # one hold for all good rows, whose id is the batch's; a job for each of them
    DONE = "done"  # every job has ended and decided its share of the hold
    CANCELLED = "cancelled"  # likewise, or never started
    EXPIRED = "expired"  # the quote ran out; its rows are deleted


BATCH_ENDS: Final = frozenset({BatchState.DONE, BatchState.CANCELLED, BatchState.EXPIRED})
BATCH_TRANSITIONS: Final[Mapping[BatchState, frozenset[BatchState]]] = {
    BatchState.QUOTED: frozenset({BatchState.RUNNING, BatchState.CANCELLED, BatchState.EXPIRED}),
    BatchState.RUNNING: frozenset({BatchState.DONE, BatchState.CANCELLED}),
    **dict.fromkeys(BATCH_ENDS, frozenset()),
}


class ArchiveState(StrEnum):
    """The ZIP of a batch's works."""

    NONE = "none"  # not yet, or there is nothing to pack
    DUE = "due"  # the batch has ended; the keeper packs
    READY = "ready"
    FAILED = "failed"  # every attempt to pack failed


class Batch(HasId, HasCreatedAt, Base):
    """`price_credits` is rows_good x unit_price_credits, as quoted; `expires_at` ends the quote."""

    __tablename__ = "batches"
    __table_args__ = (
        UniqueConstraint("owner_id", "idempotency_key"),
        CheckConstraint("rows_good BETWEEN 0 AND rows_total", name="good_within_total"),
        CheckConstraint("price_credits = rows_good * unit_price_credits", name="price_is_of_good_rows"),
        CheckConstraint("state <> 'running' OR started_at IS NOT NULL", name="running_was_started"),
        CheckConstraint(
            "(state IN ('quoted', 'running')) = (finished_at IS NULL)", name="finished_when_ended"
        ),
        CheckConstraint("(archive_state = 'ready') = (object_key IS NOT NULL)", name="ready_has_object"),
        Index("ix_batches_owner_id", "owner_id", "id"),
        Index("ix_batches_quotes", "expires_at", postgresql_where="state = 'quoted'"),
        Index("ix_batches_archives", "archive_attempts", "id", postgresql_where="archive_state = 'due'"),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("credit_accounts.user_id", ondelete="RESTRICT"))
    idempotency_key: Mapped[str] = mapped_column(String(255))
    request_hash: Mapped[bytes]
    state: Mapped[BatchState] = mapped_column(
        stored_enum(BatchState, "batch_state"), default=BatchState.QUOTED
    )
    template: Mapped[Json]
    rows_total: Mapped[int]
    rows_good: Mapped[int]
    unit_price_credits: Mapped[int]
    price_credits: Mapped[int]
    start_key: Mapped[str | None] = mapped_column(String(255))
    expires_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    archive_state: Mapped[ArchiveState] = mapped_column(
        stored_enum(ArchiveState, "archive_state"), default=ArchiveState.NONE
    )
    archive_attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    object_key: Mapped[str | None] = mapped_column(String(300))
    archive_bytes: Mapped[int | None] = mapped_column(BigInteger)


class BatchRow(HasId, Base):
    """One row; its id becomes the id of its job. It is good and has a spec, or it has problems.

    position: counts rows from 1. line: where the row stands in what was sent, for people.
    problems: [{"code", "loc", "msg"}], never with what was sent.
    """

    __tablename__ = "batch_rows"
    __table_args__ = (
        UniqueConstraint("batch_id", "position"),
        CheckConstraint("(spec IS NULL) <> (problems IS NULL)", name="good_or_bad"),
    )

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"))
    position: Mapped[int]
    line: Mapped[int]
    spec: Mapped[Json | None] = mapped_column(JSONB(none_as_null=True))
    problems: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
