"""A photo that a user sent to be set into cards."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasCreatedAt, HasId


class Photo(HasId, HasCreatedAt, Base):
    """Our own re-encoded JPEG in the object store, never the file that was sent.

    request_hash: of the file that was sent, so that a retry is told from another photo.
    stored_at: None before the object is there, and again once it is about to go: such a photo does not exist
        for anybody but the keeper.
    expires_at: None when a work was made of it; it then stays until its owner deletes it.
    """

    __tablename__ = "photos"
    __table_args__ = (
        UniqueConstraint("owner_id", "idempotency_key"),
        CheckConstraint("width_px > 0 AND height_px > 0 AND size_bytes > 0", name="sizes_positive"),
        CheckConstraint("stored_at IS NOT NULL OR expires_at IS NOT NULL", name="expires_unless_stored"),
        Index("ix_photos_owner_id", "owner_id", "id"),
        Index("ix_photos_expires_at", "expires_at", postgresql_where="expires_at IS NOT NULL"),
    )

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    idempotency_key: Mapped[str] = mapped_column(String(255))
    request_hash: Mapped[bytes]
    object_key: Mapped[str] = mapped_column(String(300), unique=True)
    width_px: Mapped[int]
    height_px: Mapped[int]
    size_bytes: Mapped[int]
    sha256: Mapped[bytes]
    stored_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
