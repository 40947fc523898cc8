"""Certificates of works: who paid, what was certified, where in the log it stands, what became of it."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, HasCreatedAt, HasId
from models.columns import stored_enum
from models.transparency import LogLeaf


class CertificateState(StrEnum):
    ORDERED = "ordered"  # held or paid; the work is to be sealed
    LOGGED = "logged"  # sealed, spent for good, in the log; its place there is to be signed
    ISSUED = "issued"  # signed
    REVOKED = "revoked"  # signed once, and a later leaf takes it back
    FAILED = "failed"  # could not be made; the hold was released, money waits for its refund


CERTIFICATE_TRANSITIONS: Final[Mapping[CertificateState, frozenset[CertificateState]]] = {
    CertificateState.ORDERED: frozenset({CertificateState.LOGGED, CertificateState.FAILED}),
    CertificateState.LOGGED: frozenset({CertificateState.ISSUED}),
    CertificateState.ISSUED: frozenset({CertificateState.REVOKED}),
    CertificateState.REVOKED: frozenset(),
    CertificateState.FAILED: frozenset(),
}


class Payment(StrEnum):
    CREDITS = "credits"  # a hold with the certificate's id
    MONEY = "money"  # an order


class Certificate(HasId, HasCreatedAt, Base):
    """One per work, by constraint. `number` is public, printed, and cannot be guessed.

    owner_id, work_id, title, salt: what links it to a person; None once that person's data were erased.
    salt: of the present owner's commitment, which after a transfer is in that one's leaf.
    commitment: SHA-256 over salt, first owner and title; what the log holds in their place.
    content_sha256: of the work's sealed original; manifest_sha256: of the C2PA manifest in it.
    statement: canonical JSON, as signed. leaf_id: its leaf.
    mining: what the owner lets others do with the work, as its files say; a value of MiningChoice.
    shows_work: the owner lets the public page show title and picture.
    attempts, next_attempt_at: of making it; the time is a lease while somebody is at it.
    """

    __tablename__ = "certificates"
    __table_args__ = (
        UniqueConstraint("owner_id", "idempotency_key"),
        Index(
            "uq_certificates_work_id",
            "work_id",
            unique=True,
            postgresql_where="state <> 'failed'",
        ),
        CheckConstraint("(paid_with = 'money') = (order_id IS NOT NULL)", name="money_has_order"),
        CheckConstraint(
            "(state IN ('logged', 'issued', 'revoked')) = (leaf_id IS NOT NULL)", name="logged_has_leaf"
        ),
        CheckConstraint("(leaf_id IS NULL) = (content_sha256 IS NULL)", name="leaf_has_content"),
        CheckConstraint("(leaf_id IS NULL) = (commitment IS NULL)", name="leaf_has_commitment"),
        CheckConstraint(
            "(state IN ('issued', 'revoked')) = (statement IS NOT NULL)", name="issued_has_statement"
        ),
        CheckConstraint("(statement IS NULL) = (signature IS NULL)", name="statement_is_signed"),
        CheckConstraint("(statement IS NULL) = (issued_at IS NULL)", name="issued_has_time"),
        CheckConstraint("(state = 'revoked') = (revoked_at IS NOT NULL)", name="revoked_has_time"),
        CheckConstraint(
            "erased_at IS NULL OR (owner_id IS NULL AND work_id IS NULL AND salt IS NULL AND title IS NULL)",
            name="erased_names_nobody",
        ),
        Index("ix_certificates_owner_id", "owner_id", "id"),
        Index("ix_certificates_due", "next_attempt_at", postgresql_where="state IN ('ordered', 'logged')"),
    )

    number: Mapped[str] = mapped_column(String(20), unique=True)
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    work_id: Mapped[UUID | None] = mapped_column(ForeignKey("works.id", ondelete="RESTRICT"))
    idempotency_key: Mapped[str] = mapped_column(String(255))
    state: Mapped[CertificateState] = mapped_column(
        stored_enum(CertificateState, "certificate_state"), default=CertificateState.ORDERED
    )
    paid_with: Mapped[Payment] = mapped_column(stored_enum(Payment, "certificate_payment"))
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("orders.id", ondelete="RESTRICT"), unique=True)
    kind: Mapped[str] = mapped_column(String(32))
    language: Mapped[str] = mapped_column(String(8))
    title: Mapped[str | None] = mapped_column(String(200))
    mining: Mapped[str] = mapped_column(String(16))
    shows_work: Mapped[bool] = mapped_column(default=False)
    salt: Mapped[bytes | None]
    commitment: Mapped[bytes | None]
    content_sha256: Mapped[bytes | None]
    manifest_sha256: Mapped[bytes | None]
    leaf_id: Mapped[int | None] = mapped_column(ForeignKey("log_leaves.id", ondelete="RESTRICT"), unique=True)
    statement: Mapped[bytes | None]
    signature: Mapped[bytes | None]
    key_id: Mapped[str | None] = mapped_column(String(16))
    issued_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    next_attempt_at: Mapped[datetime]

    leaf: Mapped[LogLeaf | None] = relationship(lazy="raise")


class ChangeKind(StrEnum):
    TRANSFER = "transfer"
    REVOCATION = "revocation"


class CertificateChange(HasId, HasCreatedAt, Base):
    """What happened to a certificate after it was issued: a leaf each, never an edit.

    salt: of the new owner's commitment, for the last transfer; None for the rest and after an erasure.
    reason: a code, for a revocation.
    """

    __tablename__ = "certificate_changes"
    __table_args__ = (
        CheckConstraint("(kind = 'revocation') = (reason IS NOT NULL)", name="revocation_has_reason"),
        Index(
            "uq_certificate_changes_revocation",
            "certificate_id",
            unique=True,
            postgresql_where="kind = 'revocation'",
        ),
        UniqueConstraint("certificate_id", "idempotency_key"),
    )

    certificate_id: Mapped[UUID] = mapped_column(ForeignKey("certificates.id", ondelete="RESTRICT"))
    idempotency_key: Mapped[str] = mapped_column(String(255))
    kind: Mapped[ChangeKind] = mapped_column(stored_enum(ChangeKind, "certificate_change_kind"))
    reason: Mapped[str | None] = mapped_column(String(32))
    salt: Mapped[bytes | None]
    leaf_id: Mapped[int] = mapped_column(ForeignKey("log_leaves.id", ondelete="RESTRICT"), unique=True)

    leaf: Mapped[LogLeaf] = relationship(lazy="raise")
