"""A job: the row is the queue entry. Its states say what they mean for credits and machines."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasCreatedAt, HasId, Json
from models.columns import stored_enum


class JobState(StrEnum):
    QUEUED = "queued"  # credits held, waiting for a worker
    RUNNING = "running"  # leased by one worker until lease_expires_at
    SUCCEEDED = "succeeded"  # work stored, hold settled
    REJECTED = "rejected"  # moderation refused the output; hold released, or kept when repeated
    FAILED = "failed"  # attempts spent or never possible; hold released
    CANCELLED = "cancelled"  # hold released, or kept when half of the steps were done


ENDS: Final = frozenset({JobState.SUCCEEDED, JobState.REJECTED, JobState.FAILED, JobState.CANCELLED})
TRANSITIONS: Final[Mapping[JobState, frozenset[JobState]]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING, JobState.CANCELLED, JobState.FAILED}),  # waited too long
    JobState.RUNNING: ENDS | {JobState.QUEUED},  # QUEUED again is a retry after a lost lease
    **dict.fromkeys(ENDS, frozenset()),
}


class Generation(HasId, HasCreatedAt, Base):
    """`attempts` is also the fence: a worker may only end the attempt that it claimed.

    batch_id: the batch whose row this is; its credits are then a share of the batch's hold, and it does not
        count as in flight.
    """

    __tablename__ = "generations"
    __table_args__ = (
        UniqueConstraint("owner_id", "idempotency_key"),
        CheckConstraint("price_credits > 0", name="price_positive"),
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        CheckConstraint("(state = 'running') = (lease_expires_at IS NOT NULL)", name="leased_when_running"),
        CheckConstraint(
            "(state IN ('queued', 'running')) = (finished_at IS NULL)", name="finished_when_ended"
        ),
        # With the kind: jobs that a worker does not make are passed over without a look at their rows.
        Index("ix_generations_queue", "fair_time", "id", "kind", postgresql_where="state = 'queued'"),
        Index("ix_generations_batches", "batch_key", "fair_time", "id", postgresql_where="state = 'queued'"),
        Index("ix_generations_leases", "lease_expires_at", postgresql_where="state = 'running'"),
        Index("ix_generations_owner_id", "owner_id", "id"),
        Index("ix_generations_batch_id", "batch_id", postgresql_where="batch_id IS NOT NULL"),
        Index(
            "ix_generations_live_rows",
            "owner_id",
            postgresql_where="batch_id IS NOT NULL AND state IN ('queued', 'running')",
        ),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("credit_accounts.user_id", ondelete="RESTRICT"))
    idempotency_key: Mapped[str] = mapped_column(String(255))
    request_hash: Mapped[bytes]
    kind: Mapped[str] = mapped_column(String(32))
    spec: Mapped[Json]
    tier: Mapped[str] = mapped_column(String(32))
    batch_key: Mapped[str] = mapped_column(String(120))
    batch_id: Mapped[UUID | None] = mapped_column(ForeignKey("batches.id", ondelete="RESTRICT"))
    price_credits: Mapped[int]
    state: Mapped[JobState] = mapped_column(stored_enum(JobState, "job_state"), default=JobState.QUEUED)
    fair_time: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    leased_by: Mapped[UUID | None]
    lease_expires_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    problem: Mapped[Json | None]
