"""A user's request for a copy of their data, built by the keeper."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, HasCreatedAt, HasId
from models.columns import stored_enum


class ExportState(StrEnum):
    REQUESTED = "requested"
    READY = "ready"
    FAILED = "failed"
    EXPIRED = "expired"


class DataExport(HasId, HasCreatedAt, Base):
    """One open request per user at a time."""

    __tablename__ = "data_exports"
    __table_args__ = (
        Index("uq_data_exports_open", "user_id", unique=True, postgresql_where="state = 'requested'"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    state: Mapped[ExportState] = mapped_column(
        stored_enum(ExportState, "export_state"), default=ExportState.REQUESTED
    )
    object_key: Mapped[str | None] = mapped_column(String(300))
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
