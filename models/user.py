"""Who acts. A user row holds no personal data: contacts and passwords hang off it and can be erased."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasCreatedAt, HasId
from models.columns import stored_enum


class Role(StrEnum):
    USER = "user"
    REVIEWER = "reviewer"
    FINANCE = "finance"
    OPERATOR = "operator"


class User(HasId, HasCreatedAt, Base):
    """`closed_at` is final: identity rows are erased with it, the ledger keeps the bare id."""

    __tablename__ = "users"
    __table_args__ = (
        Index(
            "ix_users_to_erase", "closed_at", postgresql_where="closed_at IS NOT NULL AND erased_at IS NULL"
        ),
    )

    role: Mapped[Role] = mapped_column(stored_enum(Role, "role"), default=Role.USER)
    locale: Mapped[str] = mapped_column(String(8))
    closed_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]  # when the works of a closed account were gone too


class Device(HasId, HasCreatedAt, Base):
    """A device that signed in as a guest. Only a keyed hash of what the client sent is kept."""

    __tablename__ = "devices"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    device_hash: Mapped[bytes] = mapped_column(unique=True)


class Password(HasCreatedAt, Base):
    """An Argon2id hash; no row means the user signs in by device or not at all."""

    __tablename__ = "passwords"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    password_hash: Mapped[str] = mapped_column(String(255))


class Channel(StrEnum):
    EMAIL = "email"


class Contact(HasId, HasCreatedAt, Base):
    """A way to reach a user. Unique once verified, so nobody can squat an address they do not own."""

    __tablename__ = "contacts"
    __table_args__ = (
        Index(
            "uq_contacts_verified",
            "channel",
            "canonical_address",
            unique=True,
            postgresql_where="verified_at IS NOT NULL",
        ),
        UniqueConstraint("user_id", "channel", "canonical_address"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    channel: Mapped[Channel] = mapped_column(stored_enum(Channel, "channel"))
    address: Mapped[str] = mapped_column(String(320))
    canonical_address: Mapped[str] = mapped_column(String(320))
    verified_at: Mapped[datetime | None]
    code_purpose: Mapped[str | None] = mapped_column(String(16))
    code_hash: Mapped[bytes | None]
    code_expires_at: Mapped[datetime | None]
    code_attempts: Mapped[int] = mapped_column(default=0)


class RefreshToken(HasId, HasCreatedAt, Base):
    """One link of a rotating chain; reuse of a spent link outside the grace revokes its family."""

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index("ix_refresh_tokens_expires_at", "expires_at"),)

    family_id: Mapped[UUID] = mapped_column(index=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
