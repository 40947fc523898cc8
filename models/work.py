"""What a generation made, and its files in the object store."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, HasCreatedAt, HasId, Json


class Work(HasId, HasCreatedAt, Base):
    """Unique by generation: one job can never end in two works.

    provenance: {"backend", "model", "revision", "seed", "ai", "source_type"}.
    details: what a kind adds, such as the rhyme check of lyrics.
    """

    __tablename__ = "works"
    __table_args__ = (Index("ix_works_owner_id", "owner_id", "id"),)

    owner_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="RESTRICT"))
    generation_id: Mapped[UUID] = mapped_column(
        ForeignKey("generations.id", ondelete="RESTRICT"), unique=True
    )
    kind: Mapped[str] = mapped_column(String(32))
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(8))
    provenance: Mapped[Json]
    details: Mapped[Json]
    erased_at: Mapped[datetime | None]

    files: Mapped[list["WorkFile"]] = relationship(
        back_populates="work", lazy="raise", order_by="WorkFile.role"
    )


class WorkFile(HasId, HasCreatedAt, Base):
    """One stored object. `object_key` is ours and never leaves; clients get signed URLs."""

    __tablename__ = "work_files"
    __table_args__ = (UniqueConstraint("work_id", "role"),)

    work_id: Mapped[UUID] = mapped_column(ForeignKey("works.id", ondelete="CASCADE"))
    role: Mapped[str] = mapped_column(String(32))
    media_type: Mapped[str] = mapped_column(String(64))
    width_px: Mapped[int | None]
    height_px: Mapped[int | None]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[bytes]
    object_key: Mapped[str] = mapped_column(String(300), unique=True)

    work: Mapped[Work] = relationship(back_populates="files", lazy="raise")
