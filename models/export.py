"""Exports of certified works: files that never change, and agreements on files without a visible label."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, HasCreatedAt, HasId
from models.certificate import Certificate
from models.columns import stored_enum
from models.transparency import LogLeaf


class WorkExportState(StrEnum):
    QUEUED = "queued"  # to be made, or being made until next_attempt_at
    READY = "ready"  # stored, hashed, in the log
    FAILED = "failed"  # every attempt failed; asking again tries again


class WorkExport(HasId, HasCreatedAt, Base):
    """One file of a certified work in one format and size: made once, the same bytes ever after.

    is_labelled: whether the visible label stands in it; the implicit one always does.
    progress_percent: of making it. failure: a code.
    leaf_id: the leaf that holds its hash; for the original, the certificate's own.
    """

    __tablename__ = "work_exports"
    __table_args__ = (
        UniqueConstraint("certificate_id", "format", "size", "is_labelled"),
        CheckConstraint("(state = 'ready') = (object_key IS NOT NULL)", name="ready_has_object"),
        CheckConstraint(
            "(state = 'ready') = (sha256 IS NOT NULL AND size_bytes IS NOT NULL AND leaf_id IS NOT NULL)",
            name="ready_is_logged",
        ),
        CheckConstraint("(state = 'failed') = (failure IS NOT NULL)", name="failed_has_reason"),
        CheckConstraint("progress_percent BETWEEN 0 AND 100", name="progress_is_percent"),
        Index("ix_work_exports_due", "next_attempt_at", postgresql_where="state = 'queued'"),
        Index("ix_work_exports_sha256", "sha256", postgresql_where="sha256 IS NOT NULL"),
        Index(
            "ix_work_exports_manifest_sha256",
            "manifest_sha256",
            postgresql_where="manifest_sha256 IS NOT NULL",
        ),
    )

    certificate_id: Mapped[UUID] = mapped_column(ForeignKey("certificates.id", ondelete="RESTRICT"))
    format: Mapped[str] = mapped_column(String(16))
    size: Mapped[str] = mapped_column(String(16))
    is_labelled: Mapped[bool] = mapped_column(default=True)
    state: Mapped[WorkExportState] = mapped_column(
        stored_enum(WorkExportState, "work_export_state"), default=WorkExportState.QUEUED
    )
    progress_percent: Mapped[int] = mapped_column(SmallInteger, default=0)
    failure: Mapped[str | None] = mapped_column(String(32))
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    next_attempt_at: Mapped[datetime]
    media_type: Mapped[str | None] = mapped_column(String(64))
    width_px: Mapped[int | None]
    height_px: Mapped[int | None]
    size_bytes: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[bytes | None]
    manifest_sha256: Mapped[bytes | None]
    object_key: Mapped[str | None] = mapped_column(String(300), unique=True)
    leaf_id: Mapped[int | None] = mapped_column(ForeignKey("log_leaves.id", ondelete="RESTRICT"))
    finished_at: Mapped[datetime | None]

    certificate: Mapped[Certificate] = relationship(lazy="raise")
    leaf: Mapped[LogLeaf | None] = relationship(lazy="raise")


class UnlabelledAgreement(HasId, HasCreatedAt, Base):
    """A user took on the duty to label a file that leaves without a visible label, and that file's log.

    Kept for the time that the law asks, also when account and file are erased: it holds bare ids, no name.
    Append-only by trigger until `keep_until`.

    terms_version, terms_sha256: what exactly was agreed to.
    Source: Measures for labelling AI-generated content, article 9: logs of at least six months.
    """

    __tablename__ = "unlabelled_agreements"
    __table_args__ = (
        UniqueConstraint("user_id", "idempotency_key"),
        CheckConstraint("keep_until >= created_at + interval '183 days'", name="kept_for_six_months"),
        Index("ix_unlabelled_agreements_export_id", "export_id"),
        Index("ix_unlabelled_agreements_keep_until", "keep_until"),
    )

    user_id: Mapped[UUID]
    idempotency_key: Mapped[str] = mapped_column(String(255))
    export_id: Mapped[UUID]
    terms_version: Mapped[str] = mapped_column(String(16))
    terms_sha256: Mapped[bytes]
    language: Mapped[str] = mapped_column(String(8))
    keep_until: Mapped[datetime]
